/** Stands in for the loader of all kinds of sources: CSV and Parquet alone, times in milliseconds. */
import type { DuckDBConnection } from "@duckdb/node-api";
import type { OnProgress } from "../dataset.ts";
import type { InputFile } from "../manifest.ts";
import { quote } from "../sql.ts";
import type { LogColumns } from "./table.ts";

export interface LoadOptions {
  readonly utcOffset: number;
  readonly skipBadRows: boolean;
  readonly workFolder: string;
  readonly unique?: "user" | "item";
  readonly onProgress?: OnProgress;
}

export async function loadTable(
  connection: DuckDBConnection,
  table: string,
  source: string,
  columns: LogColumns,
  _: LoadOptions,
): Promise<{ rows: number; skipped: number; told: string[]; inputs: InputFile[] }> {
  const { user, item, time, label, type, fields } = columns;
  const keys = { user, item, time, label, type };
  const types = { user: "VARCHAR", item: "VARCHAR", time: "BIGINT", label: "TINYINT", type: "VARCHAR" } as const;
  const list = [
    ...Object.entries(keys).flatMap(([name, column]) =>
      column === undefined ? [] : [`"${column}"::${types[name as keyof typeof types]} AS "${name}"`],
    ),
    ...fields.map(({ name, column }) => `"${column}"::VARCHAR AS "f_${name}"`),
  ];
  const from = source.endsWith(".parquet") ? quote(source) : `read_csv(${quote(source)}, all_varchar = true)`;
  await connection.run(`CREATE TABLE "${table}" AS SELECT ${list.join(", ")} FROM ${from}`);
  return { rows: 0, skipped: 0, told: [], inputs: [] };
}
