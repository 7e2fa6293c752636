/** A fingerprint of weights, to say in one line that two runs ended bit-identical. */
import { createHash } from "node:crypto";
import { bytesOf, dtypeOf, type StoredTensor } from "./safetensors.ts";

/**
 * SHA-256 (hexadecimal) over the tensors in the order of their names: of each a line `["NAME","DTYPE",[SHAPE]]`, then
 * its little-endian bytes. The order of the map does not matter; every bit of every element does.
 */
export function weightsSha256(tensors: ReadonlyMap<string, StoredTensor>): string {
  const hash = createHash("sha256");
  for (const name of [...tensors.keys()].sort()) {
    const { shape, data } = tensors.get(name)!;
    hash.update(`${JSON.stringify([name, dtypeOf(data), shape])}\n`);
    hash.update(bytesOf(data));
  }
  return hash.digest("hex");
}
