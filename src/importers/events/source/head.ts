/** The first bytes of a text file, which DuckDB does not show as they are: it leaves out a line that is not UTF-8. */
import { isUtf8 } from "node:buffer";
import { open } from "node:fs/promises";
import { constants, gunzipSync } from "node:zlib";
import { fileError } from "../../../files/failures.ts";
import type { Compression } from "./source.ts";

const HEAD_BYTES = 1 << 16;
const LINE_END = 0x0a;

/**
 * Whether the first line that is not blank is UTF-8, as far as it lies in the first 64 KiB. Of zstd nothing is known, as
 * Node 20 cannot unpack it.
 */
export async function hasReadableHeader(path: string, compression: Compression): Promise<boolean> {
  const head = compression === "zstd" ? Buffer.alloc(0) : await headOf(path, compression);
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

async function headOf(path: string, compression: "none" | "gzip"): Promise<Buffer> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      const bytes = buffer.subarray(0, bytesRead);
      return compression === "none" ? bytes : unpacked(bytes);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileError(error, "read", path);
  }
}

/** What the beginning of a gzip file gives; nothing where it is damaged, which `identify` reports. */
function unpacked(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return Buffer.alloc(0);
  }
}
