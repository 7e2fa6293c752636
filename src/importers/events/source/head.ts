/** The first bytes of a text file as they are, which DuckDB does not show: it leaves out a line that is not UTF-8. */
import { isUtf8 } from "node:buffer";
import { open } from "node:fs/promises";
import { constants, gunzipSync } from "node:zlib";
import { fileError } from "../../../files/failures.ts";
import type { SourceFile } from "./source.ts";

const HEAD_BYTES = 1 << 16;
const LINE_END = 0x0a;

/**
 * The first 64 KiB of a file, unpacked. Of zstd nothing is known, as Node 20 cannot unpack it; nor of a gzip file that is
 * damaged there, which `identify` reports.
 */
export async function headOf({ path, name, compression }: SourceFile): Promise<Buffer> {
  if (compression === "zstd") return Buffer.alloc(0);
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      const bytes = buffer.subarray(0, bytesRead);
      return compression === "none" ? bytes : unpacked(bytes).subarray(0, HEAD_BYTES);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileError(error, "read", name);
  }
}

function unpacked(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return Buffer.alloc(0);
  }
}

/** Whether the first line that is not blank is UTF-8, as far as it lies in `head`. */
export function isReadableHeader(head: Buffer): boolean {
  for (let from = 0; from < head.length; ) {
    const end = head.indexOf(LINE_END, from);
    if (end < 0) return true;
    const line = head.subarray(from, end);
    if (!isUtf8(line)) return false;
    if (line.toString().trim() !== "") return true;
    from = end + 1;
  }
  return true;
}

/** Byte order marks (https://encoding.spec.whatwg.org/#bom-sniff). */
const MARKS = { "utf-8": [0xef, 0xbb, 0xbf], "utf-16le": [0xff, 0xfe], "utf-16be": [0xfe, 0xff] } as const;

/** The encoding that a byte order mark shows; undefined where there is none. */
export function markedEncoding(head: Uint8Array): keyof typeof MARKS | undefined {
  const encodings = Object.keys(MARKS) as (keyof typeof MARKS)[];
  return encodings.find((encoding) => MARKS[encoding].every((byte, at) => head[at] === byte));
}

/** How the first row ends; undefined where that is not in `head`. Line ends within quotes are those of values. */
export function lineEndOf(head: Buffer, quote: string): "\\n" | "\\r\\n" | undefined {
  let isQuoted = false;
  for (let at = 0; at < head.length; at++) {
    if (head[at] === quote.charCodeAt(0)) isQuoted = !isQuoted;
    if (head[at] === LINE_END && !isQuoted) return head[at - 1] === 0x0d ? "\\r\\n" : "\\n";
  }
  return undefined;
}
