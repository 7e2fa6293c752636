/**
 * Lines of text files, gzipped or not, as a stream: no file is ever in memory whole.
 */
import { createHash } from "node:crypto";
import { createReadStream, type ReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { failure } from "./errors/failure.ts";
import { readingError } from "./files/failures.ts";

const CHUNK_BYTES = 1 << 20;
/** A longer line is no line of a log; it would fill the memory. */
const MAX_LINE = { characters: 1 << 26, text: "64 MiB" };

/** Which file was read: its name without folders, its size in bytes and the SHA-256 of what it holds. */
export interface FileIdentity {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Calls `onLine(line, number)` for every line that is not blank; numbers count from 1. `onProgress(done, total)` takes
 * bytes of the file; a pipe has no total. The file is read once, from its beginning to its end. Returns its identity for
 * the manifest.
 * @throws UserError where the file cannot be read, or its gzip stream is cut off or damaged. Lines may have come by
 * then.
 */
export async function readLines(
  path: string,
  onLine: (line: string, number: number) => void,
  onProgress?: (done: number, total: number | undefined) => void,
): Promise<FileIdentity> {
  const hash = createHash("sha256");
  let bytes = 0;
  let number = 0;
  let stream: ReadStream | undefined;
  try {
    const found = await stat(path);
    const total = found.isFile() ? found.size : undefined;
    stream = createReadStream(path, { highWaterMark: CHUNK_BYTES });
    const chunks: AsyncIterator<Buffer, undefined> = stream[Symbol.asyncIterator]();
    const head = await firstBytes(chunks);
    async function* raw(): AsyncGenerator<Buffer> {
      for (let chunk: Buffer | undefined = head; chunk !== undefined; chunk = (await chunks.next()).value) {
        hash.update(chunk);
        bytes += chunk.length;
        onProgress?.(bytes, total);
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
        if (rest.length > MAX_LINE.characters) {
          throw failure("file.line-too-long", { path, line: number + 1, expected: MAX_LINE.text });
        }
        for (const line of lines) take(line);
      }
      rest += decoder.decode();
      if (rest !== "") take(rest);
    }
    // As gzip begins (RFC 1952).
    const gzipped = head[0] === 0x1f && head[1] === 0x8b;
    if (gzipped) await pipeline(raw, createGunzip({ chunkSize: CHUNK_BYTES }), split);
    else await pipeline(raw, split);
  } catch (error) {
    throw readingError(error, path, number);
  } finally {
    stream?.destroy();
  }
  return { name: basename(path), bytes, sha256: hash.digest("hex") };
}

/** The first chunk, joined with the next ones until it has two bytes; fewer where there are no more. */
async function firstBytes(chunks: AsyncIterator<Buffer, undefined>): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < 2) {
    const { value } = await chunks.next();
    if (value === undefined) break;
    head = Buffer.concat([head, value]);
  }
  return head;
}
