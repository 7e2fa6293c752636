/**
 * Files as DuckDB can read them, as often as it must: what comes through a pipe is received into a file, what is in another
 * encoding becomes UTF-8, a JSON array becomes lines, and zeros behind a gzip stream go. Everything else is left where it is.
 */
import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { join } from "node:path";
import { failure } from "../../../errors/failure.ts";
import { fileError, readingError } from "../../../files/failures.ts";
import { unpackGzip } from "../../../files/gzip.ts";
import { packedAs } from "../../../files/packed.ts";
import { currentSignal } from "../../../interruption.ts";
import { asUtf8, canonicalEncoding } from "./encoding.ts";
import { headOf, markedEncoding } from "./head.ts";
import { withoutPadding } from "./inputs.ts";
import { memberLines } from "./json-array.ts";
import type { Format, Layout } from "./layout.ts";
import { type SourceFile, STANDARD_INPUT } from "./source.ts";

const CHUNK_BYTES = 1 << 20;

/** What a pipe gives as a file in `folder`, which its first bytes say how it is packed; any other file as it is. */
export async function receive(file: SourceFile, folder: string): Promise<SourceFile> {
  if (!file.isPipe) return file;
  const copy = join(folder, randomUUID());
  try {
    const isInput = STANDARD_INPUT.includes(file.path);
    await write(copy, read(createReadStream(file.path, { highWaterMark: CHUNK_BYTES, ...(isInput && { fd: 0 }) })));
  } catch (error) {
    throw fileError(error, "read", file.name);
  }
  const received: SourceFile = {
    ...file,
    path: copy,
    bytes: (await stat(copy)).size,
    isPipe: false,
    compression: "none",
  };
  const packed = packedAs(await headOf(received));
  if (packed === undefined) return received;
  if (packed !== "gzip" && packed !== "zstd") throw failure("file.packed", { path: file.name, format: packed });
  return { ...received, compression: packed };
}

/**
 * @param folder where a copy may lie until all is read
 * @throws UserError where the file cannot be read, or copied
 */
export async function plain(file: SourceFile, format: Format, layout: Layout, folder: string): Promise<SourceFile> {
  if (format === "parquet") return file;
  const head = await headOf(file);
  const encoding = markedEncoding(head) ?? canonicalEncoding(layout.encoding ?? "utf-8");
  const isUtf8 = encoding === "utf-8";
  const stages: ((chunks: AsyncIterable<Buffer>) => AsyncIterable<Buffer>)[] = [];
  // DuckDB takes a mark away where it reads CSV, and there alone.
  if (!isUtf8 || (format === "ndjson" && markedEncoding(head))) {
    stages.push((chunks) => (isUtf8 ? withoutMark(chunks) : asUtf8(chunks, encoding, file.name)));
  }
  if (format === "ndjson" && /^\s*\[/.test(new TextDecoder(encoding).decode(head))) stages.push(memberLines);
  const { compression, name } = file;
  if (stages.length === 0) return compression === "gzip" ? { ...file, path: await withoutPadding(file, folder) } : file;
  if (compression === "zstd") throw failure("file.packed", { path: name, format: compression });
  const copy = join(folder, randomUUID());
  const convert = (content: AsyncIterable<Buffer>) =>
    write(
      copy,
      stages.reduce((chunks, stage) => stage(chunks), content),
    );
  try {
    const content = read(createReadStream(file.path, { highWaterMark: CHUNK_BYTES }));
    await (compression === "gzip" ? unpackGzip(content, convert) : convert(content));
  } catch (error) {
    throw readingError(error, name);
  }
  return { ...file, path: copy, compression: "none", isConverted: true };
}

async function* read(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const signal = currentSignal();
  for await (const chunk of chunks) {
    signal?.throwIfAborted();
    yield chunk;
  }
}

async function* withoutMark(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let isFirst = true;
  for await (const chunk of chunks) {
    yield isFirst ? chunk.subarray(3) : chunk;
    isFirst = false;
  }
}

/** @throws UserError where `path` cannot be written; the errors of `chunks` as they are */
async function write(path: string, chunks: AsyncIterable<Buffer>): Promise<void> {
  const onDisk = (error: unknown) => {
    throw fileError(error, "write", path);
  };
  const file: FileHandle = await open(path, "wx").catch(onDisk);
  try {
    for await (const chunk of chunks) await file.writeFile(chunk).catch(onDisk);
  } finally {
    await file.close();
  }
}
