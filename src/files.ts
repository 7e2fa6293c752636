/**
 * Files as this project writes and reads them: under another name first, then renamed, so that a kill at any moment
 * leaves the old file or the new one; and every failure of the disk becomes an error that names the file.
 */
import { rmSync } from "node:fs";
import { appendFile, mkdir, open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { failure } from "./errors/failure.ts";

const REASONS = {
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EROFS: "the file system is read-only",
  ENOSPC: "no space left on device",
  EDQUOT: "disk quota exceeded",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of the path is not a folder",
  EEXIST: "a file of that name is in the way",
  ENAMETOOLONG: "the name is too long",
  EMFILE: "too many open files",
  EIO: "input/output error",
  EBUSY: "it is in use, perhaps as a mount point",
  EXDEV: "it lies on another file system",
  ENOTEMPTY: "the folder is not empty",
  ESPIPE: "a pipe cannot be read at a place",
} as const;

/**
 * A failed file operation as an error for users: `cannot ACTION PATH: REASON`. Errors that are not of the file system
 * come back unchanged, so `throw fileError(error, ...)` hides no defect.
 */
export function fileError(error: unknown, action: string, path: string): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT") return failure("file.absent", { action, path });
  if (!isKnown(code)) return error;
  const values = { action, path, reason: REASONS[code] };
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") return failure("file.denied", values);
  if (code === "ENOSPC" || code === "EDQUOT") return failure("file.disk-full", values);
  return failure("file.unusable", values);
}

/** What broke off the reading of a file that may be gzipped, after `line` of it where lines are counted. */
export function readingError(error: unknown, path: string, line?: number): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  const where = line === undefined ? { path } : { path, line };
  if (code === "Z_BUF_ERROR") return failure("file.cut-off", where);
  if (code?.startsWith("Z_")) return failure("file.bad-gzip", { ...where, reason: message });
  return fileError(error, "read", path);
}

function isKnown(code: string): code is keyof typeof REASONS {
  return Object.hasOwn(REASONS, code);
}

/** Creates a folder and its parents; an existing folder is left alone. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((error) => {
    throw fileError(error, "create", path);
  });
}

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

/** For `catch` after a look at a path: undefined where there is nothing. */
export function unlessAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
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

/** Appends a line to a log, which is created when absent. */
export async function appendLine(path: string, line: string): Promise<void> {
  await appendFile(path, `${line}\n`).catch((error) => {
    throw fileError(error, "write", path);
  });
}

/** The text of a file, taken as UTF-8. */
export async function readText(path: string): Promise<string> {
  return await readFile(path, "utf8").catch((error) => {
    throw fileError(error, "read", path);
  });
}

/** The value of a JSON file; the caller checks its shape. */
export async function readJson(path: string): Promise<unknown> {
  const text = await readText(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw failure("file.not-json", { path, reason: (error as Error).message });
  }
}
