/**
 * Whether a zstd file (RFC 8878) is whole, from the lengths of its frames and blocks alone: nothing is unpacked. Whoever
 * unpacks it checks the content against its sums, and does not say where a frame was cut off: DuckDB takes that for the
 * end, as Node's own stream takes the end of the first of several frames.
 */
import { DamagedStream } from "./packed.ts";

const FRAME = 0xfd2fb528;
/** The last four bits are free. */
const SKIPPABLE_FRAME = 0x184d2a50;
const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;
const CHECKSUM_BYTES = 4;

/** What the walk over a file wants next: so many bytes, or not to see so many. */
type Wish = { readonly read: number } | { readonly skip: number };

/** @throws DamagedStream where a frame does not end, or something that is no frame is there */
export async function checkZstd(chunks: AsyncIterable<Buffer>): Promise<void> {
  const walk = walkFrames();
  let wish: Wish = walk.next().value;
  let isBetweenFrames = false;
  let head = Buffer.alloc(0);
  let skipped = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      isBetweenFrames = false;
      if ("read" in wish) {
        const part = chunk.subarray(at, at + wish.read - head.length);
        head = Buffer.concat([head, part]);
        at += part.length;
        if (head.length < wish.read) continue;
      } else {
        const part = Math.min(wish.skip - skipped, chunk.length - at);
        skipped += part;
        at += part;
        if (skipped < wish.skip) continue;
      }
      wish = walk.next(head).value;
      head = Buffer.alloc(0);
      skipped = 0;
      isBetweenFrames = wish === FIRST;
    }
  }
  if (!isBetweenFrames) throw new DamagedStream("zstd", true, "unexpected end of file");
}

/** The first bytes of a frame: between two frames a file may end. */
const FIRST: Wish = { read: 4 };

/** Goes from frame to frame; each `yield` gives the bytes that were wished for. */
function* walkFrames(): Generator<Wish, never, Buffer> {
  for (;;) {
    const magic = (yield FIRST).readUInt32LE();
    if ((magic & ~0xf) >>> 0 === SKIPPABLE_FRAME) {
      const length = (yield { read: 4 }).readUInt32LE();
      if (length > 0) yield { skip: length };
      continue;
    }
    if (magic !== FRAME) throw new DamagedStream("zstd", false, "a frame does not begin as one");
    const descriptor = (yield { read: 1 })[0];
    const header = headerBytes(descriptor);
    if (header > 0) yield { skip: header };
    for (let isLast = false; !isLast; ) {
      const block = (yield { read: 3 }).readUIntLE(0, 3);
      const [type, size] = [(block >> 1) & 3, block >> 3];
      if (type === RESERVED_BLOCK) throw new DamagedStream("zstd", false, "a block is of no known type");
      isLast = (block & 1) === 1;
      const length = type === RLE_BLOCK ? 1 : size;
      if (length > 0) yield { skip: length };
    }
    const hasChecksum = (descriptor & 4) !== 0;
    if (hasChecksum) yield { skip: CHECKSUM_BYTES };
  }
}

/** Bytes of a frame's header behind its descriptor: window, dictionary, size of the content (section 3.1.1.1). */
function headerBytes(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const size = sizeFlag === 0 ? Number(isSingleSegment) : 2 ** sizeFlag;
  return Number(!isSingleSegment) + [0, 1, 2, 4][descriptor & 3] + size;
}
