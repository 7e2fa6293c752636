/**
 * Safetensors files opened for reading tensor by tensor, so that a checkpoint goes straight to where it belongs: what
 * is in memory at any time is the destination, not the file.
 */

import { type FileHandle, open, readFile } from "node:fs/promises";
import { LARGEST_CHUNK } from "../files/aside.ts";
import { fileError } from "../files/failures.ts";
import { checkPath } from "../options/problems.ts";
import {
  bytesOf,
  decode,
  dtypeOf,
  headerLength,
  invalid,
  parseHeader,
  type TensorData,
  type TensorFile,
  type TensorPlace,
} from "./safetensors.ts";

export interface OpenTensorFile {
  readonly metadata: Record<string, string>;
  /** All bytes of the file before the first tensor. */
  readonly header: Uint8Array;
  /** The tensors in the file: type, shape and place. */
  readonly tensors: ReadonlyMap<string, TensorPlace>;
  /** Fills `data` (which may lie in shared memory) with a tensor. Throws RangeError where type or length differ. */
  readInto(tensor: string, data: TensorData): Promise<void>;
  close(): Promise<void>;
}

/** Opens a file and checks its header. Throws UserError where it cannot be read or is not valid. */
export async function openTensorFile(path: string): Promise<OpenTensorFile> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    throw fileError(error, "read", path);
  }
  try {
    const { size } = await file.stat();
    const start = new Uint8Array(Math.min(8, size));
    await fill(file, path, start, 0);
    const header = new Uint8Array(8 + headerLength(start, size, path));
    await fill(file, path, header, 0);
    const { tensors, metadata } = parseHeader(header.subarray(8), size, path);
    return {
      metadata,
      header,
      tensors,
      async readInto(tensor, data) {
        const place = tensors.get(tensor);
        if (place === undefined || place.dtype !== dtypeOf(data) || place.length !== data.length) {
          const found = place === undefined ? "nothing" : `${place.dtype} [${place.shape}]`;
          throw new RangeError(
            `tensor ${tensor} of ${path}: ${dtypeOf(data)} of ${data.length} asked for, ${found} there`,
          );
        }
        await fill(file, path, bytesOf(data), place.offset);
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw fileError(error, "read", path);
  }
}

/** All tensors of a file, as views of its content. Throws UserError where it cannot be read or is not valid. */
export async function readTensorFile(path: string): Promise<TensorFile> {
  checkPath("readTensorFile", "path", path);
  const bytes = await readFile(path).catch((error) => {
    throw fileError(error, "read", path);
  });
  return decode(bytes, path);
}

/** Reads exactly as many bytes as `bytes` holds. */
async function fill(file: FileHandle, path: string, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const wanted = Math.min(LARGEST_CHUNK, bytes.length - at);
    const { bytesRead } = await file.read(bytes, at, wanted, position + at);
    if (bytesRead === 0) throw invalid(path, `it ends at byte ${position + at}`);
    at += bytesRead;
  }
}
