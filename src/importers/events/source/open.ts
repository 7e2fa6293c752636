/** Files of a source as rows of texts, by their formats. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { openCsv } from "./csv.ts";
import { withoutPadding } from "./inputs.ts";
import { openNdjson } from "./ndjson.ts";
import { openParquet } from "./parquet.ts";
import type { TextRows } from "./rows.ts";
import { numberText } from "./rules.ts";
import type { SourceFile } from "./source.ts";

/** @param folder where a copy may lie until all is read */
export async function openFile(
  connection: DuckDBConnection,
  { path: name, format, compression }: SourceFile,
  folder: string,
): Promise<TextRows> {
  const path = compression === "gzip" ? await withoutPadding(name, folder) : name;
  switch (format) {
    case "csv":
      return await openCsv(connection, path, { name, compression });
    case "tsv":
      return await openCsv(connection, path, { name, delimiter: "\t", compression });
    case "ndjson":
      return openNdjson(connection, path, name, compression);
    case "parquet":
      return await openParquet(connection, path, name);
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
