/** A file that is read: its identity (name, size and hash), and whether its compressed stream is whole. */
import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { InputFile } from "../../../dataset/manifest.ts";
import { fileError, readingError } from "../../../files/failures.ts";
import { unpackGzip } from "../../../files/gzip.ts";
import { checkZstd } from "../../../files/zstd.ts";
import { currentSignal } from "../../../interruption.ts";
import type { LineCount } from "./line-count.ts";
import type { Compression, SourceFile } from "./source.ts";

const CHUNK_BYTES = 1 << 20;

type ReadContent = (content: AsyncIterable<Buffer>) => Promise<void>;

/** How the streams are checked; `take` gets what is in them, but of zstd. */
const CHECKS: Readonly<Record<Compression, (chunks: AsyncIterable<Buffer>, take: ReadContent) => Promise<unknown>>> = {
  none: (chunks, take) => take(chunks),
  gzip: unpackGzip,
  zstd: checkZstd,
};

/**
 * Reads a file once. DuckDB takes the end of a compressed stream that is cut off for the end of the file, and does not
 * compare the checksums of gzip; so that is done here.
 * @param lines counts those of the file
 * @throws UserError where the file cannot be read, or is damaged
 */
export async function identify({ name, path, compression }: SourceFile, lines?: LineCount): Promise<InputFile> {
  const signal = currentSignal();
  const hash = createHash("sha256");
  let bytes = 0;
  async function* counted(chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      signal?.throwIfAborted();
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  }
  try {
    const take: ReadContent = (chunks) => drain(lines === undefined ? chunks : lines.over(chunks));
    await CHECKS[compression](counted(createReadStream(path, { highWaterMark: CHUNK_BYTES })), take);
  } catch (error) {
    throw readingError(error, name);
  }
  return { name: basename(name), bytes, sha256: hash.digest("hex") };
}

/**
 * The path of a gzip file as DuckDB takes it: where zeros follow its last member, that of a copy in `folder` without
 * them. The lengths at the ends of members are small: only a file that ends with a zero may have more.
 */
export async function withoutPadding({ path, name }: SourceFile, folder: string): Promise<string> {
  try {
    if (!(await endsWithZero(path))) return path;
    const read = (end?: number) =>
      createReadStream(path, { highWaterMark: CHUNK_BYTES, ...(end !== undefined && { end }) });
    const signal = currentSignal();
    let bytes = 0;
    async function* counted() {
      for await (const chunk of read()) {
        signal?.throwIfAborted();
        bytes += chunk.length;
        yield chunk;
      }
    }
    const end = await unpackGzip(counted(), drain);
    if (end === bytes) return path;
    const copy = join(folder, `${randomUUID()}.gz`);
    await pipeline(read(end - 1), createWriteStream(copy)).catch((error) => {
      throw fileError(error, "write", copy);
    });
    return copy;
  } catch (error) {
    throw readingError(error, name);
  }
}

async function endsWithZero(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1));
    return bytesRead === 1 && buffer[0] === 0;
  } finally {
    await file.close();
  }
}

async function drain(chunks: AsyncIterable<Buffer>): Promise<void> {
  for await (const _ of chunks);
}
