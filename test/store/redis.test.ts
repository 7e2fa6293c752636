/** What is peculiar to a store in Redis: others write to it too, and it may be away for a while. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StoredEvent } from "../../src/store/event.ts";
import { openStore } from "../../src/store/open.ts";
import { noRedis, RedisServer } from "../support/redis.ts";
import { behavesAsStore } from "./conformance.ts";

let server: RedisServer;
let prefixes = 0;
const open = (prefix: string, most = 100) => openStore(server.address(prefix), { most });
const next = () => `shop${prefixes++}`;

const eventsOf = (user: string, count: number): StoredEvent[] =>
  Array.from({ length: count }, (_, i) => ({ id: `id-${user}-${i}`, user, time: 1000 * i, item: `item-${user}-${i}` }));

describe.skipIf(noRedis !== undefined)(`redis://${noRedis ? ` (skipped: ${noRedis})` : ""}`, () => {
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server?.remove());

  let prefix = "";
  behavesAsStore(
    {
      fresh: (most) => {
        prefix = next();
        return open(prefix, most);
      },
      again: (most) => open(prefix, most),
    },
    5,
  );

  it("is written to by several at once, and loses nothing", async () => {
    const name = next();
    const stores = await Promise.all([open(name), open(name), open(name)]);
    const events = eventsOf("u", 90);
    const added = await Promise.all(events.map((event, i) => stores[i % 3].append([event, events[(i * 7) % 90]])));
    expect(added.reduce((sum, one) => sum + one.added, 0)).toBe(90);
    expect(await stores[0].history("u", { most: 100 })).toEqual(events);
    expect(await stores[1].size()).toEqual({ users: 1, events: 90 });
    await Promise.all(stores.map((store) => store.close()));
  });

  it("is away for a while: errors say so, and it is back by itself with all that was acknowledged", async () => {
    const store = await open(next());
    await store.append(eventsOf("before", 3));
    await server.stop();
    const calls = [
      store.append(eventsOf("lost", 1)),
      store.history("before", { most: 9 }),
      store.check(),
      store.size(),
    ];
    for (const call of calls) {
      await expect(call).rejects.toMatchObject({ code: "store.unavailable" });
      await expect(call).rejects.toThrow(
        /^the store in redis:\/\/\.\.\. cannot be used: there is no connection to it \(/,
      );
    }
    await server.start();
    while (
      !(await store.check().then(
        () => true,
        () => false,
      ))
    )
      await setTimeout(20);
    expect(await store.history("before", { most: 9 })).toEqual(eventsOf("before", 3));
    expect(await store.append(eventsOf("before", 4))).toEqual({ added: 1, known: 3, dropped: 0 });
    await store.close();
  });

  it("keeps nothing of an erased user on its disk when it was compacted", async () => {
    const store = await open(next());
    for (const user of ["user7", "user8"]) await store.append(eventsOf(user, 5));
    await store.erase("user7");
    const bytes = () =>
      readdirSync(server.folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))
        .join("\n");
    expect(bytes()).toContain("item-user7");
    await store.compact();
    expect(bytes()).not.toContain("user7");
    expect(bytes()).toContain("user8");
    await store.close();
  });

  it("has a reason where it cannot be opened, and no password in it", async () => {
    const name = next();
    const refused = async (url: string, mustExist = false) =>
      await openStore(url, { most: 1, mustExist }).then(
        () => "opened",
        (error: Error) => error.message,
      );
    expect(await refused(server.address(name), true)).toBe(
      `redis://... holds no store: there is no key ${name}:format`,
    );
    expect(await refused(server.address(name, "secret"))).toMatch(/answers WRONGPASS/);
    expect(await refused("redis://:secret@127.0.0.1:1")).toMatch(/there is no connection to it \(ECONNREFUSED\)$/);
    expect(await refused("redis://secret@:x:y")).toBe(
      "no store is called redis://...: expected redis://[:PASSWORD@]HOST:PORT[/DATABASE]",
    );
    await server.run("SET", `${name}:format`, "dien-store 2");
    expect(await refused(server.address(name))).toContain("expected format 1, found 2");
    await server.run("SET", `${name}:format`, "something");
    expect(await refused(server.address(name))).toContain(`the key ${name}:format is of something else`);
  });

  it("refuses a record that is not as it was written", async () => {
    const name = next();
    const store = await open(name);
    await store.append(eventsOf("u", 1));
    await server.run("SET", `${name}:user:u`, "1 [[");
    await expect(store.history("u", { most: 1 })).rejects.toMatchObject({ code: "store.damaged" });
    await server.run("DEL", `${name}:user:u`);
    await server.run("SADD", `${name}:user:u`, "x");
    await expect(store.append(eventsOf("u", 1))).rejects.toMatchObject({ code: "store.damaged" });
    await store.close();
  });
});
