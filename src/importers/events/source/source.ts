/** What a source that is no database names: files of known formats. */
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { fileFailure } from "../../../database/errors.ts";
import { quote } from "../../../database/sql.ts";
import { isAddress, withoutAddress } from "../../../errors/addresses.ts";
import { failure } from "../../../errors/failure.ts";
import { fileError, unlessAbsent } from "../../../files/failures.ts";
import { FORMATS, type Format, type Layout } from "./layout.ts";

export const COMPRESSIONS = { "": "none", ".gz": "gzip", ".zst": "zstd" } as const;
export type Compression = (typeof COMPRESSIONS)[keyof typeof COMPRESSIONS];

export interface SourceFile {
  /** As errors call it. */
  readonly name: string;
  /** Where it lies: of a pipe that was received, its copy. */
  readonly path: string;
  readonly bytes: number;
  /** What can be read once, from its beginning to its end. */
  readonly isPipe: boolean;
  /** What the ending of its name says; undefined where that says nothing. */
  readonly format: Format | undefined;
  readonly compression: Compression;
  /** Whether this is a copy in another encoding or form. */
  readonly isConverted?: boolean;
}

const ENDINGS: Readonly<Record<string, Format>> = {
  csv: "csv",
  tsv: "tsv",
  parquet: "parquet",
  ndjson: "ndjson",
  jsonl: "ndjson",
  json: "ndjson",
};
const LIST = ".csv, .tsv, .ndjson, .jsonl and .json, each perhaps with .gz or .zst, and .parquet";
/** Node makes pipes to its children that Linux does not open by these names. */
export const STANDARD_INPUT = ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];

/**
 * The files of a path or a pattern (as of DuckDB: *, ?, [ab] and **), sorted by name. A path that exists is that file,
 * whatever characters it is made of.
 * @throws UserError where there is none, or one is a folder or a device
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
      const isPipe = found !== undefined && (found.isFIFO() || (found.isSocket() && STANDARD_INPUT.includes(path)));
      if (!found?.isFile() && !isPipe) throw failure("source.no-file", { path });
      return { name: path, path, bytes: isPipe ? 0 : found.size, isPipe, ...endingOf(path) };
    }),
  );
}

/** @throws UserError where neither the layout nor the name of a file says its format */
export function formatOf({ name, format, compression }: SourceFile, layout: Layout): Format {
  const found = layout.format ?? format;
  if (found === undefined || (found === "parquet" && compression !== "none")) {
    throw failure("source.unknown-format", { path: name, known: LIST, formats: FORMATS });
  }
  return found;
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

function endingOf(path: string): Pick<SourceFile, "format" | "compression"> {
  const [, name, packed = ""] = /^(.*?)(\.gz|\.zst)?$/is.exec(basename(path))!;
  const [, ending = ""] = /\.([a-z]+)$/i.exec(name) ?? [];
  const compression = COMPRESSIONS[packed.toLowerCase() as keyof typeof COMPRESSIONS];
  return { format: ENDINGS[ending.toLowerCase()], compression };
}
