/**
 * A dataset folder as tables of SQL. What is asked of them is answered by DuckDB with bounded memory, spilling to disk, so
 * a dataset may be larger than memory; only aggregates leave it.
 *
 *   sequences     sequence (its row), and the columns of the file
 *   lengths       sequence, user (by number), behaviours that the sequence before does not have, ordered: whether its times never fall
 *   samples       split (0 train, 1 valid, 2 test), row, user, and the columns of the files; also each split alone, without the user: samples_test
 *   catalogue     the columns of items.parquet
 *   vocabulary_f  the columns of the vocabulary of the field whose ids are in column f
 *   user_counts   user, and of each split s the samples n<s> and clicks k<s>
 *   item_counts   the same of each candidate
 */
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { literalPath } from "../../database/sql.ts";
import { SPLITS } from "../../dataset/dataset.ts";
import { type FormatFile, itemsFile, samplesFile, sequencesFile, vocabularyFile } from "../../dataset/layout.ts";
import type { Manifest } from "../../dataset/manifest.ts";
import { storedColumn } from "../../dataset/parquet.ts";
import type { ValueTransform } from "../../dataset/transform.ts";
import { FIELD_KINDS, type FieldKind } from "../../features/schema.ts";

/** Mean and standard deviation of a number in the training part. */
export type NumberScaling = Pick<ValueTransform, "mean" | "deviation">;

/** A field and the column that holds its ids, named so that no field's name can be in the way. */
export interface FieldColumn {
  readonly name: string;
  readonly kind: FieldKind;
  /** Known values and the unknown one; 0 of numbers. */
  readonly size: number;
  /** Whether a row has a list of ids. */
  readonly isList: boolean;
  /** Of a number: what it is a deviation from. */
  readonly number: NumberScaling | undefined;
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

/** Makes the tables above of a dataset whose files have been checked. */
export async function openTables(
  connection: DuckDBConnection,
  directory: string,
  manifest: Manifest,
): Promise<DatasetTables> {
  const fields = FIELD_KINDS.flatMap((kind) =>
    manifest.fields[kind].map(({ name, size, list, transform }) => ({
      ...{ name, size, kind, isList: list !== undefined },
      number: transform.kind === "value" ? transform : undefined,
    })),
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
  await openFile(tables, "catalogue", itemsFile(manifest));
  await openFile(tables, "sequences", sequencesFile(manifest), ["file_row_number::INTEGER AS sequence"]);
  const [user, ordered] = manifest.givenHistories
    ? ["owner", "true"]
    : ["sum((repeated = 0)::INTEGER) OVER (ORDER BY sequence) - 1", "times = list_sort(times)"];
  await tables.run(
    `CREATE TEMP TABLE lengths AS SELECT sequence, ${user} AS "user",
            len(items)::INTEGER - repeated AS behaviours, ${ordered} AS ordered FROM sequences`,
  );
  for (const [s, split] of SPLITS.entries()) {
    const place = [`${s}::UTINYINT AS split`, "file_row_number AS row"];
    await openFile(tables, `samples_${split}`, samplesFile(manifest, split), place);
  }
  const all = SPLITS.map((split) => `FROM samples_${split}`).join(" UNION ALL ");
  const { users, sequences } = manifest.counts;
  // Where nobody has several sequences, none has to be looked up.
  const ofUsers = users === sequences ? `SELECT *, sequence AS "user"` : `SELECT all_samples.*, "user"`;
  const lookUp = users === sequences ? "" : "JOIN lengths USING (sequence)";
  await tables.run(`CREATE VIEW samples AS ${ofUsers} FROM (${all}) AS all_samples ${lookUp}`);
  await tables.run(`CREATE TEMP TABLE user_counts AS SELECT "user", ${COUNTS} FROM samples GROUP BY "user"`);
  await tables.run(`CREATE TEMP TABLE item_counts AS SELECT item, ${COUNTS} FROM samples GROUP BY item`);
  for (const { name, size, column } of fields) {
    if (size > 0) await openFile(tables, `vocabulary_${column}`, vocabularyFile({ name, size }));
  }
  return tables;
}

/** Whole numbers of 64 bits and more become numbers, in structures too. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

/** Makes a view of a file: its columns, those of fields by the names of `FieldColumn`, and more that is computed. */
async function openFile(
  { directory, fields, run }: DatasetTables,
  view: string,
  { name, columns }: FormatFile,
  more: readonly string[] = [],
): Promise<void> {
  const list = columns.map((column) => {
    const field = column.ofField && fields.find((field) => field.name === column.name);
    return storedColumn(column, field ? field.column : column.name);
  });
  await run(
    `CREATE VIEW ${view} AS SELECT ${[...more, ...list].join(", ")}
     FROM read_parquet(${literalPath(join(directory, name))}, file_row_number = true)`,
  );
}
