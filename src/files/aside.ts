/**
 * Files as this project writes them: under another name first, then renamed, so that a kill at any moment leaves the old
 * file or the new one.
 */
import { rmSync } from "node:fs";
import { open, realpath, rename, rm, stat } from "node:fs/promises";
import { fileError, unlessAbsent } from "./failures.ts";

/** Files and folders that stand under a temporary name at this moment. */
const unfinished = new Set<string>();

/** Runs `work`, which makes use of `temporary`, a file or folder: when it fails, or the process ends, that is removed. */
export async function withTemporary<T>(temporary: string, work: () => Promise<T>): Promise<T> {
  unfinished.add(temporary);
  try {
    return await work();
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  } finally {
    unfinished.delete(temporary);
  }
}

/** Removes what is unfinished, for a process that is about to end. It may still be written to: hence the retries. */
export function removeUnfinished(): void {
  for (const path of unfinished) rmSync(path, { recursive: true, force: true, maxRetries: 3 });
}

/**
 * Lets `write` produce a file under a temporary name in the folder of `path`, flushes it to the disk and gives it its
 * name. When anything fails the temporary file is removed and what stood at `path` stays. A link stays a link: the file
 * it leads to is replaced. What is no file, such as a device or a pipe, cannot be replaced and is written to directly.
 */
export async function replaceFile(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  try {
    const found = await stat(path).catch(unlessAbsent);
    if (found !== undefined && !found.isFile()) return await write(path);
    const target = found === undefined ? path : await realpath(path);
    const temporary = `${target}.tmp-${process.pid}`;
    await withTemporary(temporary, async () => {
      await write(temporary);
      const file = await open(temporary, "r+");
      try {
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, target);
    });
  } catch (error) {
    throw fileError(error, "write", path);
  }
}

/** `replaceFile` of several files: they get their names when all are written, or what stood there stays. */
export async function replaceFiles(
  files: readonly { readonly path: string; readonly write: (temporary: string) => Promise<void> }[],
): Promise<void> {
  const [first, ...rest] = files;
  if (first === undefined) return;
  await replaceFile(first.path, async (temporary) => {
    await first.write(temporary);
    await replaceFiles(rest);
  });
}

/**
 * `replaceFile` with known content: a text, or pieces of bytes written one after the other without joining them.
 * The pieces may lie in shared memory; they must not change meanwhile.
 */
export async function writeFileAside(path: string, content: string | Iterable<Uint8Array>): Promise<void> {
  const pieces = typeof content === "string" ? [Buffer.from(content)] : content;
  await replaceFile(path, async (temporary) => {
    const file = await open(temporary, "w");
    try {
      for (const piece of pieces) {
        for (let at = 0; at < piece.byteLength; ) at += (await file.write(piece, at, chunk(piece, at))).bytesWritten;
      }
    } finally {
      await file.close();
    }
  });
}

/** One system call moves less than 2 GiB. */
export const LARGEST_CHUNK = 2 ** 30;

function chunk(piece: Uint8Array, at: number): number {
  return Math.min(LARGEST_CHUNK, piece.byteLength - at);
}
