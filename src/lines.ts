/**
 * Lines of text as a stream: no input is ever in memory whole. Their text is UTF-8; a line that is not says so.
 */
import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { createReadStream, type ReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { failure } from "./errors/failure.ts";
import { readingError } from "./files/failures.ts";
import { unpackGzip } from "./files/gzip.ts";
import { BEGINNING_BYTES, packedAs } from "./files/packed.ts";
import { currentSignal } from "./interruption.ts";

const CHUNK_BYTES = 1 << 20;
/** A longer line is no line of a log; it would fill the memory. */
const MAX_LINE = { bytes: 1 << 26, text: "64 MiB" };
const LINE_END = 0x0a;

export interface Line {
  /** Counted from 1. */
  readonly number: number;
  /** Without its end. */
  readonly text: string;
  /** Else some characters of the text are lost: U+FFFD stands for them. */
  readonly isUtf8: boolean;
}

/**
 * The lines of a stream of bytes, in groups as they arrive: a large file comes in groups of many, a line typed at a
 * terminal comes at once. Blank lines count but are left out, and so is a byte order mark; no group is empty.
 * @param name of the input in errors
 * @throws UserError for a line longer than 64 MiB
 */
export async function* splitLines(input: AsyncIterable<Buffer>, name: string): AsyncGenerator<Line[]> {
  let number = 0;
  /** The beginning of a line whose end has not come yet. */
  let begun: Buffer[] = [];
  let bytes = 0;
  const cut = (whole: Buffer): Line[] => {
    const texts = whole.toString().split("\n");
    if (number === 0) texts[0] = texts[0].replace(/^\ufeff/, "");
    const broken = isUtf8(whole) ? undefined : brokenLines(whole);
    const lines: Line[] = [];
    for (let i = 0; i < texts.length; i++) {
      number++;
      const text = texts[i];
      if (text.trim() !== "") lines.push({ number, text, isUtf8: broken === undefined || !broken[i] });
    }
    return lines;
  };
  for await (const chunk of input) {
    const end = chunk.lastIndexOf(LINE_END);
    begun.push(end < 0 ? chunk : chunk.subarray(0, end));
    bytes += chunk.length;
    if (end >= 0) {
      const lines = cut(begun.length === 1 ? begun[0] : Buffer.concat(begun));
      begun = [chunk.subarray(end + 1)];
      bytes = chunk.length - end - 1;
      if (lines.length > 0) yield lines;
    }
    if (bytes > MAX_LINE.bytes) {
      throw failure("file.line-too-long", { path: name, line: number + 1, expected: MAX_LINE.text });
    }
  }
  if (bytes === 0) return;
  const last = cut(Buffer.concat(begun));
  if (last.length > 0) yield last;
}

/** Of each line whether it is not UTF-8. */
function brokenLines(bytes: Buffer): boolean[] {
  const broken: boolean[] = [];
  for (let from = 0; from <= bytes.length; ) {
    const end = bytes.indexOf(LINE_END, from);
    const line = bytes.subarray(from, end < 0 ? bytes.length : end);
    broken.push(!isUtf8(line));
    from += line.length + 1;
  }
  return broken;
}

/** Which file was read: its name without folders, its size in bytes and the SHA-256 of what it holds. */
export interface FileIdentity {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Calls `onLine` for every line of a file, gzipped or not, that is not blank. `onProgress(done, total)` takes bytes of
 * the file; a pipe has no total. The file is read once, from its beginning to its end. Returns its identity for the
 * manifest.
 * @throws UserError where the file cannot be read, is packed in another way, or its gzip stream is cut off or damaged.
 * Lines may have come by then.
 */
export async function readLines(
  path: string,
  onLine: (line: Line) => void,
  onProgress?: (done: number, total: number | undefined) => void,
): Promise<FileIdentity> {
  const signal = currentSignal();
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
        signal?.throwIfAborted();
        hash.update(chunk);
        bytes += chunk.length;
        onProgress?.(bytes, total);
        yield chunk;
      }
    }
    async function take(content: AsyncIterable<Buffer>): Promise<void> {
      for await (const lines of splitLines(content, path)) {
        for (const line of lines) {
          number = line.number;
          onLine(line);
        }
      }
    }
    const format = packedAs(head);
    if (format === "gzip") await unpackGzip(raw(), take);
    else if (format === undefined) await take(raw());
    else throw failure("file.packed", { path, format });
  } catch (error) {
    throw readingError(error, path, number);
  } finally {
    stream?.destroy();
  }
  return { name: basename(path), bytes, sha256: hash.digest("hex") };
}

/** The first chunk, joined with the next ones until it shows how the file is packed; less where there is no more. */
async function firstBytes(chunks: AsyncIterator<Buffer, undefined>): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < BEGINNING_BYTES) {
    const { value } = await chunks.next();
    if (value === undefined) break;
    head = Buffer.concat([head, value]);
  }
  return head;
}
