/** What is peculiar to a store on the disk: who may open it, what is left in its files, what of damage is found. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { UserError } from "../../src/errors/failure.ts";
import type { StoredEvent } from "../../src/store/event.ts";
import { openStore } from "../../src/store/open.ts";
import type { BehaviourStore } from "../../src/store/store.ts";
import { canMount, SmallDisk } from "../chaos/small-disk.ts";
import { behavesAsStore } from "./conformance.ts";

const scratch = mkdtempSync(join(tmpdir(), "dien-store-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let folders = 0;
const nextFolder = () => join(scratch, String(folders++));
const open = (folder: string, most = 100) => openStore(`file:${folder}`, { most });

describe("file:", () => {
  let folder = "";
  behavesAsStore(
    {
      fresh: (most) => {
        folder = nextFolder();
        return open(folder, most);
      },
      again: (most) => open(folder, most),
    },
    5,
  );
});

const eventsOf = (user: string, count: number): StoredEvent[] =>
  Array.from({ length: count }, (_, i) => ({ id: `id-${user}-${i}`, user, time: 1000 * i, item: `item-${user}-${i}` }));

/** All bytes of all files below a folder. */
function bytesIn(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.name} ${readFileSync(join(entry.parentPath, entry.name), "latin1")}`)
    .join("\n");
}

it("leaves nothing of an erased user on the disk when it was compacted", async () => {
  const folder = nextFolder();
  const store = await open(folder);
  for (let i = 0; i < 30; i++) await store.append(eventsOf(`user${i}`, 20));
  await store.close();
  const again = await open(folder);
  await again.append([{ ...eventsOf("user7", 1)[0], id: "id-user7-late", time: 99, item: "item-user7-late" }]);
  expect(await again.erase("user7")).toBe(21);
  expect(bytesIn(folder)).toContain("user7");
  await again.compact();
  const bytes = bytesIn(folder);
  for (const trace of ["user7", "id-user7", "item-user7"]) expect(bytes).not.toContain(trace);
  // Nothing is hidden by compression: others are found.
  expect(bytes).toContain("user8");
  expect(bytes).toContain("item-user29-19");
  expect(await again.history("user7", { most: 9 })).toEqual([]);
  expect((await again.history("user8", { most: 100 })).length).toBe(20);
  expect(await again.size()).toMatchObject({ users: 29, events: 580 });
  await again.close();
  const reopened = await open(folder);
  expect(bytesIn(folder)).not.toContain("user7");
  await reopened.close();
});

it("is read while it is compacted, and takes what is written meanwhile", async () => {
  const folder = nextFolder();
  const store = await open(folder);
  for (let i = 0; i < 40; i++) await store.append(eventsOf(`user${i}`, 50));
  const compacting = store.compact();
  const reading = (async () => {
    for (let i = 0; i < 400; i++) expect((await store.history(`user${i % 40}`, { most: 50 })).length).toBe(50);
  })();
  const writing = Promise.all(Array.from({ length: 20 }, (_, i) => store.append(eventsOf(`late${i}`, 3))));
  await Promise.all([compacting, reading, writing]);
  expect(await store.size()).toMatchObject({ users: 60, events: 2060 });
  await store.close();
});

it("is one process's, and one opening's", async () => {
  const folder = nextFolder();
  const store = await open(folder);
  await expect(open(folder)).rejects.toMatchObject({ code: "store.in-use" });
  await expect(open(folder)).rejects.toThrow(`is used by process ${process.pid} on `);
  await store.append(eventsOf("a", 1));
  await store.close();
  expect(readdirSync(folder)).toEqual(["data"]);
  await (await open(folder)).close();
});

it("is not made where something else is, nor where it must exist", async () => {
  const folder = nextFolder();
  mkdirSync(folder);
  writeFileSync(join(folder, "notes.txt"), "mine");
  await expect(open(folder)).rejects.toThrow(`${folder} holds no store: there is notes.txt in it`);
  expect(readdirSync(folder)).toEqual(["notes.txt"]);
  const absent = nextFolder();
  const options = { most: 1, mustExist: true };
  await expect(openStore(`file:${absent}`, options)).rejects.toMatchObject({ code: "store.absent" });
  expect(existsSync(absent)).toBe(false);
  mkdirSync(absent);
  await expect(openStore(`file:${absent}`, options)).rejects.toMatchObject({ code: "store.absent" });
  await expect(open(join(folder, "notes.txt"))).rejects.toBeInstanceOf(UserError);
});

it("is not looked for in what is no database, where nothing is left", async () => {
  const foreign = nextFolder();
  mkdirSync(join(foreign, "data"), { recursive: true });
  writeFileSync(join(foreign, "data", "train.parquet"), "mine");
  const file = nextFolder();
  mkdirSync(file);
  writeFileSync(join(file, "data"), "mine");
  for (const folder of [foreign, file]) {
    for (const mustExist of [true, false]) {
      await expect(openStore(`file:${folder}`, { most: 1, mustExist })).rejects.toThrow(
        `${folder} holds no store: its data is no database`,
      );
    }
    await expect(openStore(`file:${folder}`, { most: 1, rehearsal: true })).rejects.toMatchObject({
      code: "store.absent",
    });
    expect(readdirSync(folder)).toEqual(["data"]);
  }
  expect(readdirSync(join(foreign, "data"))).toEqual(["train.parquet"]);
});

it("is not made in a rehearsal, which refuses what could not be made", async () => {
  const absent = join(nextFolder(), "in", "it");
  const rehearsed = await openStore(`file:${absent}`, { most: 9, rehearsal: true });
  expect(await rehearsed.size()).toMatchObject({ users: 0 });
  await rehearsed.close();
  expect(existsSync(join(absent, "..", ".."))).toBe(false);
  const folder = nextFolder();
  const store = await open(folder);
  await store.append(eventsOf("a", 2));
  await store.close();
  const again = await openStore(`file:${folder}`, { most: 9, rehearsal: true });
  expect(await again.size()).toMatchObject({ users: 1, events: 2 });
  await again.close();
  const file = nextFolder();
  writeFileSync(file, "mine");
  await expect(openStore(`file:${join(file, "store")}`, { most: 9, rehearsal: true })).rejects.toBeInstanceOf(
    UserError,
  );
});

it.skipIf(process.platform === "win32")("is for nobody else to read", async () => {
  const folder = nextFolder();
  await (await open(folder)).close();
  expect(statSync(join(folder, "data")).mode & 0o777).toBe(0o700);
  const store = await open(folder);
  await store.compact();
  await store.close();
  expect(statSync(join(folder, "data")).mode & 0o777).toBe(0o700);
});

it("refuses a store of another version, and one that says nothing of itself", async () => {
  for (const [head, code] of [
    ['{"format":"dien-store","version":2}', "store.other-version"],
    ['{"format":"other"}', "store.damaged"],
    ["{", "store.damaged"],
  ] as const) {
    const folder = nextFolder();
    await (await open(folder)).close();
    const level = new ClassicLevel(join(folder, "data"));
    await level.put("!", head, { sync: true });
    await level.close();
    await expect(open(folder)).rejects.toMatchObject({ code });
    await expect(open(folder)).rejects.toMatchObject({ code });
  }
});

it.skipIf(!canMount())("says that its disk is full, and goes on when there is room again", async () => {
  const folder = nextFolder();
  mkdirSync(folder);
  const disk = new SmallDisk(folder, 600);
  try {
    const store = await open(join(folder, "store"), 1000);
    const kept: string[] = [];
    let failed: unknown;
    for (let i = 0; i < 400 && failed === undefined; i++) {
      await store.append(eventsOf(`user${i}`, 50)).then(
        () => kept.push(`user${i}`),
        (error: unknown) => {
          failed = error;
        },
      );
    }
    expect(failed).toMatchObject({ code: "store.disk-full" });
    expect(kept.length).toBeGreaterThan(10);
    expect((await store.history(kept[3], { most: 99 })).length).toBe(50);
    disk.grow();
    expect(await store.append(eventsOf("late", 50))).toMatchObject({ added: 50 });
    await store.check();
    await store.close();
    const again = await open(join(folder, "store"), 1000);
    for (const user of [...kept, "late"]) expect((await again.history(user, { most: 99 })).length).toBe(50);
    await again.close();
  } finally {
    disk.remove();
  }
});

describe("a damaged store", () => {
  const whole = nextFolder();
  const made = (async () => {
    const store = await open(whole);
    for (let i = 0; i < 20; i++) await store.append(eventsOf(`user${i}`, 10));
    await store.compact();
    for (let i = 20; i < 30; i++) await store.append(eventsOf(`user${i}`, 10));
    await store.close();
  })();
  const contents = async (store: BehaviourStore) => {
    let text = "";
    for await (const events of store.all()) text += JSON.stringify(events);
    return text;
  };

  it("is refused with a reason, now and later, or is whole", async () => {
    await made;
    const store = await open(whole);
    const expected = await contents(store);
    await store.close();
    const files = readdirSync(join(whole, "data")).filter((name) => statSync(join(whole, "data", name)).size > 0);
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), fc.nat(), fc.integer({ min: 1, max: 255 }), async (name, at, by) => {
        const copy = nextFolder();
        cpSync(whole, copy, { recursive: true });
        const path = join(copy, "data", name);
        const bytes = readFileSync(path);
        bytes[at % bytes.length] ^= by;
        writeFileSync(path, bytes);
        for (const attempt of [1, 2]) {
          const opened = await open(copy).catch((error: unknown) => error);
          if (opened instanceof Error) {
            expect(opened, `${name} ${attempt}`).toBeInstanceOf(UserError);
            refused++;
          } else {
            expect(attempt === 1 || refused % 2 === 0).toBe(true);
            expect(await contents(opened as BehaviourStore)).toBe(expected);
            await (opened as BehaviourStore).close();
          }
        }
        rmSync(copy, { recursive: true });
      }),
      { numRuns: 16 },
    );
    expect(refused).toBeGreaterThan(3);
  });

  it.each(["CURRENT", "MANIFEST", "ldb"])("lacks its file %s", async (kind) => {
    await made;
    const copy = nextFolder();
    cpSync(whole, copy, { recursive: true });
    const name = readdirSync(join(copy, "data")).find((name) => name.includes(kind))!;
    rmSync(join(copy, "data", name));
    const error = await open(copy).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "store.damaged" });
    // What a client or a log is told has no folders of the machine but the store's own.
    expect(String(error).replaceAll(copy, "")).not.toMatch(/[/\\]/);
  });
});
