/**
 * Lines of text files, gzipped or not, as a stream: no file is ever in memory whole.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { basename } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { UserError } from "../errors.ts";
import { fileError } from "../files.ts";
import type { InputFile } from "./manifest.ts";

const CHUNK_BYTES = 1 << 20;
/** A longer line is no line of a log; it would fill the memory. */
const MAX_LINE = 1 << 26;

/**
 * Calls `onLine(line, number)` for every line that is not blank; numbers count from 1. `onProgress(done, total)` tells
 * bytes of the file. Returns the file's identity for the manifest.
 * @throws UserError where the file cannot be read, or its gzip stream is cut off or damaged. Lines may have come by
 * then.
 */
export async function readLines(
  path: string,
  onLine: (line: string, number: number) => void,
  onProgress?: (done: number, total: number) => void,
): Promise<InputFile> {
  const hash = createHash("sha256");
  let bytes = 0;
  let number = 0;
  try {
    const { size, gzipped } = await inspect(path);
    async function* raw(): AsyncGenerator<Buffer> {
      for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
        hash.update(chunk);
        bytes += chunk.length;
        onProgress?.(bytes, size);
        yield chunk;
      }
    }
    async function split(chunks: AsyncIterable<Buffer>): Promise<void> {
      const decoder = new TextDecoder();
      let rest = "";
      const take = (line: string) => {
        number++;
        if (line.trim() !== "") onLine(line, number);
      };
      for await (const chunk of chunks) {
        const lines = decoder.decode(chunk, { stream: true }).split("\n");
        lines[0] = rest + lines[0];
        rest = lines.pop()!;
        if (rest.length > MAX_LINE) throw new UserError(`${path}: line ${number + 1} is longer than 64 MiB`);
        for (const line of lines) take(line);
      }
      rest += decoder.decode();
      if (rest !== "") take(rest);
    }
    if (gzipped) await pipeline(raw, createGunzip({ chunkSize: CHUNK_BYTES }), split);
    else await pipeline(raw, split);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "Z_BUF_ERROR") throw new UserError(`${path} is cut off: its gzip stream ends after line ${number}`);
    if (code?.startsWith("Z_")) throw new UserError(`${path} is damaged after line ${number}: ${message}`);
    throw fileError(error, "read", path);
  }
  return { name: basename(path), bytes, sha256: hash.digest("hex") };
}

/** The size of a file, and whether it begins as gzip does (RFC 1952). */
async function inspect(path: string): Promise<{ size: number; gzipped: boolean }> {
  const file = await open(path);
  try {
    const head = Buffer.alloc(2);
    await file.read(head, 0, 2, 0);
    return { size: (await file.stat()).size, gzipped: head[0] === 0x1f && head[1] === 0x8b };
  } finally {
    await file.close();
  }
}
