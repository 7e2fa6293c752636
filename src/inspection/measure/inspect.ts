/** A look at a dataset folder before anybody trains on it: what is in it, and what is wrong with it. */

import { availableParallelism } from "node:os";
import type { DuckDBConnection } from "@duckdb/node-api";
import { fileFailure } from "../../database/errors.ts";
import { withDuckDB } from "../../database/open.ts";
import { SPLITS } from "../../dataset/dataset.ts";
import { type Manifest, readManifest } from "../../dataset/manifest.ts";
import { checkFolder } from "../../dataset/scan.ts";
import { VerifiedFiles } from "../../dataset/verified-files.ts";
import { failure, isFailure } from "../../errors/failure.ts";
import { withTemporaryFolder } from "../../files/scratch.ts";
import { checkListener, checkPath } from "../../options/problems.ts";
import { measureCold } from "./cold.ts";
import { countSplits, type SplitCounts } from "./counts.ts";
import { openTables } from "./database.ts";
import { findDominant } from "./dominant.ts";
import { type FieldNumbers, measureField } from "./fields.ts";
import { measureHistories } from "./histories.ts";
import { findLeaks } from "./leaks.ts";
import type { DatasetNumbers } from "./numbers.ts";
import { measureReturns } from "./returns.ts";
import { measureTimeline } from "./timeline.ts";
import { type Warning, warningsOf } from "./warnings.ts";

export interface DatasetInspection extends DatasetNumbers {
  /** The gravest first. */
  readonly warnings: readonly Warning[];
  readonly seconds: number;
}

/** Whatever the dataset's size: what needs more spills to the folder for temporary files. */
const MEMORY_LIMIT = "2GB";
/** More of them would leave each too little of it. */
const MOST_THREADS = 8;

/**
 * Inspects a dataset folder of any size.
 * @param onProgress called with the part that is done, how many are, and of how many
 * @throws UserError where `directory` is no dataset or damaged, or the disk has no room to spill
 */
export async function inspectDataset(
  directory: string,
  onProgress?: (part: string, done: number, total: number) => void,
): Promise<DatasetInspection> {
  checkPath("inspectDataset", "directory", directory);
  checkListener("inspectDataset", onProgress);
  const start = performance.now();
  const manifest = await readManifest(directory);
  const files = new VerifiedFiles(directory, manifest);
  const { user, item, context } = manifest.fields;
  const fieldCount = user.length + item.length + context.length;
  const total = 2 + SPLITS.length + fieldCount + 7 + fieldCount;
  let done = 0;
  const report = (part: string) => onProgress?.(part, ++done, total);
  const numbers = await withSpace(directory, async (temp_directory) => {
    const limits = { memory_limit: MEMORY_LIMIT, temp_directory };
    await withDuckDB((connection) => checkFolder({ connection, directory, manifest, files }, report), limits);
    const measure = (connection: DuckDBConnection) =>
      files.useAgain(async () => {
        const part = async <T>(name: string, measured: Promise<T>) => {
          const numbers = await measured;
          report(name);
          return numbers;
        };
        const tables = await openTables(connection, directory, manifest);
        const splits = withTimes(manifest, await part("counts", countSplits(tables)));
        const histories = await part("histories", measureHistories(tables));
        const fields: FieldNumbers[] = [];
        for (const field of tables.fields) fields.push(await part(field.name, measureField(tables, field, splits)));
        const timeline = await part("timeline", measureTimeline(tables, splits));
        const cold = await part("cold start", measureCold(tables));
        const returns = await part("returns", measureReturns(tables, splits));
        const leaks = await part("leaks", findLeaks(tables));
        const dominant = await part("users", findDominant(tables));
        return { splits, histories, fields, timeline, cold, returns, leaks, dominant };
      });
    const threads = String(Math.min(availableParallelism(), MOST_THREADS));
    return await withDuckDB(measure, { ...limits, threads, preserve_insertion_order: "false" });
  });
  const { importer, protocol, maxHistory, window, timeFormat, counts } = manifest;
  const { users, sequences, items, behaviours, trainingBehaviours } = counts;
  const all: DatasetNumbers = {
    importer,
    protocol,
    maxHistory,
    window,
    timeFormat,
    counts: { users, sequences, items, behaviours, trainingBehaviours },
    ...numbers,
  };
  return { ...all, warnings: warningsOf(all), seconds: (performance.now() - start) / 1000 };
}

/** Of samples whose times are places of rows there is no first and no last moment. */
function withTimes({ clock }: Manifest, splits: readonly SplitCounts[]): readonly SplitCounts[] {
  return clock === "time" ? splits : splits.map((split) => ({ ...split, first: null, last: null }));
}

/** Gives `work` a folder to spill to, which is removed however it ends. */
async function withSpace<T>(directory: string, work: (folder: string) => Promise<T>): Promise<T> {
  return await withTemporaryFolder("dien-inspect", work).catch((error: unknown) => {
    if (isFailure(error, "file.no-room")) {
      throw failure("dataset.not-inspected", { path: directory, reason: error.values.reason }, error.cause);
    }
    throw fileFailure(error, "inspect", directory);
  });
}
