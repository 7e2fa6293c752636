/**
 * What a process that died while it held a claim had under way. Everything that is written aside carries the claim's id
 * in its name, so it is known exactly; nothing else is ever removed.
 *
 *   NAME.tmp-ID   not finished, or what was replaced by an exchange of names
 *   NAME.old-ID   what stood at NAME, where names cannot be exchanged
 */
import { existsSync } from "node:fs";
import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileError } from "./failures.ts";

export const temporaryName = (path: string, id: string) => `${path}.tmp-${id}`;
export const earlierName = (path: string, id: string) => `${path}.old-${id}`;

/** Whether a name was given by the holder of a claim with one of these ids. */
export function isLeftover(name: string, ids: readonly string[]): boolean {
  return ids.some((id) => name.endsWith(temporaryName("", id)) || name.endsWith(earlierName("", id)));
}

/** What was left in a folder, at any depth. Links are not followed; where a folder cannot be read, nothing was written. */
export async function leftIn(folder: string, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const left: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (isLeftover(entry.name, ids)) left.push(path);
    else if (entry.isDirectory()) left.push(...(await leftIn(path, ids).catch(() => [])));
  }
  return left;
}

/** What was left of replacing `path`. */
export function replacementsLeft(path: string, ids: readonly string[]): string[] {
  return ids.flatMap((id) => [earlierName(path, id), temporaryName(path, id)]).filter((name) => existsSync(name));
}

/** Removes what was left in a folder. Returns what was done, in words. */
export async function clearFolder(folder: string, ids: readonly string[]): Promise<string[]> {
  const done: string[] = [];
  for (const name of await leftIn(folder, ids)) done.push(await remove(name));
  return done;
}

/** Finishes or undoes the replacement of `path`. Returns what was done, in words. */
export async function finishReplacement(path: string, ids: readonly string[]): Promise<string[]> {
  const done: string[] = [];
  for (const id of ids) {
    // Between two renames: what was there comes back.
    if (existsSync(path) || !existsSync(earlierName(path, id))) continue;
    await rename(earlierName(path, id), path);
    done.push("what stood there before is back");
  }
  for (const name of replacementsLeft(path, ids)) done.push(await remove(name));
  return done;
}

/** Removes a file or folder that is of no use any more. That it stays is no failure of the work. */
export async function remove(path: string): Promise<string> {
  try {
    await rm(path, { recursive: true, force: true });
    return `${path} was removed`;
  } catch (error) {
    return (fileError(error, "remove", path) as Error).message;
  }
}
