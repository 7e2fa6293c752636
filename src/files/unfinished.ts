/** What stands under a temporary name at this moment, so that a process that is about to end can put it away. */
import { rmSync } from "node:fs";
import { rm } from "node:fs/promises";

const unfinished = new Set<string>();

/** Runs `work`, which makes use of `temporary`, a file or folder: when it fails, or the process ends, that is removed. */
export async function withTemporary<T>(temporary: string, work: () => Promise<T>): Promise<T> {
  return await whileUnfinished(temporary, async () => {
    try {
      return await work();
    } catch (error) {
      // Where that fails too, it stays with the claim it was written under, and the first failure is told.
      await rm(temporary, { recursive: true, force: true }).catch(() => {});
      throw error;
    }
  });
}

/** Runs `work`: when the process ends meanwhile, `temporary` is removed. */
export async function whileUnfinished<T>(temporary: string, work: () => Promise<T>): Promise<T> {
  unfinished.add(temporary);
  try {
    return await work();
  } finally {
    unfinished.delete(temporary);
  }
}

/**
 * Removes what is unfinished, for a process that is about to end, the latest first. It may still be written to: hence
 * the retries. What cannot be removed stays with the claim it was written under, for the next holder.
 */
export function removeUnfinished(): void {
  try {
    for (const path of [...unfinished].reverse()) rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    // The process ends; there is nobody left to tell.
  }
}
