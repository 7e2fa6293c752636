/** What a source that is no database names: files of known formats. */
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { fileFailure } from "../../../database/errors.ts";
import { quote } from "../../../database/sql.ts";
import { isAddress, withoutAddress } from "../../../errors/addresses.ts";
import { failure } from "../../../errors/failure.ts";
import { fileError, unlessAbsent } from "../../../files/failures.ts";

export const COMPRESSIONS = { "": "none", ".gz": "gzip", ".zst": "zstd" } as const;
export type Compression = (typeof COMPRESSIONS)[keyof typeof COMPRESSIONS];

export interface SourceFile {
  readonly path: string;
  readonly bytes: number;
  readonly format: "csv" | "tsv" | "ndjson" | "parquet";
  readonly compression: Compression;
}

const FORMATS: Readonly<Record<string, SourceFile["format"]>> = {
  csv: "csv",
  tsv: "tsv",
  parquet: "parquet",
  ndjson: "ndjson",
  jsonl: "ndjson",
  json: "ndjson",
};
const LIST = ".csv, .tsv, .ndjson, .jsonl and .json, each perhaps with .gz or .zst, and .parquet";

/**
 * The files of a path or a pattern (as of DuckDB: *, ?, [ab] and **), sorted by name. A path that exists is that file,
 * whatever characters it is made of.
 * @throws UserError where there is none, or one is a folder, or its format is not known
 */
export async function findFiles(connection: DuckDBConnection, source: string): Promise<SourceFile[]> {
  const literal = await look(source);
  if (literal === undefined && isAddress(source)) {
    throw failure("source.unsupported", { source: withoutAddress(source) });
  }
  const paths = literal === undefined ? await expand(connection, source) : [source];
  if (paths.length === 0) {
    const isPattern = /[*?[]/.test(source);
    throw isPattern ? failure("source.no-match", { source }) : failure("file.absent", { action: "read", path: source });
  }
  return Promise.all(
    paths.map(async (path) => {
      const found = await look(path);
      if (!found?.isFile()) throw failure("source.no-file", { path });
      return { path, bytes: found.size, ...formatOf(path) };
    }),
  );
}

async function look(path: string) {
  return await stat(path)
    .catch(unlessAbsent)
    .catch((error) => {
      throw fileError(error, "read", path);
    });
}

async function expand(connection: DuckDBConnection, pattern: string): Promise<string[]> {
  const result = await connection.runAndReadAll(`SELECT file FROM glob(${quote(pattern)})`).catch((error: unknown) => {
    throw fileFailure(error, "read", pattern);
  });
  const bare = (path: string) => (pattern.startsWith("./") ? path : path.replace(/^\.\//, ""));
  const files = result.getRowsJS().map(([file]) => bare(String(file)));
  return files.sort((a, b) => (a < b ? -1 : 1));
}

function formatOf(path: string): Pick<SourceFile, "format" | "compression"> {
  const [, ending = "", packed = ""] = /\.([a-z]+?)(\.gz|\.zst)?$/i.exec(basename(path)) ?? [];
  const format = FORMATS[ending.toLowerCase()];
  const compression = COMPRESSIONS[packed.toLowerCase() as keyof typeof COMPRESSIONS];
  if (format === undefined || (format === "parquet" && compression !== "none")) {
    throw failure("source.unknown-format", { path, known: LIST });
  }
  return { format, compression };
}
