/**
 * Files as this project writes and reads them: under another name first, then renamed, so that a kill at any moment
 * leaves the old file or the new one; and every failure of the disk told in one line that names the file.
 */
import { appendFile, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { UserError } from "./errors.ts";

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or folder",
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
};

/**
 * What a failed file operation tells people: `cannot ACTION PATH: REASON`. Errors that are not of the file system come
 * back unchanged, so `throw fileError(error, ...)` hides no defect.
 */
export function fileError(error: unknown, action: string, path: string): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const reason = REASONS[code];
  return reason === undefined ? error : new UserError(`cannot ${action} ${path}: ${reason}`);
}

/** Creates a folder and its parents; an existing folder is left alone. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((error) => {
    throw fileError(error, "create", path);
  });
}

/**
 * Lets `write` produce a file under a temporary name in the folder of `path`, flushes it to the disk and gives it its
 * name. When anything fails the temporary file is removed and what stood at `path` stays.
 */
export async function replaceFile(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${path}.tmp-${process.pid}`;
  try {
    await write(temporary);
    const file = await open(temporary, "r+");
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw fileError(error, "write", path);
  }
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
    throw new UserError(`${path} is not JSON: ${(error as Error).message}`);
  }
}
