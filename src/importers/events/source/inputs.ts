/** The identity of a file that is read: its name, size and hash; and whether its compressed stream is whole. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type { InputFile } from "../../../dataset/manifest.ts";
import { readingError } from "../../../files/failures.ts";
import type { SourceFile } from "./source.ts";

const CHUNK_BYTES = 1 << 20;

/**
 * Reads a file once. DuckDB takes the end of a gzip stream that is cut off for the end of the file, and does not
 * compare checksums; so that is done here.
 * @throws UserError where the file cannot be read, or is damaged
 */
export async function identify({ path, compression }: SourceFile): Promise<InputFile> {
  const hash = createHash("sha256");
  let bytes = 0;
  const stream = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  async function* counted(chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  }
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  try {
    if (compression === "gzip") await pipeline(stream, counted, createGunzip({ chunkSize: CHUNK_BYTES }), nowhere);
    else await pipeline(stream, counted, nowhere);
  } catch (error) {
    throw readingError(error, path);
  }
  return { name: basename(path), bytes, sha256: hash.digest("hex") };
}
