/** What a file holds in one number, and whether it is still the file that it was. */
import { createHash, type Hash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { open, stat } from "node:fs/promises";
import { throwIfInterrupted } from "../interruption.ts";
import { fileError } from "./failures.ts";

const CHUNK_BYTES = 1 << 20;

export interface FileDigest {
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
  /** See `fileState`. */
  readonly state: string;
}

/** SHA-256 (hexadecimal) of a text, or of bytes. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Length and SHA-256 of a file. @throws UserError where it cannot be read */
export async function digestFile(path: string): Promise<FileDigest> {
  const { hash, ...file } = await hashFile(path, Number.POSITIVE_INFINITY);
  return { ...file, sha256: hash.digest("hex") };
}

/**
 * Reads the first `most` bytes of a file, or as many as there are; the hash can take more.
 * @throws UserError where it cannot be read
 */
export async function hashFile(
  path: string,
  most: number,
): Promise<Pick<FileDigest, "bytes" | "state"> & { readonly hash: Hash }> {
  try {
    const file = await open(path, "r");
    try {
      const state = stateOf(await file.stat({ bigint: true }));
      const hash = createHash("sha256");
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      let bytes = 0;
      for (;;) {
        const { bytesRead } = await file.read(chunk, 0, Math.min(CHUNK_BYTES, most - bytes), bytes);
        throwIfInterrupted();
        if (bytesRead === 0) return { bytes, state, hash };
        hash.update(chunk.subarray(0, bytesRead));
        bytes += bytesRead;
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileError(error, "read", path);
  }
}

/**
 * Which file stands at a path and when it was written: the same as long as nobody replaces it or writes to it.
 * @throws UserError where there is none
 */
export async function fileState(path: string): Promise<string> {
  try {
    return stateOf(await stat(path, { bigint: true }));
  } catch (error) {
    throw fileError(error, "read", path);
  }
}

function stateOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join();
}
