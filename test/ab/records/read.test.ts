import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readRecords } from "../../../src/ab/records/read.ts";
import { lineOf } from "../../../src/ab/records/rows.ts";
import { withDuckDB } from "../../../src/database/open.ts";
import { clicked, rowsIn, shown } from "./support.ts";

const root = mkdtempSync(join(tmpdir(), "dien-records-read-"));
const [one, other] = [join(root, "one"), join(root, "other")];
const lines = (request: string, user: number) =>
  shown(request, user)
    .map((row) => lineOf({ ...row, first: true }))
    .join("");
const outcome = (id: string) => lineOf({ ...clicked(id, "r1.1", 1), experiment: "ads", arm: "dien", attributed: true });

beforeAll(async () => {
  for (const folder of [one, other]) mkdirSync(folder);
  writeFileSync(join(one, "exposures-00000001.ndjson"), lines("r1", 1));
  writeFileSync(join(one, "exposures-00000002.ndjson"), lines("r2", 2));
  writeFileSync(join(one, "outcomes-00000001.ndjson"), outcome("o1"));
  // As after a kill between the two: the Parquet file stands, and so does what it was made of.
  const columns =
    "columns = {id: 'VARCHAR', time: 'TIMESTAMP', experiment: 'VARCHAR', arm: 'VARCHAR', user: 'VARCHAR', first: 'BOOLEAN', model: 'VARCHAR', version: 'VARCHAR', item: 'VARCHAR', position: 'INTEGER', probability: 'DOUBLE', propensity: 'DOUBLE', fields: 'JSON', request: 'VARCHAR'}";
  await withDuckDB((connection) =>
    connection.run(
      `COPY (FROM read_ndjson('${one}/exposures-00000001.ndjson', ${columns})) TO '${one}/exposures-00000001.parquet' (FORMAT parquet)`,
    ),
  );
});

describe("records", () => {
  it("are read from both formats, each row once", async () => {
    const { exposures, outcomes, files, unreadable } = await rowsIn(one);
    expect(exposures.map(({ id }) => id)).toEqual(["r1.1", "r1.2", "r2.1", "r2.2"]);
    expect(exposures[0]).toEqual({
      ...{ id: "r1.1", time: "2026-01-05 12:00:00", experiment: "ads", arm: "dien", user: "u1", first: true },
      ...{ model: "dien", version: "v1", item: 'item "0"', position: 1, probability: 0.25, propensity: 1 },
      fields: '{"city":"Köln","age":["20","30"]}',
      request: null,
    });
    // What was the same before and after.
    expect({ ...exposures[2], id: "r1.1", arm: "dien", user: "u1" }).toEqual(exposures[0]);
    expect(outcomes).toEqual([
      {
        ...{ id: "o1", time: "2026-01-05 12:00:01", user: "u1", type: "click", impression: "r1.1", value: 0.5 },
        ...{ experiment: "ads", arm: "dien", attributed: true },
      },
    ]);
    expect(files).toEqual({ exposures: 2, outcomes: 1 });
    expect(unreadable).toEqual({ exposures: 0, outcomes: 0 });
  });

  it("are read from several servers, patterns and files; what went to two is one row", async () => {
    writeFileSync(join(other, "exposures-00000001.ndjson"), lines("r2", 2) + lines("r3", 3));
    writeFileSync(join(other, "outcomes-00000007.ndjson"), outcome("o1") + outcome("o2"));
    const both = await rowsIn(one, other);
    expect(both.exposures.map(({ id }) => id)).toEqual(["r1.1", "r1.2", "r2.1", "r2.2", "r3.1", "r3.2"]);
    expect(both.outcomes.map(({ id }) => id)).toEqual(["o1", "o2"]);
    const paths = {
      exposures: [`${root}/o*/exposures-*`, join(one, "exposures-00000001.ndjson")],
      outcomes: [join(other, "outcomes-00000007.ndjson")],
    };
    const counts = await readRecords(paths, async (connection) =>
      (
        await connection.runAndReadAll("SELECT (SELECT count(*) FROM exposures), (SELECT count(*) FROM outcomes)")
      ).getRows(),
    );
    expect(counts).toEqual([[6n, 2n]]);
  });

  it("count a line that is being written, and leave it out", async () => {
    const file = join(other, "outcomes-00000008.ndjson");
    writeFileSync(file, outcome("o3"));
    appendFileSync(file, outcome("o4").slice(0, -9));
    const { outcomes, unreadable } = await rowsIn(other);
    expect(outcomes.map(({ id }) => id)).toEqual(["o1", "o2", "o3"]);
    expect(unreadable).toEqual({ exposures: 0, outcomes: 1 });
    rmSync(file);
  });

  it("name the file that is absent, or that is no Parquet file of theirs", async () => {
    const read = (exposures: string) => readRecords({ exposures: [exposures], outcomes: [] }, async () => {});
    await expect(read(join(root, "nowhere"))).rejects.toThrow(`cannot read ${root}/nowhere: no such file or folder`);
    const file = join(root, "bad.parquet");
    writeFileSync(file, "no Parquet file");
    await expect(read(file)).rejects.toThrow(`${file} is damaged: it is no whole Parquet file`);
    await withDuckDB((connection) => connection.run(`COPY (SELECT 1 AS id) TO '${file}' (FORMAT parquet)`));
    await expect(read(file)).rejects.toThrow(`${file} is damaged: it has no column "time"`);
  });
});
