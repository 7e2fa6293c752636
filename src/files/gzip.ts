/**
 * gzip (RFC 1952) as `gzip -t` takes it: one member or several, and perhaps zeros that fill up the last block of a tape.
 * Node's stream checks members and their sums. What it does not say is what it left unread: it takes a zero behind a
 * member for the end, whatever follows.
 */
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { DamagedStream } from "./packed.ts";

const CHUNK_BYTES = 1 << 20;
/** A member's last bytes, its length, are zeros for the most part; more than these belong to no member. */
const TRAILING_ZEROS = 1 << 16;

/**
 * Hands the content of a gzip file to `take`. Returns where the last member ends; behind that are only zeros.
 * @throws DamagedStream where a member does not end, is damaged, or something else follows; `take` may have got some by
 *   then
 */
export async function unpackGzip(
  packed: AsyncIterable<Buffer>,
  take: (content: AsyncIterable<Buffer>) => Promise<void>,
): Promise<number> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  /** Where the last byte ends that is no zero. */
  let filled = 0;
  async function* withoutPadding(): AsyncGenerator<Buffer> {
    let held = 0;
    for await (const chunk of packed) {
      const used = lengthWithoutZeros(chunk);
      if (used === 0) {
        held += chunk.length;
        continue;
      }
      filled += held + used;
      for (; held > 0; held -= Math.min(held, CHUNK_BYTES)) yield Buffer.alloc(Math.min(held, CHUNK_BYTES));
      yield chunk.subarray(0, used);
      held = chunk.length - used;
    }
    if (held > 0) yield Buffer.alloc(Math.min(held, TRAILING_ZEROS));
  }
  try {
    await pipeline(withoutPadding, gunzip, take);
  } catch (error) {
    const { message } = error as Error;
    // That of an interruption may be a number.
    const code = String((error as NodeJS.ErrnoException).code);
    if (code === "Z_BUF_ERROR") throw new DamagedStream("gzip", true, message);
    if (code.startsWith("Z_")) throw new DamagedStream("gzip", false, message);
    // It had come to an end, and was given more.
    if (!gunzip.readableEnded || (code !== "ABORT_ERR" && code !== "ERR_STREAM_PREMATURE_CLOSE")) throw error;
    throw trailingBytes();
  }
  if (gunzip.bytesWritten < filled) throw trailingBytes();
  return gunzip.bytesWritten;
}

function trailingBytes(): DamagedStream {
  return new DamagedStream("gzip", false, "what follows the end of its gzip stream is none");
}

function lengthWithoutZeros(chunk: Buffer): number {
  let length = chunk.length;
  while (length > 0 && chunk[length - 1] === 0) length--;
  return length;
}
