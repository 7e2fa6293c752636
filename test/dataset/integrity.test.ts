/** Every rule of a dataset folder is broken once, and all who read folders refuse it for the same reason. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SPLITS } from "../../src/dataset/dataset.ts";
import { type FormatFile, itemsFile, samplesFile, sequencesFile } from "../../src/dataset/layout.ts";
import { readManifest } from "../../src/dataset/manifest.ts";
import { openDataset } from "../../src/dataset/read.ts";
import type { DatasetSource } from "../../src/dataset/source.ts";
import { DatasetStream } from "../../src/dataset/stream.ts";
import { writeDataset } from "../../src/dataset/write.ts";
import { UserError } from "../../src/errors/failure.ts";
import { inspectDataset } from "../../src/inspection/measure/inspect.ts";
import { edit, healthy, replace, vouchFor, writeAnew } from "../support/damage.ts";
import { loadVocabularies } from "../support/dataset.ts";
import { temporaryFolder, withLists } from "../support/source.ts";

const folder = temporaryFolder();

/** `healthy` with all columns that there may be. */
async function make(out: string): Promise<string> {
  const source = healthy();
  const withProbability = (split: (typeof SPLITS)[number]) => ({
    ...source.samples[split],
    probability: Float32Array.from(source.samples[split].label, (label) => 0.25 + label / 2),
    weight: Float32Array.from(source.samples[split].label, (label) => 2 * label),
  });
  const samples = {
    train: withProbability("train"),
    valid: withProbability("valid"),
    test: withProbability("test"),
  } satisfies DatasetSource["samples"];
  await writeDataset(out, withLists({ ...source, samples }));
  await writeAnew(
    out,
    "sequences.parquet",
    "SELECT *, list_transform(items, x -> 0::INTEGER) AS unclicked FROM original",
  );
  edit(out, (manifest) => ({ ...manifest, unclicked: true }));
  return out;
}

let made: Promise<string> | undefined;

/** A copy of it. */
async function fresh(name: string): Promise<string> {
  made ??= make(join(folder, "original"));
  const out = join(folder, name);
  cpSync(await made, out, { recursive: true });
  return out;
}

async function openPortions(path: string): Promise<void> {
  const stream = await DatasetStream.open(path, { portionBudget: 1 });
  try {
    for (const split of SPLITS) await stream.filePortions(split);
  } finally {
    await stream.close();
  }
}

const readers: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  openDataset,
  openPortions,
  inspectDataset,
};

/** What each reader says of a folder; "read" where it has nothing against it. */
async function verdicts(path: string): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const [name, read] of Object.entries(readers)) {
    all[name] = await read(path).then(
      () => "read",
      (error: unknown) => {
        expect(error).toBeInstanceOf(UserError);
        return (error as UserError).message;
      },
    );
  }
  return all;
}

/** What all readers say. */
async function verdict(path: string): Promise<string> {
  const [first, ...others] = Object.values(await verdicts(path));
  for (const other of others) expect(other).toBe(first);
  return first;
}

describe("all readers", () => {
  test("accept a healthy folder", async () => {
    expect(await verdict(await fresh("healthy"))).toBe("read");
  });

  test.each([
    // Of single values: tried at random below, here with their wording.
    ["test.parquet", "2::INTEGER AS label", "row 0 has label 2, expected 0 to 1"],
    ["test.parquet", "if(file_row_number = 4, NULL, label) AS label", "row 4 has label null, expected 0 to 1"],
    ["valid.parquet", "9000000000000000 AS time", "row 0 has time 9000000000000000, expected -86"],
    ["train.parquet", "if(file_row_number = 3, 'nan', probability)::FLOAT AS probability", "row 3 has probability NaN"],
    ["train.parquet", "-1::FLOAT AS sample_weight", "row 0 has sample_weight -1, expected 0 to 3.4"],
    ["valid.parquet", "'inf'::FLOAT AS sample_weight", "row 0 has sample_weight Infinity, expected 0 to 3.4"],
    ["items.parquet", "if(row = 2, NULL, key) AS key", "row 2 has key null, expected a text"],
    ["sequences.parquet", `NULL::VARCHAR AS "user"`, "row 0 has user null, expected a text"],
    ["sequences.parquet", "if(file_row_number = 7, NULL, items) AS items", "row 7 has items null, expected a list"],
    ["sequences.parquet", "if(file_row_number = 7, NULL, times) AS times", "row 7 has times null, expected a list"],
    ["sequences.parquet", "[21, 1, 1, 1, 1, 1, 1, 1] AS items", "row 0 has items 21, expected 0 to 20"],
    ["sequences.parquet", "[NULL, 1, 1, 1, 1, 1, 1, 1] AS items", "row 0 has items null, expected 0 to 20"],
    ["sequences.parquet", "[1, 1, 1, 1, 1, 1, 1, -1] AS unclicked", "row 0 has unclicked -1, expected 0 to 20"],
    ["items.parquet", "[]::INTEGER[] AS tags", "row 0 has tags 0 values, expected 1 to 3 values"],
    ["items.parquet", "if(row = 3, [0, 0, 0, 0], tags) AS tags", "row 3 has tags 4 values, expected 1 to 3 values"],
    ["items.parquet", "if(row = 3, NULL, tags) AS tags", "row 3 has tags null, expected a list"],
    ["items.parquet", "[NULL]::INTEGER[] AS tags", "row 0 has tags null, expected 0 to "],
    ["items.parquet", "if(row = 3, 10.5, price)::FLOAT AS price", "row 3 has price 10.5, expected -10 to 10"],
    ["valid.parquet", "if(file_row_number = 3, NULL, height)::FLOAT AS height", "row 3 has height null, expected -10"],
    ["valid.parquet", "[-1] AS moods", "row 0 has moods -1, expected 0 to "],
    // Of several values of a row.
    ["items.parquet", "if(row = 5, 6, row)::INTEGER AS row", "row 5 has row 6, expected 5"],
    [
      "sequences.parquet",
      "times[2:] AS times",
      "row 0 has times for 7 behaviours, expected one for each of 8 behaviours",
    ],
    ["sequences.parquet", "unclicked[2:] AS unclicked", "row 0 has unclicked for 7 behaviours"],
    [
      "sequences.parquet",
      "if(file_row_number = 2, 9, training)::INTEGER AS training",
      "row 2 has training 9, expected 0 to 8",
    ],
    ["sequences.parquet", "1::INTEGER AS repeated", "row 0 has repeated 1, expected 0 to 0"],
    [
      "sequences.parquet",
      "if(file_row_number = 4, 3, repeated)::INTEGER AS repeated",
      "row 4 has training 6, expected 0 to 5",
    ],
    ["test.parquet", "9::INTEGER AS position", "row 0 has position 9, expected 0 to 8"],
    ["test.parquet", "3::INTEGER AS length", "row 0 has length 3, expected 8 at position 8"],
    // Of a row and others.
    [
      "train.parquet",
      "if(file_row_number = 6, 5, sequence)::INTEGER AS sequence",
      "row 7 has sequence 1, expected 5 or more, as the row before it has",
    ],
    [
      "valid.parquet",
      "(2 * sample_weight)::FLOAT AS sample_weight",
      "valid.parquet has 2 as mean weight, expected 1, as in dataset.json",
    ],
    [
      "sequences.parquet",
      "5::INTEGER AS training",
      "sequences.parquet has 200 behaviours of the training part, expected 240, as in dataset.json",
    ],
    [
      "sequences.parquet",
      "if(file_row_number = 4, 2, repeated)::INTEGER AS repeated",
      "sequences.parquet has 39 users, expected 40, as in dataset.json",
    ],
    [
      "sequences.parquet",
      "items[2:] AS items, times[2:] AS times, unclicked[2:] AS unclicked",
      "sequences.parquet has 280 behaviours, expected 320, as in dataset.json",
    ],
  ])("refuse %s with %s", async (file, columns, message) => {
    const path = await fresh("damaged");
    await replace(path, file, columns);
    const found = await verdict(path);
    expect(found).toContain(message);
    expect(found).toContain(join(path, file));
  });

  test.each(SPLITS)("refuse %s with its rows reversed", async (split) => {
    const path = await fresh("reversed");
    await writeAnew(
      path,
      `${split}.parquet`,
      "SELECT * EXCLUDE (file_row_number) FROM numbered ORDER BY file_row_number DESC",
    );
    expect(await verdict(path)).toMatch(
      new RegExp(
        `${split}\\.parquet is damaged: row \\d+ has sequence 38, expected 39 or more, as the row before it has$`,
      ),
    );
  });

  test("refuse a history that is longer than there are behaviours, or than the limit", async () => {
    const path = await fresh("window");
    edit(path, (manifest) => ({ ...manifest, window: 1000 }));
    await replace(path, "train.parquet", "0::INTEGER AS length");
    // Where histories have a window they may be shorter.
    expect(await verdict(path)).toBe("read");
    await replace(path, "train.parquet", "(position + 1)::INTEGER AS length");
    expect(await verdict(path)).toMatch(
      /train\.parquet is damaged: row 0 has length 5, expected 0 to 4 at position 4$/,
    );
    await replace(path, "train.parquet", "11::INTEGER AS length");
    expect(await verdict(path)).toMatch(/train\.parquet is damaged: row 0 has length 11, expected 0 to 10$/);
  });

  test("refuse a number out of its bounds, wherever it is, and name file, row and column", async () => {
    const path = await fresh("bounds");
    const manifest = await readManifest(path);
    const files = [
      itemsFile(manifest),
      sequencesFile(manifest),
      ...SPLITS.map((split) => samplesFile(manifest, split)),
    ];
    const cases = files.flatMap(({ name, rows, columns }: FormatFile) =>
      columns
        .filter(({ bounds, type }) => bounds !== undefined && type !== "float32")
        .map(({ name: column, type, bounds }) => ({ file: name, rows, column, type, bounds: bounds! })),
    );
    const damage = fc.constantFrom(...cases).chain((where) =>
      fc.record({
        where: fc.constant(where),
        row: fc.nat(where.rows - 1),
        value: fc.constantFrom("NULL", `${where.bounds[0] - 1}`, `${where.bounds[1] + 1}`),
      }),
    );
    await fc.assert(
      fc.asyncProperty(damage, async ({ where: { file, column, type, bounds }, row, value }) => {
        const original = readFileSync(join(path, file));
        const list = type.endsWith("[]");
        const changed = list ? `list_prepend(${value}, ${column}[2:])` : `${value}`;
        const stored = type.startsWith("int64") ? "BIGINT" : "INTEGER";
        const cast = `(${changed})::${stored}${list ? "[]" : ""}`;
        await replace(path, file, `if(file_row_number = ${row}, ${cast}, "${column}") AS "${column}"`);
        const found = await verdict(path);
        writeFileSync(join(path, file), original);
        vouchFor(path, file);
        const [least, most] = bounds;
        const shown = value === "NULL" ? "null" : value;
        expect(found).toBe(
          `${join(path, file)} is damaged: row ${row} has ${column} ${shown}, expected ${least} to ${most}`,
        );
      }),
      { numRuns: 10 },
    );
    expect(await verdict(path)).toBe("read");
  });

  test("refuse counts that differ from the manifest", async () => {
    const path = await fresh("counts");
    const text = readFileSync(join(path, "dataset.json"), "utf8");
    const counts = ["sequences", "items", "behaviours", "trainingBehaviours", "train", "valid", "test"];
    for (const [i, name] of counts.entries()) {
      // Of files of samples both: one too few, one too many.
      for (const change of name === "train" ? [-1, 1] : [i % 2 === 0 ? 1 : -1]) {
        edit(path, (manifest) => ({
          ...manifest,
          counts: { ...manifest.counts, [name]: manifest.counts[name] + change },
        }));
        expect(await verdict(path), `${name} ${change}`).toMatch(/\.parquet (is damaged:|has) .*expected/);
        writeFileSync(join(path, "dataset.json"), text);
      }
    }
    expect(await verdict(path)).toBe("read");
  });

  test("refuse files that are missing, cut off, or lack a column", async () => {
    const path = await fresh("files");
    for (const name of ["items.parquet", "sequences.parquet", ...SPLITS.map((split) => `${split}.parquet`)]) {
      const file = join(path, name);
      const bytes = readFileSync(file);
      const half = bytes.subarray(0, bytes.length / 2);
      writeFileSync(file, half);
      expect(await verdict(path)).toBe(
        `${file} is damaged: expected ${bytes.length} bytes, as in dataset.json, found ${half.length}`,
      );
      rmSync(file);
      expect(await verdict(path)).toMatch(new RegExp(`^cannot read .*/${name}: .+$`));
      writeFileSync(file, bytes);
    }
    await writeAnew(path, "valid.parquet", "SELECT * EXCLUDE (hour) FROM original");
    expect(await verdict(path)).toMatch(/valid\.parquet is damaged: it has no column "hour"$/);
  });

  test("refuse a folder without a manifest, and say what to do", async () => {
    const empty = join(folder, "empty");
    mkdirSync(empty);
    expect(await verdict(empty)).toMatch(/is no dataset: /);
  });
});

describe("a vocabulary", () => {
  const read = (path: string) =>
    loadVocabularies(path).then(
      () => "read",
      (error: UserError) => error.message,
    );

  test.each([
    ["1::INTEGER AS id", "row 1 has id 1, expected one that no row before it has"],
    ["(id - 1)::INTEGER AS id", "row 0 has id 0, expected 1 to 2"],
    ["(id + 1)::INTEGER AS id", "row 1 has id 3, expected 1 to 2"],
    ["if(id = 2, NULL, value) AS value", "row 1 has value null, expected a text"],
    ["-1::INTEGER AS count", "row 0 has count -1, expected 0 to 2147483647"],
  ])("with %s is refused by who loads it and who inspects the folder", async (columns, message) => {
    const path = await fresh("vocabulary");
    await replace(path, "vocabulary/hour.parquet", columns);
    const found = await read(path);
    expect(found).toBe(`${join(path, "vocabulary/hour.parquet")} is damaged: ${message}`);
    expect((await verdicts(path)).inspectDataset).toBe(found);
  });

  test("may have its rows in any order", async () => {
    const path = await fresh("order");
    const values = await loadVocabularies(path);
    await writeAnew(path, "vocabulary/hour.parquet", "FROM original ORDER BY id DESC");
    expect(await loadVocabularies(path)).toEqual(values);
    expect(await verdict(path)).toBe("read");
  });

  test("that is short of a value or cut off is refused", async () => {
    const path = await fresh("short");
    const file = join(path, "vocabulary", "hour.parquet");
    await writeAnew(path, "vocabulary/hour.parquet", "FROM original WHERE id = 1");
    expect(await read(path)).toBe(`${file} has 1 rows, expected 2, as in dataset.json`);
    expect((await verdicts(path)).inspectDataset).toBe(await read(path));
    writeFileSync(file, "PAR1");
    expect(await read(path)).toMatch(/hour\.parquet is damaged: expected \d+ bytes, as in dataset\.json, found 4$/);
    expect((await verdicts(path)).inspectDataset).toBe(await read(path));
  });
});

describe("a file that is replaced while a dataset is open", () => {
  /** Opens a dataset, changes a file in a way that keeps all rules, and reads on. */
  async function readOn(change: (path: string) => Promise<unknown>): Promise<string> {
    const path = await fresh("replaced");
    const stream = await DatasetStream.open(path, { portionBudget: 1 });
    const [portion] = await stream.filePortions("train");
    await change(path);
    const buffer = new SharedArrayBuffer(stream.bytesOf(portion));
    const found = await Promise.all([stream.load("train", portion, buffer), stream.itemKeys()]).then(
      () => "read",
      (error: UserError) => error.message,
    );
    await stream.close();
    return found.replace(path, "DS");
  }

  const changed = (file: string) =>
    `DS has changed while it was read: ${file} is not the file that it was at the beginning`;

  test.each([
    ["sequences.parquet", "items[2:] AS items, times[2:] AS times, unclicked[2:] AS unclicked"],
    ["train.parquet", "39::INTEGER AS sequence"],
    // What no rule forbids.
    ["train.parquet", "1::INTEGER AS item"],
    ["items.parquet", "key || '!' AS key"],
  ])("%s with %s is found out", async (file, columns) => {
    expect(await readOn((path) => replace(path, file, columns))).toBe(changed(file));
  });

  test("by a copy of itself is read on", async () => {
    const again = async (path: string) =>
      writeFileSync(join(path, "train.parquet"), readFileSync(join(path, "train.parquet")));
    expect(await readOn(again)).toBe("read");
  });

  test("is found out by who inspects the folder", async () => {
    const path = await fresh("inspected");
    const file = join(path, "test.parquet");
    const found = inspectDataset(path, (part) => {
      if (part === "counts") writeFileSync(file, readFileSync(file).reverse());
    });
    await expect(found).rejects.toThrow(changed("test.parquet").slice(2));
  });

  test("between two openings by one command is found out", async () => {
    const path = await fresh("again");
    const first = await DatasetStream.open(path, { portionBudget: 1 });
    await first.close();
    const again = () => DatasetStream.open(path, { portionBudget: 1, manifest: first.manifest });
    await (await again()).close();
    await replace(path, "valid.parquet", "1::INTEGER AS item");
    await expect(again()).rejects.toThrow(changed("dataset.json").slice(2));
  });

  test("and was not read before is found out by the manifest beside it", async () => {
    const path = await fresh("late");
    const stream = await DatasetStream.open(path, { portionBudget: 1 });
    await replace(path, "valid.parquet", "1::INTEGER AS item");
    await expect(stream.filePortions("valid")).rejects.toThrow(changed("dataset.json").slice(2));
    await stream.close();
  });
});
