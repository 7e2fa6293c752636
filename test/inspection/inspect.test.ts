/** What an inspection warns of: every leak planted; and what is reported of a damaged dataset. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { type DatasetSource, type RawSamples, SPLITS, type Split } from "../../src/dataset/dataset.ts";
import { withDuckDB } from "../../src/dataset/parquet.ts";
import { literalPath } from "../../src/dataset/sql.ts";
import { writeDataset } from "../../src/dataset/write.ts";
import { UserError } from "../../src/errors.ts";
import { inspectDataset } from "../../src/inspection/measure/inspect.ts";
import { temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();

/** A healthy log of impressions: 40 users with 8 behaviours each, a sample of either label after each from the fourth on. */
function healthy(): DatasetSource {
  const [users, behaviours, items] = [40, 8, 20];
  const samplesOf = (positions: readonly number[]): RawSamples => {
    const columns = { label: [], sequence: [], position: [], item: [], time: [], hour: [] } as Record<string, number[]>;
    for (let u = 0; u < users; u++) {
      for (const position of positions) {
        for (const label of [0, 1]) {
          columns.label.push(label);
          columns.sequence.push(u);
          columns.position.push(position);
          columns.item.push(1 + ((7 * u + 3 * position + 11 * label) % items));
          columns.time.push(position * 86_400_000 - 3_600_000);
          columns.hour.push((u + position) % 2);
        }
      }
    }
    return {
      label: columns.label,
      sequence: Int32Array.from(columns.sequence),
      position: Int32Array.from(columns.position),
      item: Int32Array.from(columns.item),
      time: Float64Array.from(columns.time),
      context: [Int32Array.from(columns.hour)],
    };
  };
  const names = Array.from({ length: users }, (_, u) => `user ${u}`);
  const all = Array.from({ length: items }, (_, i) => i);
  return {
    importer: "test",
    protocol: "impressions",
    seed: 1,
    settings: {},
    inputs: [],
    dropped: {},
    maxHistory: 10,
    users: names,
    offsets: Int32Array.from({ length: users + 1 }, (_, u) => u * behaviours),
    items: Int32Array.from({ length: users * behaviours }, (_, i) => 1 + (i % items)),
    times: Float64Array.from({ length: users * behaviours }, (_, i) => (i % behaviours) * 86_400_000),
    training: new Int32Array(users).fill(6),
    userFields: [{ name: "user", values: names }],
    itemFields: [
      { name: "item", values: [null, ...all.map((i) => `item ${i}`)] },
      { name: "category", values: [null, ...all.map((i) => `category ${i % 4}`)] },
    ],
    contextFields: [{ name: "hour", values: ["morning", "evening"] }],
    samples: { train: samplesOf([4, 5, 6]), valid: samplesOf([7]), test: samplesOf([8]) },
  };
}

/** The kinds of warnings, the gravest first, with their messages. */
async function warn(name: string, source: DatasetSource, edit?: (path: string) => Promise<void>) {
  const out = join(folder, name);
  await writeDataset(out, source);
  await edit?.(out);
  const { warnings } = await inspectDataset(out);
  return warnings.map(({ level, kind, message }) => ({ kind: `${level} ${kind}`, message }));
}

/** Writes a file of a dataset anew, with some columns replaced by others. */
async function replace(path: string, file: string, columns: string): Promise<void> {
  const [from, to] = [join(path, file), join(path, "edited")];
  await withDuckDB(async (connection) => {
    await connection.run(
      `COPY (SELECT * REPLACE (${columns}) FROM read_parquet(${literalPath(from)}, file_row_number = true))
       TO ${literalPath(to)} (FORMAT parquet)`.replace("* REPLACE", "* EXCLUDE (file_row_number) REPLACE"),
    );
  });
  renameSync(to, from);
}

describe("planted", () => {
  test("nothing: a healthy log has no warnings", async () => {
    expect(await warn("healthy", healthy())).toEqual([]);
  });

  test.each<[string, string, RegExp, (path: string) => Promise<void>]>([
    [
      "a field that copies the label",
      "grave label-copy",
      /^field hour alone predicts the click \(AUC 1\.0000 on valid\): it probably copies the label$/,
      async (path) => {
        for (const split of SPLITS) await replace(path, `${split}.parquet`, "label + 1 AS hour");
      },
    ],
    [
      "a field that copies it, and in valid its opposite",
      "grave label-copy",
      /^field hour alone predicts the click backwards \(AUC 0\.0000 on valid\)/,
      async (path) => {
        await replace(path, "train.parquet", "label + 1 AS hour");
        await replace(path, "valid.parquet", "2 - label AS hour");
      },
    ],
    [
      "a behaviour that is later than the sample",
      "grave later-history",
      /^2 samples of test have a history with .* later than the sample \(first: test\.parquet row 6\)$/,
      (path) => replace(path, "test.parquet", "CASE WHEN sequence = 3 THEN 1 ELSE time END AS time"),
    ],
    [
      "a behaviour at the time of the sample",
      "grave equal-history",
      /^1 sample of train and 80 of valid have a history with behaviours at the time .* \(first: train\.parquet row 7\)$/,
      async (path) => {
        await replace(path, "valid.parquet", "(position - 1) * 86400000 AS time");
        await replace(path, "train.parquet", "if(file_row_number = 7, (position - 1) * 86400000, time) AS time");
      },
    ],
    [
      "histories that are mostly empty",
      "warning empty-histories",
      /^the histories of 160 of 240 train samples \(66\.7 %\) are empty: there is no interest to learn from$/,
      (path) =>
        replace(
          path,
          "train.parquet",
          "if(position < 6, 0, length) AS length, if(position < 6, 0, position) AS position",
        ),
    ],
    [
      "no history at all",
      "grave empty-histories",
      /^the histories of 240 of 240 train samples \(100\.0 %\) are empty/,
      (path) => replace(path, "train.parquet", "0::INTEGER AS length, 0::INTEGER AS position"),
    ],
    [
      "times out of order",
      "grave disorder",
      /^the times of 2 of 40 sequences \(5\.0 %\) fall, .*\(first: sequences\.parquet row 5\)$/,
      (path) =>
        replace(
          path,
          "sequences.parquet",
          "if(file_row_number IN (5, 9), list_concat([times[2], times[1]], times[3:]), times) AS times",
        ),
    ],
    [
      "samples in two splits",
      "grave shared-samples",
      /^80 triples of user, time and candidate are in more than one split \(first: sequence 0, item row 2, time 601200000\)$/,
      (path) => copy(path, "valid", "test"),
    ],
    [
      "duplicates",
      "warning duplicates",
      /^20 samples of train repeat another of the same split in every column \(first: train\.parquet row 0\)$/,
      (path) => rewrite(path, "train", "SELECT * FROM original UNION ALL SELECT * FROM (FROM original LIMIT 20)"),
    ],
    [
      "both labels",
      "warning both-labels",
      /^1 triple of user, time and candidate has both labels \(first: sequence 0, /,
      (path) =>
        rewrite(
          path,
          "train",
          "FROM original UNION ALL SELECT * REPLACE (1 - label AS label) FROM (FROM original LIMIT 1)",
        ),
    ],
    [
      "a split of one class",
      "grave one-class",
      /^all 80 samples of valid have label 1$/,
      (path) => replace(path, "valid.parquet", "1::INTEGER AS label"),
    ],
    [
      "an empty split",
      "grave one-class",
      /^valid has no samples$/,
      (path) => rewrite(path, "valid", "FROM original LIMIT 0"),
    ],
    [
      "users of one class",
      "warning one-class-users",
      /^30 of 40 users \(75\.0 %\) with several test samples have one label only/,
      (path) => replace(path, "test.parquet", "if(sequence < 30, sequence % 2, label)::INTEGER AS label"),
    ],
    [
      "cold items",
      "warning cold-items",
      /^the candidates of 80 of 80 test samples \(100\.0 %\) are unknown/,
      (path) => replace(path, "test.parquet", "0::INTEGER AS item"),
    ],
    [
      "cold users",
      "warning cold-users",
      /^30 of 40 users \(75\.0 %\) of test have no sample in train$/,
      (path) => rewrite(path, "train", "FROM original WHERE sequence < 10"),
    ],
    [
      "a constant field",
      "warning constant-field",
      /^field hour is "(morning|evening)" in all samples of train$/,
      (path) => replace(path, "train.parquet", "1::INTEGER AS hour"),
    ],
    [
      "a field that is unknown in most of train",
      "warning unknown-field",
      /^field hour is unknown in 192 of 240 train samples \(80\.0 %\)$/,
      (path) => replace(path, "train.parquet", "if(sequence < 32, 0, hour)::INTEGER AS hour"),
    ],
    [
      "a field that is unknown in most of test",
      "warning unknown-field",
      /^field hour is unknown in 80 of 80 test samples \(100\.0 %\)$/,
      (path) => replace(path, "test.parquet", "0::INTEGER AS hour"),
    ],
    [
      "a field with other values in test",
      "note drift",
      /^1 of 4 fields \(25\.0 %\) shift from train to test \(PSI: hour \d\.\d\d\)$/,
      (path) => replace(path, "test.parquet", "1::INTEGER AS hour"),
    ],
    [
      "another click rate in test",
      "warning click-rate",
      /^the click rate in test is 12\.5 %, in train 50\.0 %$/,
      (path) => replace(path, "test.parquet", "if(sequence < 10, label, 0)::INTEGER AS label"),
    ],
    [
      "a split that is not by time",
      "note overlap",
      /^80 of 240 train samples \(33\.3 %\) are later than the earliest test sample/,
      (path) => replace(path, "train.parquet", "if(position = 6, time + 86400000 * 3, time) AS time"),
    ],
  ])("%s", async (name, kind, message, edit) => {
    const warnings = await warn(name, healthy(), edit);
    const found = warnings.find((warning) => warning.kind === kind);
    expect(found, JSON.stringify(warnings)).toBeDefined();
    expect(found!.message).toMatch(message);
    const levels = warnings.map((warning) => ["grave", "warning", "note"].indexOf(warning.kind.split(" ")[0]));
    expect(levels).toEqual([...levels].sort());
  });

  test.each([
    [3, ["grave disorder"]],
    [10, ["grave disorder", "grave later-history"]],
  ])("a late behaviour out of order, which histories of at most %i reach or not", async (maxHistory, kinds) => {
    const source = healthy();
    source.times[0] = 1e12;
    const warnings = await warn("late", { ...source, maxHistory });
    expect(warnings.map(({ kind }) => kind).filter((kind) => kind.startsWith("grave"))).toEqual(kinds);
  });

  test("maxHistory that cuts most histories", async () => {
    expect(await warn("cut", { ...healthy(), maxHistory: 5 })).toEqual([
      { kind: "warning cut-histories", message: "maxHistory 5 cuts the histories of 240 of 400 samples (60.0 %)" },
    ]);
  });

  test("what protocols of behaviours may have is a note under them", async () => {
    const edit = async (path: string) => {
      await replace(path, "valid.parquet", "(position - 1) * 86400000 AS time");
      await rewrite(path, "test", "FROM original WHERE sequence > 0 UNION ALL (FROM read_parquet('VALID') LIMIT 2)");
    };
    for (const [protocol, level] of [
      ["temporal", "note"],
      ["impressions", "grave"],
    ]) {
      const warnings = await warn(protocol, { ...healthy(), protocol }, edit);
      const kinds = warnings.map(({ kind }) => kind).filter((kind) => /equal-history|shared-samples/.test(kind));
      expect(kinds).toEqual([`${level} equal-history`, `${level} shared-samples`]);
    }
    const only = (path: string) => rewrite(path, "train", "FROM original WHERE sequence < 10");
    expect(await warn("paper", { ...healthy(), protocol: "paper" }, only)).toContainEqual({
      kind: "note cold-users",
      message: "30 of 40 users (75.0 %) of test have no sample in train, as protocol paper has it",
    });
  });
});

/** Lets one split be a copy of another. */
async function copy(path: string, from: Split, to: Split): Promise<void> {
  await rewrite(path, to, `FROM read_parquet('${from.toUpperCase()}')`);
}

/** Writes a split anew by a query over `original`, its samples, and corrects the manifest. 'VALID' is the path of valid. */
async function rewrite(path: string, split: Split, query: string): Promise<void> {
  const [from, to] = [join(path, `${split}.parquet`), join(path, "edited")];
  await withDuckDB(async (connection) => {
    await connection.run(`CREATE VIEW original AS FROM read_parquet(${literalPath(from)})`);
    const sql = query.replace("'VALID'", literalPath(join(path, "valid.parquet")));
    await connection.run(`COPY (${sql}) TO ${literalPath(to)} (FORMAT parquet)`);
    const [[count]] = (
      await connection.runAndReadAll(`SELECT count(*)::INTEGER FROM read_parquet(${literalPath(to)})`)
    ).getRows();
    edit(path, (manifest) => ({ ...manifest, counts: { ...manifest.counts, [split]: count } }));
  });
  renameSync(to, from);
}

// biome-ignore lint/suspicious/noExplicitAny: a test edits JSON that is meant to be wrong
function edit(path: string, change: (manifest: any) => unknown): void {
  const file = join(path, "dataset.json");
  writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, "utf8")))));
}

describe("a damaged dataset", () => {
  const reported = (path: string) =>
    inspectDataset(path).then(
      () => "inspected",
      (error) => {
        expect(error).toBeInstanceOf(UserError);
        return (error as Error).message;
      },
    );
  const fresh = async (name: string) => {
    const out = join(folder, name);
    await writeDataset(out, healthy());
    return out;
  };

  test("is no dataset, or lacks a file, or a column", async () => {
    mkdirSync(join(folder, "nothing"));
    expect(await reported(join(folder, "nothing"))).toMatch(/is no dataset: .*`dien prepare`$/);
    const path = await fresh("lacking");
    await rewrite(path, "valid", "SELECT * EXCLUDE (hour) FROM original");
    expect(await reported(path)).toMatch(/^cannot read .*valid\.parquet: .*"hour"/);
    rmSync(join(path, "items.parquet"));
    expect(await reported(path)).toMatch(/^cannot read .*items\.parquet: /);
  });

  test("is cut off", async () => {
    const path = await fresh("cut off");
    for (const name of ["items.parquet", "sequences.parquet", "test.parquet", "vocabulary/hour.parquet"]) {
      const bytes = readFileSync(join(path, name));
      writeFileSync(join(path, name), bytes.subarray(0, bytes.length / 2));
      expect(await reported(path)).toMatch(new RegExp(`^cannot read .*${name}: `));
      writeFileSync(join(path, name), bytes);
    }
    expect(await reported(path)).toBe("inspected");
  });

  test.each([
    ["test.parquet", "2::INTEGER AS label", "test.parquet is damaged: row 0 has label 2, expected 0 to 1"],
    ["test.parquet", "if(file_row_number = 4, NULL, label) AS label", "row 4 has label null, expected 0 to 1"],
    ["test.parquet", "40::INTEGER AS sequence", "row 0 has sequence 40, expected 0 to 39"],
    ["test.parquet", "9::INTEGER AS position", "row 0 has position 9, expected 0 to 8"],
    ["test.parquet", "3::INTEGER AS length", "row 0 has length 3 at position 8 with histories of at most 10"],
    ["test.parquet", "21::INTEGER AS item", "row 0 has item 21, expected 0 to 20"],
    ["test.parquet", "3::INTEGER AS hour", "row 0 has hour 3, expected 0 to 2"],
    ["test.parquet", "9000000000000000 AS time", "row 0 has time 9000000000000000, expected -86"],
    ["items.parquet", "(row + 1)::INTEGER AS row", "items.parquet is damaged: row 0 has row 1 as its name"],
    ["items.parquet", "5::INTEGER AS category", "row 0 has category 5, expected 0 to 4"],
    ["sequences.parquet", "times[2:] AS times", "sequences.parquet is damaged: row 0 has 7 times of 8 behaviours"],
    [
      "sequences.parquet",
      "[21, 1, 1, 1, 1, 1, 1, 1] AS items",
      "row 0 has items that are not all rows of a catalogue of 20",
    ],
    ["sequences.parquet", "[NULL, 1, 1, 1, 1, 1, 1, 1] AS items", "row 0 has items that are not all rows"],
    ["sequences.parquet", "9::INTEGER AS training", "row 0 has training 9, expected 0 to 8"],
    [
      "sequences.parquet",
      "5::INTEGER AS training",
      "has 320 behaviours, 200 of them for training, dataset.json says 320 and 240",
    ],
    ["vocabulary/hour.parquet", "1::INTEGER AS id", "hour.parquet is damaged: it names 1 of the ids 1 to 2"],
  ])("has %s with %s", async (file, columns, message) => {
    const path = await fresh("values");
    await replace(path, file, columns);
    expect(await reported(path)).toContain(message);
  });

  test("has other counts than its manifest says", async () => {
    const path = await fresh("counts");
    edit(path, (manifest) => ({ ...manifest, counts: { ...manifest.counts, test: 81 } }));
    expect(await reported(path)).toMatch(/test\.parquet has 80 rows, dataset\.json says 81$/);
  });
});

test("progress reaches its end, and what was spilled goes, however it ends", async () => {
  const space = join(folder, "space");
  mkdirSync(space);
  vi.stubEnv("TMPDIR", space);
  const path = join(folder, "progress");
  await writeDataset(path, healthy());
  const steps: number[] = [];
  let last = 0;
  await inspectDataset(path, (_, done, total) => {
    expect(readdirSync(space)).toHaveLength(1);
    steps.push(done);
    last = total;
  });
  expect(steps).toEqual(Array.from({ length: last }, (_, i) => i + 1));
  expect(readdirSync(space)).toEqual([]);
  rmSync(join(path, "test.parquet"));
  await expect(inspectDataset(path)).rejects.toThrow(UserError);
  expect(readdirSync(space)).toEqual([]);
  vi.stubEnv("TMPDIR", join(space, "missing"));
  expect(await inspectDataset(path).catch((error) => error.message)).toMatch(
    /^cannot create a folder in .*missing: no such/,
  );
  vi.unstubAllEnvs();
});
