/** Looks for damage in datasets and runs, and in all that lie in a folder, without changing anything. */

import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { MANIFEST_FILE } from "../dataset/layout.ts";
import { failure } from "../errors/failure.ts";
import { fileError } from "../files/failures.ts";
import { path } from "../options/pieces.ts";
import { checkListener, checkOptions } from "../options/problems.ts";
import { runFiles } from "../run/run-folder.ts";
import { verifyDataset } from "./dataset.ts";
import { verifyRun } from "./run.ts";
import type { Verification } from "./verified.ts";

/**
 * Verifies the datasets and runs at `paths`, and those in folders below them.
 * @param onProgress called as each is done, with how many are known by then
 * @throws UserError where a path cannot be read, or leads to neither. Damage is no error, but part of the result.
 */
export async function verify(
  paths: readonly string[],
  onProgress?: (done: number, total: number) => void,
): Promise<Verification[]> {
  checkOptions("verify", z.object({ paths: z.array(path) }), { paths });
  checkListener("verify", onProgress);
  const found = (await Promise.all(paths.map(findIn))).flat();
  const verifications: Verification[] = [];
  for (const { path, look } of found) {
    verifications.push(await look(path));
    onProgress?.(verifications.length, found.length);
  }
  return verifications;
}

interface Found {
  readonly path: string;
  readonly look: (path: string) => Promise<Verification>;
}

async function findIn(path: string): Promise<Found[]> {
  const { isFolder, reason } = await stat(path).then(
    (found) => ({ isFolder: found.isDirectory(), reason: undefined }),
    (error: unknown) => ({ isFolder: false, reason: error }),
  );
  if (reason !== undefined) throw fileError(reason, "verify", path);
  const found = isFolder ? await below(path) : [];
  if (found.length === 0) throw failure("file.not-verifiable", { path });
  return found;
}

/** The datasets and runs in a folder. There are none within one. */
async function below(path: string): Promise<Found[]> {
  if (existsSync(join(path, MANIFEST_FILE))) return [{ path, look: verifyDataset }];
  const { config, summary: _, ...own } = runFiles(path);
  if (Object.values(own).some((file) => existsSync(file))) return [{ path, look: verifyRun }];
  const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    throw fileError(error, "read", path);
  });
  const found: Found[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.isDirectory()) found.push(...(await below(join(path, entry.name))));
  }
  // Of a run that has just begun there is no more; beside runs it may be anybody's, as summary.json is also a report's.
  return found.length === 0 && existsSync(config) ? [{ path, look: verifyRun }] : found;
}
