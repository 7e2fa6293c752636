/**
 * Files as this project writes them: under another name first, then renamed, so that a kill at any moment leaves the old
 * file or the new one. All of that happens under a claim (claim.ts): that of a folder, or one of the file's own.
 */
import { chmod, open, readlink, realpath, rename, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { claimAround, wholePlace, withClaim } from "./claim.ts";
import { fileError, unlessAbsent } from "./failures.ts";
import { temporaryName } from "./leftovers.ts";
import { withTemporary } from "./unfinished.ts";

/**
 * Lets `write` produce a file under a temporary name in the folder of `path`, flushes it to the disk and gives it its
 * name. When anything fails the temporary file is removed and what stood at `path` stays. A link stays a link: the file
 * it leads to is replaced, and its mode kept. What is no file, such as a device or a pipe, cannot be replaced and is
 * written to directly. Unless a claim on a folder around it is held, the file is claimed from before `write`.
 */
export async function replaceFile(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  try {
    const found = await stat(path).catch(unlessAbsent);
    if (found !== undefined && !found.isFile()) return await write(path);
    const target = await placeOf(path);
    const replace = async (id: string) => {
      const temporary = temporaryName(target, id);
      await withTemporary(temporary, async () => {
        // It has the mode from the beginning: what is private is so while it is written.
        await (await open(temporary, "wx")).close();
        if (found !== undefined) await chmod(temporary, found.mode);
        await write(temporary);
        await flush(temporary);
        await rename(temporary, target);
      });
      await flushFolder(dirname(target));
    };
    // A folder may be claimed under the name of a link to it.
    const id = claimAround(path) ?? claimAround(target);
    await (id === undefined ? withClaim(wholePlace(target), replace) : replace(id));
  } catch (error) {
    throw fileError(error, "write", path);
  }
}

/** `replaceFile` of several files: they get their names when all are written, the last one first, or what stood there stays. */
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

/** Where `path` leads to, links followed, those too that lead to nothing yet. */
export async function placeOf(path: string): Promise<string> {
  path = resolve(path);
  const found = await realpath(path).catch(unlessAbsent);
  if (found !== undefined) return found;
  const folder = await placeOf(dirname(path));
  const link = await readlink(path).catch(() => undefined);
  return link === undefined ? join(folder, basename(path)) : await placeOf(resolve(folder, link));
}

/** Waits until a file's content is on the disk. */
export async function flush(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Waits until the names in a folder are on the disk, where the system has that: after a loss of power they are there. */
export async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, "r").catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}
