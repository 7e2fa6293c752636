/**
 * A dataset folder as tables of SQL, every file checked. What is asked of them is answered by DuckDB with bounded memory,
 * spilling to disk, so a dataset may be larger than memory; only aggregates leave it.
 *
 *   sequences     sequence (its row), items[], times[], training
 *   lengths       sequence, behaviours, ordered: whether its times never fall
 *   samples       split (0 train, 1 valid, 2 test), row, label, time, sequence, position, length, item, a column per
 *                 user and context field
 *   catalogue     row, a column per item field
 *   user_counts   sequence, and of each split s the samples n<s> and clicks k<s>
 *   item_counts   the same of each candidate
 */
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { SPLITS } from "../../dataset/dataset.ts";
import type { Manifest } from "../../dataset/manifest.ts";
import { literalPath, reason } from "../../dataset/sql.ts";
import { UserError } from "../../errors.ts";
import { FIELD_KINDS, type FieldKind } from "../../features/schema.ts";

/** A field and the column that holds its ids, named so that no field's name can be in the way. */
export interface FieldColumn {
  readonly name: string;
  readonly kind: FieldKind;
  /** Known values and the unknown one. */
  readonly size: number;
  readonly column: string;
}

export interface DatasetTables {
  readonly directory: string;
  readonly manifest: Manifest;
  /** All fields: user, item, context. */
  readonly fields: readonly FieldColumn[];
  /** Runs a statement. */
  run(sql: string): Promise<void>;
  /** The rows of a query: aggregates, so they are few. Whole numbers of any type come as numbers. */
  rows<T>(sql: string): Promise<T[]>;
}

/** Of each split the samples n<s> and clicks k<s>, as columns of an aggregate over `samples`. */
export const COUNTS = SPLITS.flatMap((_, s) => [
  `count(*) FILTER (WHERE split = ${s}) AS n${s}`,
  `coalesce(sum(label) FILTER (WHERE split = ${s}), 0) AS k${s}`,
]).join(", ");

/**
 * Checks the files of a dataset and makes the tables above of them.
 * @throws UserError that names file, row and value where they are damaged or do not agree with the manifest
 */
export async function openTables(
  connection: DuckDBConnection,
  directory: string,
  manifest: Manifest,
  onFile: (file: string) => void,
): Promise<DatasetTables> {
  const fields = FIELD_KINDS.flatMap((kind) =>
    manifest.fields[kind].map(({ name, size }) => ({ name, size, kind })),
  ).map((field, index) => ({ ...field, column: `f${index}` }));
  const tables: DatasetTables = {
    directory,
    manifest,
    fields,
    run: async (sql) => {
      await connection.run(sql);
    },
    rows: async <T>(sql: string) => {
      const result = await connection.runAndReadAll(sql);
      return result.getRowObjectsJS().map((row) => plain(row) as T);
    },
  };
  await openCatalogue(tables);
  onFile("items.parquet");
  await openSequences(tables);
  onFile("sequences.parquet");
  for (const split of SPLITS) {
    await openSamples(tables, split);
    onFile(`${split}.parquet`);
  }
  await tables.run(`CREATE VIEW samples AS ${SPLITS.map((split) => `FROM samples_${split}`).join(" UNION ALL ")}`);
  await tables.run(`CREATE TEMP TABLE user_counts AS SELECT sequence, ${COUNTS} FROM samples GROUP BY sequence`);
  await tables.run(`CREATE TEMP TABLE item_counts AS SELECT item, ${COUNTS} FROM samples GROUP BY item`);
  return tables;
}

/** Whole numbers of 64 bits and more become numbers, in structures too. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

/** What must not be in a row: a condition, and the text that tells what was found there. Both are SQL. */
interface Fault {
  readonly when: string;
  readonly found: string;
}

/** A number that is missing or not in [least, most]; `most` may be SQL. */
function outside(name: string, column: string, most: number | string, least = 0): Fault {
  return {
    when: `NOT coalesce(${column} BETWEEN ${least} AND ${most}, false)`,
    found: `'${name} ' || coalesce(${column}::VARCHAR, 'null') || ', expected ${least} to ' || ${most}`,
  };
}

/** The times that are dates: 8.64e15 milliseconds to either side of 1970. */
const FARTHEST = 8_640_000_000_000_000;

/**
 * Makes a view of some columns of a Parquet file and their row, and looks for faults in `from`, where the view is joined
 * with what the conditions need.
 */
async function openFile(
  { directory, run, rows }: DatasetTables,
  file: string,
  { view, columns, expected, from, faults }: OpenFile,
): Promise<void> {
  const path = join(directory, file);
  const list = columns.map(([name, type, as]) => `"${name}"::${type} AS "${as ?? name}"`).join(", ");
  const checks = faults.flatMap(({ when, found }, i) => [
    `min(row_number) FILTER (WHERE ${when}) AS row${i}`,
    `arg_min(${found}, row_number) FILTER (WHERE ${when}) AS found${i}`,
  ]);
  let checked: Record<string, unknown>;
  try {
    await run(
      `CREATE VIEW ${view} AS SELECT file_row_number AS row_number, ${list}
       FROM read_parquet(${literalPath(path)}, file_row_number = true)`,
    );
    [checked] = await rows<Record<string, unknown>>(
      `SELECT count(*) AS count, ${checks.join(", ")} FROM ${from ?? view}`,
    );
  } catch (error) {
    throw new UserError(`cannot read ${path}: ${reason(error)}`);
  }
  if (checked.count !== expected) {
    throw new UserError(`${path} has ${checked.count} rows, dataset.json says ${expected}`);
  }
  for (const i of faults.keys()) {
    if (checked[`row${i}`] === null) continue;
    throw new UserError(`${path} is damaged: row ${checked[`row${i}`]} has ${checked[`found${i}`]}`);
  }
}

interface OpenFile {
  readonly view: string;
  readonly columns: readonly (readonly [name: string, type: string, as?: string])[];
  readonly expected: number;
  readonly from?: string;
  readonly faults: readonly Fault[];
}

async function openCatalogue(tables: DatasetTables): Promise<void> {
  const own = tables.fields.filter(({ kind }) => kind === "item");
  await openFile(tables, "items.parquet", {
    view: "catalogue",
    columns: [["row", "INTEGER"], ...own.map(({ name, column }) => [name, "INTEGER", column] as const)],
    expected: tables.manifest.counts.items + 1,
    faults: [
      { when: "row IS DISTINCT FROM row_number", found: "'row ' || coalesce(row::VARCHAR, 'null') || ' as its name'" },
      ...own.map(({ name, column, size }) => outside(name, column, size - 1)),
    ],
  });
}

async function openSequences(tables: DatasetTables): Promise<void> {
  const { directory, manifest, run, rows } = tables;
  const { sequences, items, behaviours, trainingBehaviours } = manifest.counts;
  const catalogueRows = (column: string): Fault => ({
    when: `NOT coalesce(list_count(${column}) = len(items) AND coalesce(list_min(${column}) >= 0, true)
           AND coalesce(list_max(${column}) <= ${items}, true), false) OR len(${column}) <> len(items)`,
    found: `'${column} that are not all rows of a catalogue of ${items}'`,
  });
  await openFile(tables, "sequences.parquet", {
    view: "stored_sequences",
    columns: [
      ["items", "INTEGER[]"],
      ["times", "BIGINT[]"],
      ["training", "INTEGER"],
      ...(manifest.unclicked ? [["unclicked", "INTEGER[]"] as const] : []),
    ],
    expected: sequences,
    faults: [
      catalogueRows("items"),
      {
        when: "NOT coalesce(list_count(times) = len(items) AND len(times) = len(items), false)",
        found: "coalesce(list_count(times), 0) || ' times of ' || len(items) || ' behaviours'",
      },
      outside("training", "training", "len(items)"),
      ...(manifest.unclicked ? [catalogueRows("unclicked")] : []),
    ],
  });
  await run(
    `CREATE VIEW sequences AS SELECT row_number::INTEGER AS sequence, * EXCLUDE (row_number) FROM stored_sequences`,
  );
  await run(
    `CREATE TEMP TABLE lengths AS
     SELECT sequence, len(items)::INTEGER AS behaviours, times = list_sort(times) AS ordered FROM sequences`,
  );
  const [found] = await rows<{ behaviours: number; training: number }>(
    `SELECT coalesce(sum(len(items)), 0) AS behaviours, coalesce(sum(training), 0) AS training FROM sequences`,
  );
  if (found.behaviours !== behaviours || found.training !== trainingBehaviours) {
    throw new UserError(
      `${join(directory, "sequences.parquet")} has ${found.behaviours} behaviours, ${found.training} of them for training, dataset.json says ${behaviours} and ${trainingBehaviours}`,
    );
  }
}

async function openSamples(tables: DatasetTables, split: (typeof SPLITS)[number]): Promise<void> {
  const { manifest, fields, run } = tables;
  const { counts, maxHistory, window, probability } = manifest;
  const own = fields.filter(({ kind }) => kind !== "item");
  const view = `stored_${split}`;
  await openFile(tables, `${split}.parquet`, {
    view,
    columns: [
      ["label", "INTEGER"],
      ["time", "BIGINT"],
      ...["sequence", "position", "length", "item"].map((name) => [name, "INTEGER"] as const),
      ...own.map(({ name, column }) => [name, "INTEGER", column] as const),
      ...(probability ? [["probability", "FLOAT"] as const] : []),
    ],
    expected: counts[split],
    from: `${view} LEFT JOIN lengths USING (sequence)`,
    faults: [
      outside("label", "label", 1),
      outside("time", "time", FARTHEST, -FARTHEST),
      outside("sequence", "sequence", counts.sequences - 1),
      outside("item", "item", counts.items),
      ...own.map(({ name, column, size }) => outside(name, column, size - 1)),
      ...(probability ? [outside("probability", "probability", 1)] : []),
      outside("position", "position", "behaviours"),
      {
        when: `NOT coalesce(length ${window === null ? "=" : "BETWEEN 0 AND"} least(position, ${maxHistory}), false)`,
        found: `'length ' || coalesce(length::VARCHAR, 'null') || ' at position ' || position || ' with histories of at most ${maxHistory}'`,
      },
    ],
  });
  await run(
    `CREATE VIEW samples_${split} AS
     SELECT ${SPLITS.indexOf(split)}::UTINYINT AS split, row_number AS row, * EXCLUDE (row_number) FROM ${view}`,
  );
}
