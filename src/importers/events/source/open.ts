/** Files of a source as rows of texts, by their formats. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { withoutAddress } from "../../../errors/addresses.ts";
import { failure } from "../../../errors/failure.ts";
import { openCsv } from "./csv.ts";
import type { Format, Layout } from "./layout.ts";
import { openNdjson } from "./ndjson.ts";
import { openParquet } from "./parquet.ts";
import { plain } from "./plain.ts";
import type { TextRows } from "./rows.ts";
import { numberText } from "./rules.ts";
import { formatOf, type SourceFile } from "./source.ts";

/** Keys of a layout that mean nothing to a format. */
const UNUSED: Readonly<Record<Format, readonly (keyof Layout)[]>> = {
  csv: [],
  tsv: [],
  ndjson: ["delimiter", "quote", "header"],
  parquet: ["delimiter", "quote", "header", "encoding"],
};

/**
 * @param folder where a copy may lie until all is read
 * @throws UserError where the file cannot be read, or is not of the layout
 */
export async function openFile(
  connection: DuckDBConnection,
  file: SourceFile,
  layout: Layout,
  folder: string,
): Promise<TextRows> {
  const format = formatOf(file, layout);
  const unused = UNUSED[format].find((key) => layout[key] !== undefined);
  if (unused !== undefined) throw failure("source.unused-layout", { source: file.name, format, key: unused });
  const readable = await plain(file, format, layout, folder);
  switch (format) {
    case "csv":
    case "tsv":
      return await openCsv(connection, readable, { format, layout });
    case "ndjson":
      return openNdjson(connection, readable);
    case "parquet":
      return await openParquet(connection, readable.path, readable.name);
  }
}

/** @throws UserError where a table of a database is said to be written in some way: it is not */
export function checkNoLayout(source: string, layout: Layout): void {
  const [key] = Object.keys(layout);
  if (key === undefined) return;
  throw failure("source.unused-layout", { source: withoutAddress(source), format: "a table of a database", key });
}

/** The rows of a copy of a Postgres table. */
export function openCopied(
  connection: DuckDBConnection,
  path: string,
  { name, reals }: { name: string; reals: ReadonlySet<string> },
) {
  const convert = (column: string, text: string) => (reals.has(column) ? numberText(`${text}::DOUBLE`) : text);
  const copy: SourceFile = { name, path, bytes: 0, isPipe: false, format: "csv", compression: "none" };
  return openCsv(connection, copy, { format: "csv", layout: { delimiter: "," }, convert });
}
