/** The formats of tables and how their files' names end: apart, since the commands' help must not wait for DuckDB. */
export const TABLE_FORMATS = ["csv", "ndjson", "parquet"] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];

export const EXTENSIONS: Readonly<Record<TableFormat, string>> = {
  csv: "csv",
  ndjson: "ndjson.gz",
  parquet: "parquet",
};
