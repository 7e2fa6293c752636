import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openRecords } from "../../../src/ab/records/open.ts";
import type { RecordsOptions } from "../../../src/ab/records/records.ts";
import { onNote } from "../../../src/files/notes.ts";
import { clicked, rowsIn, START, shown } from "./support.ts";

const root = mkdtempSync(join(tmpdir(), "dien-records-open-"));
let folders = 0;
const fresh = () => join(root, `records-${folders++}`);
const HOUR = 3_600_000;
const open = (folder: string, options: Partial<RecordsOptions> = {}) =>
  openRecords(folder, { window: HOUR, clock: () => START, ...options });
const ids = (rows: readonly Record<string, unknown>[]) => rows.map(({ id }) => id);
/** A folder as a killed process leaves it: whoever wrote it goes on in another one. */
function killed(folder: string): string {
  const left = fresh();
  cpSync(folder, left, { recursive: true });
  rmSync(join(left, "lock"));
  rmSync(join(left, "index", "LOCK"), { force: true });
  return left;
}
const named = (folder: string, kind: string) =>
  readdirSync(folder)
    .filter((name) => name.startsWith(kind))
    .sort();

describe("records", () => {
  it("are lines while they grow, and Parquet when they are closed", async () => {
    const folder = fresh();
    const records = await open(folder);
    await records.expose(shown("r1", 1));
    expect(await records.outcome([clicked("o1", "r1.2", 1)])).toEqual({ added: 1, known: 0, unattributed: 0 });
    expect(named(folder, "e")).toEqual(["exposures-00000001.ndjson"]);
    const [{ arm, user, experiment }] = shown("r1", 1);
    for (const id of ["r1", "r1.1"]) {
      expect(await records.request(id)).toEqual(
        id === "r1" ? expect.objectContaining({ arm, user, experiment }) : undefined,
      );
    }
    const before = await rowsIn(folder);
    expect(ids(before.exposures)).toEqual(["r1.1", "r1.2"]);
    await records.close();
    expect(readdirSync(folder).sort()).toEqual(["exposures-00000001.parquet", "index", "outcomes-00000001.parquet"]);
    expect(await rowsIn(folder)).toEqual(before);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    await expect(records.expose(shown("r2", 1))).rejects.toThrow(/cannot be used: they were closed/);
  });

  it("begin another file where one is full, and lose and double nothing", async () => {
    const folder = fresh();
    const records = await open(folder, { rotateBytes: 1000 });
    for (let i = 0; i < 5; i++) {
      await records.expose(shown(`r${i}`, i));
      await records.outcome([clicked(`o${i}`, `r${i}.1`, i)]);
    }
    await records.rotate();
    expect(named(folder, "exposures")).toHaveLength(2);
    expect(named(folder, "").filter((name) => name.endsWith(".ndjson"))).toEqual([]);
    expect(records.counts()).toMatchObject({ exposures: 10, added: 5, known: 0, rotated: 3, rotationsFailed: 0 });
    await records.close();
    const { exposures, outcomes } = await rowsIn(folder);
    expect([exposures.length, outcomes.length]).toEqual([10, 5]);
  });

  it("of many callers at once go together, each told of its own", async () => {
    const folder = fresh();
    const records = await open(folder);
    await Promise.all(Array.from({ length: 50 }, (_, i) => records.expose(shown(`r${i % 40}`, i % 40))));
    const results = await Promise.all(
      Array.from({ length: 60 }, (_, i) => records.outcome([clicked(`o${i % 50}`, `r${i % 45}.1`, i % 45)])),
    );
    const sum = (key: "added" | "known" | "unattributed") => results.reduce((sum, result) => sum + result[key], 0);
    expect([sum("added"), sum("known"), sum("unattributed")]).toEqual([50, 10, 5]);
    expect(records.counts()).toMatchObject({ exposures: 80, knownExposures: 20 });
    await records.close();
    const { exposures, outcomes } = await rowsIn(folder);
    expect([exposures.length, outcomes.length]).toEqual([80, 50]);
  });

  it("tell the first request of a user in an experiment, also after a start", async () => {
    const folder = fresh();
    let records = await open(folder);
    const elsewhere = shown("r3", 1).map((row) => ({ ...row, experiment: "other" }));
    for (const rows of [shown("r1", 1), shown("r2", 1), elsewhere]) await records.expose(rows);
    await records.close();
    records = await open(folder);
    await records.expose(shown("r4", 1));
    await records.expose(shown("r5", 2));
    await records.close();
    const { exposures } = await rowsIn(folder);
    const first = exposures.filter(({ first }) => first);
    expect(ids(first)).toEqual(["r1.1", "r1.2", "r3.1", "r3.2", "r5.1", "r5.2"]);
  });

  it("put an outcome down to its impression where it is the user's and within the window; the others are kept", async () => {
    const folder = fresh();
    let records = await open(folder);
    await records.expose(shown("r1", 1));
    await records.expose(shown("a.7", 2).map((row) => ({ ...row, id: "a.7", position: null })));
    await records.close();
    // The same after a start.
    records = await open(folder);
    const result = await records.outcome([
      clicked("in time", "r1.2", 1, START + HOUR),
      clicked("late", "r1.2", 1, START + HOUR + 1),
      clicked("early", "r1.2", 1, START - 1),
      clicked("another's", "r1.2", 2),
      clicked("no such place", "r1.3", 1),
      clicked("no such request", "r9.1", 1),
      clicked("no place", "r1", 1),
      clicked("of scores", "a.7", 2),
    ]);
    expect(result).toEqual({ added: 8, known: 0, unattributed: 6 });
    await records.close();
    const { outcomes } = await rowsIn(folder);
    const told = outcomes.map(({ id, experiment, arm, attributed }) => [id, experiment, arm, attributed]);
    expect(told).toEqual([
      ["another's", "ads", "dien", false],
      ["early", "ads", "dien", false],
      ["in time", "ads", "dien", true],
      ["late", "ads", "dien", false],
      ["no place", null, null, false],
      ["no such place", null, null, false],
      ["no such request", null, null, false],
      ["of scores", "ads", "din", true],
    ]);
  });

  it("know an outcome by its id, and a request by its own, also after a kill", async () => {
    const folder = fresh();
    const records = await open(folder);
    await records.expose(shown("r1", 1));
    await records.outcome([clicked("o1", "r1.1", 1)]);
    const left = killed(folder);
    await records.close();
    const again = await open(left);
    expect(await again.outcome([{ ...clicked("o1", "r1.2", 1), value: 7 }, clicked("o2", "r1.2", 1)])).toEqual({
      ...{ added: 1, known: 1, unattributed: 0 },
    });
    await again.expose(shown("r1", 1));
    await again.expose(shown("r2", 1));
    expect(again.counts()).toMatchObject({ exposures: 2, knownExposures: 2 });
    await again.close();
    const { exposures, outcomes } = await rowsIn(left);
    expect(ids(exposures)).toEqual(["r1.1", "r1.2", "r2.1", "r2.2"]);
    expect(outcomes.map(({ id, value }) => [id, value])).toEqual([
      ["o1", 0.5],
      ["o2", 0.5],
    ]);
  });

  it("take a torn line away; the rest of its request is recorded when it is asked again", async () => {
    const folder = fresh();
    const records = await open(folder);
    await records.expose(shown("r0", 1));
    await records.expose(shown("r1", 2, 3));
    await records.outcome([clicked("o1", "r1.1", 2)]);
    const left = killed(folder);
    await records.close();
    // As if what is remembered of the last lines were not there either.
    rmSync(join(left, "index"), { recursive: true });
    const exposures = join(left, "exposures-00000001.ndjson");
    truncateSync(exposures, statSync(exposures).size - 20);
    appendFileSync(join(left, "outcomes-00000001.ndjson"), '{"id":"o2","time":"2026-');
    const again = await open(left);
    expect(again.counts().torn).toBe(2);
    await again.expose(shown("r1", 2, 3));
    expect(again.counts()).toMatchObject({ exposures: 1, knownExposures: 2 });
    expect(await again.outcome([clicked("o1", "r1.1", 2), clicked("o2", "r1.3", 2)])).toEqual({
      ...{ added: 1, known: 1, unattributed: 0 },
    });
    await again.close();
    const rows = await rowsIn(left);
    expect(ids(rows.exposures)).toEqual(["r0.1", "r0.2", "r1.1", "r1.2", "r1.3"]);
    expect(rows.exposures.every(({ first }) => first)).toBe(true);
    expect(ids(rows.outcomes)).toEqual(["o1", "o2"]);
  });

  it("are remembered of the files alone where the index is gone, damaged, or ahead of them", async () => {
    const folder = fresh();
    const records = await open(folder);
    await records.expose(shown("r1", 1));
    await records.outcome([clicked("o1", "r1.1", 1)]);
    await records.rotate();
    await records.expose(shown("r2", 1));
    const damages: ((folder: string) => void)[] = [
      (left) => rmSync(join(left, "index"), { recursive: true }),
      (left) => writeFileSync(join(left, "index", "CURRENT"), "nothing"),
      (left) => truncateSync(join(left, "exposures-00000002.ndjson"), 0),
    ];
    for (const [i, damage] of damages.entries()) {
      const left = killed(folder);
      damage(left);
      const again = await open(left);
      await again.expose(shown("r1", 1));
      await again.expose(shown("r2", 1));
      expect(again.counts()).toMatchObject(
        i === 2 ? { exposures: 2, knownExposures: 2 } : { exposures: 0, knownExposures: 4 },
      );
      const outcomes = [clicked("o1", "r1.1", 1), clicked("o2", "r2.1", 1)];
      expect(await again.outcome(outcomes)).toEqual({ added: 1, known: 1, unattributed: 0 });
      await again.close();
      expect(ids((await rowsIn(left)).exposures)).toEqual(["r1.1", "r1.2", "r2.1", "r2.2"]);
    }
    await records.close();
  });

  it("go on after a kill within a rotation, before and after the Parquet file has its name", async () => {
    const folder = fresh();
    const records = await open(folder);
    await records.expose(shown("r1", 1));
    const before = killed(folder);
    await records.rotate();
    const after = killed(folder);
    await records.close();
    cpSync(join(before, "exposures-00000001.ndjson"), join(after, "exposures-00000001.ndjson"));
    for (const left of [before, after]) {
      expect(ids((await rowsIn(left)).exposures)).toEqual(["r1.1", "r1.2"]);
      const again = await open(left);
      await again.expose(shown("r1", 1));
      await again.expose(shown("r2", 1));
      await again.close();
      expect(ids((await rowsIn(left)).exposures)).toEqual(["r1.1", "r1.2", "r2.1", "r2.2"]);
      expect(named(left, "exposures")).toEqual(["exposures-00000001.parquet", "exposures-00000002.parquet"]);
    }
  });

  it("leave out lines that are no rows, and say so", async () => {
    const folder = fresh();
    const records = await open(folder);
    await records.expose(shown("r1", 1));
    const left = killed(folder);
    await records.close();
    appendFileSync(join(left, "exposures-00000001.ndjson"), '\0\0\0\0\n{"id": 5}\n');
    const notes: string[] = [];
    const end = onNote((text) => notes.push(text));
    await (await open(left)).close();
    end();
    expect(notes).toEqual([
      expect.stringMatching(/exposures-00000001.ndjson: 2 lines are no exposures; they count for nothing$/),
      expect.stringMatching(/exposures-00000001.ndjson: 2 lines are no exposures and were left out$/),
    ]);
    expect(ids((await rowsIn(left)).exposures)).toEqual(["r1.1", "r1.2"]);
  });

  it("forget what lies more than two windows back, but for users", async () => {
    const folder = fresh();
    let now = START;
    const records = await open(folder, { clock: () => now });
    for (let i = 0; i < 5; i++) {
      now = START + i * HOUR;
      await records.expose(shown(`r${i}`, i, 1, now));
      await records.outcome([clicked(`o${i}`, `r${i}.1`, i, now)]);
    }
    const again = await records.outcome([0, 1, 2, 3, 4].map((i) => clicked(`o${i}`, `r${i}.1`, i, now)));
    expect(again).toEqual({ added: 2, known: 3, unattributed: 2 });
    await records.expose(shown("r9", 0, 1, now));
    await records.close();
    // Whoever counts them counts the first of each id.
    const { exposures, outcomes } = await rowsIn(folder);
    expect(exposures.at(-1)).toMatchObject({ id: "r9.1", first: false });
    expect(ids(outcomes)).toEqual(["o0", "o1", "o2", "o3", "o4"]);
  });

  it("are of one server at a time", async () => {
    const folder = fresh();
    const records = await open(folder);
    await expect(open(folder)).rejects.toThrow(`${folder} is used by process ${process.pid} on`);
    await records.close();
    await (await open(folder)).close();
    expect(existsSync(join(folder, "lock"))).toBe(false);
  });
});
