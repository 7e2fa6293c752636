/** Records in a real Postgres server, and users who are taken out of them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadRecords } from "../../../src/ab/load/postgres.ts";
import { eraseUser } from "../../../src/ab/records/erase.ts";
import { openRecords } from "../../../src/ab/records/open.ts";
import type { Records } from "../../../src/ab/records/records.ts";
import { noPostgres, PostgresServer } from "../../support/postgres.ts";
import { clicked, rowsIn, START, shown } from "../records/support.ts";

const root = mkdtempSync(join(tmpdir(), "dien-load-"));
const folder = join(root, "records");
const open = () => openRecords(folder, { window: 3_600_000, clock: () => START });

describe.skipIf(noPostgres !== undefined)(`records in Postgres${noPostgres ? ` (${noPostgres})` : ""}`, () => {
  let server: PostgresServer;
  let records: Records;
  beforeAll(async () => {
    server = await PostgresServer.start();
    records = await open();
    await records.expose(shown("r1", 1));
    await records.rotate();
    await records.expose(shown("r2", 2).map((row) => ({ ...row, item: 'a "b",\nc', propensity: null, request: "{}" })));
    await records.outcome([clicked("o1", "r1.1", 1), { ...clicked("o2", "r9.1", 1), value: null }]);
  });
  afterAll(async () => {
    await records.close();
    await server.stop();
    rmSync(root, { recursive: true, force: true });
  });
  const load = (to = server.address({})) => loadRecords({ exposures: [folder], outcomes: [folder] }, to);
  const asked = async (sql: string) => {
    const client = new pg.Client(server.address({}));
    await client.connect();
    // The server has another one, and another zone: what is loaded must not depend on that.
    await client.query("SET DateStyle TO 'ISO'");
    const { rows } = await client.query(sql);
    await client.end();
    return rows;
  };

  it("are what they are in the files, and are there once however often they are loaded", async () => {
    const name = `postgres://127.0.0.1:${server.port}/postgres`;
    expect(await load()).toMatchObject({
      ...{ name, added: { exposures: 4, outcomes: 2 }, known: { exposures: 0, outcomes: 0 } },
      read: { unreadable: { exposures: 0, outcomes: 0 } },
    });
    const time = (moment: number) => new Date(moment);
    expect(await asked("SELECT * FROM dien_exposures ORDER BY id")).toMatchObject([
      { id: "r1.1", user: "u1", first: true, time: time(START), fields: { city: "Köln", age: ["20", "30"] } },
      { id: "r1.2", item: 'item "1"', probability: 0.125, propensity: 1, position: 2, request: null },
      { id: "r2.1", item: 'a "b",\nc', propensity: null, request: "{}" },
      { id: "r2.2" },
    ]);
    expect(await asked("SELECT * FROM dien_outcomes ORDER BY id")).toMatchObject([
      { id: "o1", arm: "dien", attributed: true, value: 0.5, time: time(START + 1000) },
      { id: "o2", arm: null, attributed: false, value: null },
    ]);
    await records.outcome([clicked("o3", "r2.1", 2)]);
    expect(await load()).toMatchObject({
      ...{ added: { exposures: 0, outcomes: 1 }, known: { exposures: 4, outcomes: 2 } },
    });
    expect(await asked("SELECT count(*)::int AS n FROM dien_outcomes")).toEqual([{ n: 3 }]);
  });

  it("are refused whole, without the password, where the server or the address cannot be used", async () => {
    await asked("ALTER TABLE dien_outcomes ADD CHECK (id <> 'o4')");
    await records.expose(shown("r5", 5));
    await records.outcome([clicked("o4", "r5.1", 5)]);
    await expect(load()).rejects.toThrow(
      /^cannot write to postgres:\/\/127\.0\.0\.1:\d+\/postgres: .*check constraint/,
    );
    expect(await asked("SELECT count(*)::int AS n FROM dien_exposures")).toEqual([{ n: 4 }]);
    await expect(load(server.address({}, "wrong"))).rejects.toThrow(/refuses this user with this password$/);
    await expect(load("mysql://u:secret@h/d")).rejects.toThrow(/^the database: expected postgres:/);
    await expect(load("postgres://u:secret@h:x/d")).rejects.toThrow(/^postgres:\/\/\.\.\.: expected postgres:/);
  });
});

describe("a user who is taken out of records", () => {
  it("is named nowhere any more; all else is as it was", async () => {
    const own = join(root, "own");
    const openOwn = () => openRecords(own, { window: 3_600_000, clock: () => START });
    const records = await openOwn();
    await records.expose(shown("r1", 1));
    await records.rotate();
    await records.expose(shown("r2", 2));
    await records.expose(shown("r3", 1));
    await records.outcome([clicked("o1", "r1.1", 1), clicked("o2", "r2.1", 2)]);
    await expect(eraseUser(own, "u1")).rejects.toThrow(/is used by process/);
    await records.close();
    const before = await rowsIn(own);
    expect(await eraseUser(own, "u1")).toEqual({ exposures: 4, outcomes: 1 });
    const after = await rowsIn(own);
    const name = after.exposures[0].user as string;
    expect(name).toMatch(/^erased-[0-9a-f-]{36}$/);
    const renamed = (rows: typeof before.exposures, more: object) =>
      rows.map((row) => (row.user === "u1" ? { ...row, user: name, ...more } : row));
    expect(after.exposures).toEqual(renamed(before.exposures, { fields: "{}" }));
    expect(after.outcomes).toEqual(renamed(before.outcomes, {}));
    expect(await eraseUser(own, "u1")).toEqual({ exposures: 0, outcomes: 0 });
    // What is remembered is made anew without the name.
    const again = await openOwn();
    expect(await again.outcome([clicked("o1", "r1.1", 1), clicked("o3", "r2.2", 2)])).toEqual({
      ...{ added: 1, known: 1, unattributed: 0 },
    });
    await again.close();
    await expect(eraseUser(join(root, "nowhere"), "u1")).rejects.toThrow(/nowhere: no such file or folder$/);
  });
});
