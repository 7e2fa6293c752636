/** A healthy dataset, and how to spoil it: files of a dataset folder written anew by SQL. */
import { createHash } from "node:crypto";
import { readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { withDuckDB } from "../../src/database/open.ts";
import { literalPath } from "../../src/database/sql.ts";
import type { Split } from "../../src/dataset/dataset.ts";
import type { DatasetSource, RawSamples } from "../../src/dataset/source.ts";
import { editSealed } from "./sealed.ts";

const DAY = 86_400_000;
/** Of the first behaviours. */
export const START = Date.UTC(2024, 0, 1);

/** A healthy log of impressions: 40 users with 8 behaviours each, a sample of either label after each from the fourth on. */
export function healthy(): DatasetSource {
  const [users, behaviours, items] = [40, 8, 20];
  const samplesOf = (positions: readonly number[]): RawSamples => {
    const columns = { label: [], sequence: [], position: [], item: [], time: [], hour: [] } as Record<string, number[]>;
    for (let u = 0; u < users; u++) {
      for (const position of positions) {
        for (const label of [0, 1]) {
          columns.label.push(label);
          columns.sequence.push(u);
          columns.position.push(position);
          columns.item.push(1 + ((7 * u + 3 * position + 11 * label) % items));
          columns.time.push(START + position * DAY - 3_600_000);
          columns.hour.push((u + position) % 2);
        }
      }
    }
    return {
      label: columns.label,
      sequence: Int32Array.from(columns.sequence),
      position: Int32Array.from(columns.position),
      item: Int32Array.from(columns.item),
      time: Float64Array.from(columns.time),
      context: [Int32Array.from(columns.hour)],
    };
  };
  const names = Array.from({ length: users }, (_, u) => `user ${u}`);
  const all = Array.from({ length: items }, (_, i) => i);
  return {
    importer: "test",
    protocol: "impressions",
    seed: 1,
    settings: {},
    inputs: [],
    dropped: {},
    maxHistory: 10,
    users: names,
    offsets: Int32Array.from({ length: users + 1 }, (_, u) => u * behaviours),
    items: Int32Array.from({ length: users * behaviours }, (_, i) => 1 + (i % items)),
    times: Float64Array.from({ length: users * behaviours }, (_, i) => START + (i % behaviours) * DAY),
    training: new Int32Array(users).fill(6),
    userFields: [{ name: "user", values: names }],
    itemFields: [
      { name: "item", values: [null, ...all.map((i) => `item ${i}`)] },
      { name: "category", values: [null, ...all.map((i) => `category ${i % 4}`)] },
    ],
    contextFields: [{ name: "hour", values: ["morning", "evening"] }],
    samples: { train: samplesOf([4, 5, 6]), valid: samplesOf([7]), test: samplesOf([8]) },
  };
}

/** Writes a file of a dataset anew, with some columns replaced by others; `file_row_number` is the row. */
export async function replace(path: string, file: string, columns: string): Promise<void> {
  await writeAnew(path, file, `SELECT * EXCLUDE (file_row_number) REPLACE (${columns}) FROM numbered`);
}

/**
 * Writes a split anew by a query over `original`, its samples, in the order of the format, and corrects the manifest.
 * 'VALID' is the path of valid.
 */
export async function rewrite(path: string, split: Split, query: string): Promise<void> {
  const sql = query.replace("'VALID'", literalPath(join(path, "valid.parquet")));
  const count = await writeAnew(path, `${split}.parquet`, `FROM (${sql}) ORDER BY sequence, time, label`);
  edit(path, (manifest) => ({ ...manifest, counts: { ...manifest.counts, [split]: count } }));
}

/**
 * Writes a file of a dataset anew by a query over `original`, its rows, or `numbered`, which have a `file_row_number` too;
 * returns how many there are. The manifest vouches for what is there now.
 */
export async function writeAnew(path: string, file: string, query: string): Promise<number> {
  const [from, to] = [join(path, file), join(path, "edited")];
  const count = await withDuckDB(async (connection) => {
    await connection.run(`CREATE VIEW original AS FROM read_parquet(${literalPath(from)})`);
    await connection.run(`CREATE VIEW numbered AS FROM read_parquet(${literalPath(from)}, file_row_number = true)`);
    await connection.run(`COPY (${query}) TO ${literalPath(to)} (FORMAT parquet)`);
    const read = await connection.runAndReadAll(`SELECT count(*)::INTEGER FROM read_parquet(${literalPath(to)})`);
    return read.getRows()[0][0] as number;
  });
  renameSync(to, from);
  vouchFor(path, file);
  return count;
}

/** Writes down in the manifest what a file holds now. */
export function vouchFor(path: string, file: string): void {
  const bytes = readFileSync(join(path, file));
  const digest = { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  edit(path, (manifest) => ({ ...manifest, files: { ...manifest.files, [file]: digest } }));
}

/** Changes the manifest, which is sealed anew. */
// biome-ignore lint/suspicious/noExplicitAny: a test edits JSON that is meant to be wrong
export function edit(path: string, change: (manifest: any) => unknown): void {
  editSealed(join(path, "dataset.json"), change);
}
