/** Files of a source as rows of texts, by their formats. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { openCsv } from "./csv.ts";
import { openNdjson } from "./ndjson.ts";
import { openParquet } from "./parquet.ts";
import type { TextRows } from "./rows.ts";
import { numberText } from "./rules.ts";
import type { SourceFile } from "./source.ts";

export function openFile(
  connection: DuckDBConnection,
  { path, format, compression }: SourceFile,
): Promise<TextRows> | TextRows {
  switch (format) {
    case "csv":
      return openCsv(connection, path, { name: path, compression });
    case "tsv":
      return openCsv(connection, path, { name: path, delimiter: "\t", compression });
    case "ndjson":
      return openNdjson(connection, path, path, compression);
    case "parquet":
      return openParquet(connection, path, path);
  }
}

/** The rows of a copy of a Postgres table. */
export function openCopied(
  connection: DuckDBConnection,
  path: string,
  { name, reals }: { name: string; reals: ReadonlySet<string> },
) {
  const convert = (column: string, text: string) => (reals.has(column) ? numberText(`${text}::DOUBLE`) : text);
  return openCsv(connection, path, { name, delimiter: ",", compression: "none", convert });
}
