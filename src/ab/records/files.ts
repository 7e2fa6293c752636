/**
 * The files of records: `KIND-NUMBER.ndjson`, to which a server appends, and `KIND-NUMBER.parquet`, which takes its place
 * when it is full. Where a kill has left both, the Parquet file is whole, and the other one counts no more.
 */
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { KINDS, type Kind } from "./rows.ts";

const FORMATS = ["ndjson", "parquet"] as const;
export type RecordFormat = (typeof FORMATS)[number];

const NAME = new RegExp(`^(${KINDS.join("|")})-(\\d{8})\\.(${FORMATS.join("|")})$`);

export interface RecordFile {
  readonly kind: Kind;
  readonly number: number;
  readonly format: RecordFormat;
}

export function nameOf({ kind, number, format }: RecordFile): string {
  return `${kind}-${String(number).padStart(8, "0")}.${format}`;
}

/** The files of records in a folder, the oldest first, those too that count no more. @throws the system's error */
export async function filesIn(folder: string): Promise<RecordFile[]> {
  const files = (await readdir(folder)).flatMap((name): RecordFile[] => {
    const [, kind, number, format] = NAME.exec(name) ?? [];
    return kind === undefined ? [] : [{ kind: kind as Kind, number: Number(number), format: format as RecordFormat }];
  });
  return files.sort((a, b) => a.number - b.number || a.kind.localeCompare(b.kind));
}

export const isParquet = (path: string) => path.endsWith(".parquet");

/** The Parquet file that takes the place of a file. */
export const parquetOf = (path: string) => join(dirname(path), basename(path).replace(/\.ndjson$/, ".parquet"));

/** Those of `paths` that count. */
export function counting(paths: readonly string[]): string[] {
  const all = new Set(paths);
  return [...all].filter((path) => !path.endsWith(".ndjson") || !all.has(parquetOf(path)));
}
