/** A fingerprint of weights, to say in one line that two runs ended bit-identical. */
import { createHash } from "node:crypto";
import { turn } from "../interruption.ts";
import { bytesOf, dtypeOf, type StoredTensor } from "./safetensors.ts";

type Tensors = ReadonlyMap<string, StoredTensor>;

/**
 * SHA-256 (hexadecimal) over the tensors in the order of their names: of each a line `["NAME","DTYPE",[SHAPE]]`, then
 * its little-endian bytes. The order of the map does not matter; every bit of every element does.
 */
export function weightsSha256(tensors: Tensors): string {
  const hash = createHash("sha256");
  for (const piece of piecesOf(tensors)) hash.update(piece);
  return hash.digest("hex");
}

/** The same for a process that does other things as well: it gets a turn every few milliseconds. */
export async function weightsSha256InTurns(tensors: Tensors): Promise<string> {
  const hash = createHash("sha256");
  for (const piece of piecesOf(tensors)) {
    hash.update(piece);
    if (piece.length === PIECE_BYTES) await turn();
  }
  return hash.digest("hex");
}

const PIECE_BYTES = 1 << 22;

/** What is hashed, in pieces of at most `PIECE_BYTES`. */
function* piecesOf(tensors: Tensors): Generator<Uint8Array> {
  for (const name of [...tensors.keys()].sort()) {
    const { shape, data } = tensors.get(name)!;
    yield Buffer.from(`${JSON.stringify([name, dtypeOf(data), shape])}\n`);
    const bytes = bytesOf(data);
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
  }
}
