/**
 * Weights on disk: the safetensors format (https://github.com/huggingface/safetensors), which Python and Rust read too.
 *
 *   8 bytes    N: length of the header, unsigned, little-endian
 *   N bytes    header, JSON: {"NAME": {"dtype", "shape", "data_offsets": [begin, end]}, "__metadata__": {...}}
 *   the rest   the tensors' elements, row-major, little-endian, one after the other without gaps
 *
 * A file may come from anywhere, so reading trusts nothing: whatever the format does not allow is refused with a
 * UserError that names the file, and nothing is allocated beyond the size of the file. Only the element types that this
 * project writes are read. Elements are taken as they lie in memory: every machine with WebAssembly SIMD that Node runs
 * on is little-endian.
 */
import { failure, type UserError } from "../errors/failure.ts";

export type TensorData = Float32Array | Float64Array | Int32Array;

/** Row-major elements; `data.length` is the product of `shape`, which is empty for a single number. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export interface TensorFile {
  readonly tensors: Map<string, StoredTensor>;
  readonly metadata: Record<string, string>;
}

/** Where a tensor lies in a file. */
export interface TensorPlace {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Number of elements. */
  readonly length: number;
  /** Bytes from the start of the file. */
  readonly offset: number;
}

export interface Header {
  readonly tensors: Map<string, TensorPlace>;
  readonly metadata: Record<string, string>;
}

const ARRAYS = { F64: Float64Array, F32: Float32Array, I32: Int32Array } as const;
export type Dtype = keyof typeof ARRAYS;

/** The format's own limit; keeps a hostile length from being parsed. */
const MAX_HEADER_BYTES = 100_000_000;
/** The header is padded with spaces to this, and wide elements go first, so that every tensor lies aligned. */
const ALIGNMENT = 8;

/** The element type's name in the file. */
export function dtypeOf(data: TensorData): Dtype {
  if (data instanceof Float32Array) return "F32";
  return data instanceof Int32Array ? "I32" : "F64";
}

/** Room for a tensor of `length` elements. */
export function newTensorData(dtype: Dtype, length: number): TensorData {
  return new ARRAYS[dtype](length);
}

/** The memory under a tensor as bytes; no copy. */
export function bytesOf(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * The bytes of a file, as pieces to write one after the other: the header, then views of the tensors' own memory. Equal
 * tensors give equal bytes, whatever the order of the map. Throws RangeError where a shape does not fit its data.
 */
export function encode(tensors: ReadonlyMap<string, StoredTensor>, metadata: Record<string, string>): Uint8Array[] {
  const names = [...tensors.keys()].sort((a, b) => {
    const wide = tensors.get(b)!.data.BYTES_PER_ELEMENT - tensors.get(a)!.data.BYTES_PER_ELEMENT;
    return wide !== 0 ? wide : a < b ? -1 : 1;
  });
  const header: [string, unknown][] = [["__metadata__", metadata]];
  const pieces: Uint8Array[] = [];
  let begin = 0;
  for (const name of names) {
    const { shape, data } = tensors.get(name)!;
    if (product(shape) !== data.length) {
      throw new RangeError(`tensor ${name} of shape [${shape}] holds ${data.length} elements`);
    }
    const end = begin + data.byteLength;
    header.push([name, { dtype: dtypeOf(data), shape, data_offsets: [begin, end] }]);
    pieces.push(bytesOf(data));
    begin = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const first = new Uint8Array(8 + Math.ceil(text.length / ALIGNMENT) * ALIGNMENT).fill(0x20);
  new DataView(first.buffer).setBigUint64(0, BigInt(first.length - 8), true);
  first.set(text, 8);
  return [first, ...pieces];
}

/**
 * The tensors of a whole file in memory. They are views of `bytes` where they lie aligned, copies elsewhere.
 * `name` is what messages call the file. Throws UserError where `bytes` is not a valid file.
 */
export function decode(bytes: Uint8Array, name: string): TensorFile {
  const length = headerLength(bytes, bytes.length, name);
  const header = parseHeader(bytes.subarray(8, 8 + length), bytes.length, name);
  const tensors = new Map<string, StoredTensor>();
  for (const [key, place] of header.tensors) {
    const Elements = ARRAYS[place.dtype];
    const end = place.offset + place.length * Elements.BYTES_PER_ELEMENT;
    const isAligned = (bytes.byteOffset + place.offset) % Elements.BYTES_PER_ELEMENT === 0;
    const at = isAligned ? bytes.subarray(place.offset, end) : bytes.slice(place.offset, end);
    tensors.set(key, { shape: place.shape, data: new Elements(at.buffer as ArrayBuffer, at.byteOffset, place.length) });
  }
  return { tensors, metadata: header.metadata };
}

/** N of a file of `fileBytes` whose first bytes are `start`. Throws UserError where such a header cannot be. */
export function headerLength(start: Uint8Array, fileBytes: number, name: string): number {
  if (start.length < 8) throw invalid(name, `${start.length} bytes are too few`);
  const length = Number(new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES) throw invalid(name, `it claims a header of ${length} bytes`);
  if (length > fileBytes - 8) {
    throw invalid(name, `it claims a header of ${length} bytes, but ${fileBytes - 8} bytes follow`);
  }
  return length;
}

/** Reads and checks the header of a file of `fileBytes`. Throws UserError where it is not valid. */
export function parseHeader(bytes: Uint8Array, fileBytes: number, name: string): Header {
  const tensors = new Map<string, TensorPlace>();
  let metadata: Record<string, string> = {};
  const dataStart = 8 + bytes.length;
  for (const [key, value] of Object.entries(parseObject(bytes, name))) {
    if (key === "__metadata__") metadata = checkMetadata(value, name);
    else tensors.set(key, checkPlace(key, value, dataStart, name));
  }
  let next = dataStart;
  for (const [key, place] of [...tensors].sort(([, a], [, b]) => a.offset - b.offset || a.length - b.length)) {
    if (place.offset !== next) {
      throw invalid(name, `tensor ${quote(key)} starts at byte ${place.offset - dataStart}, not ${next - dataStart}`);
    }
    next += place.length * ARRAYS[place.dtype].BYTES_PER_ELEMENT;
  }
  if (next !== fileBytes) {
    throw invalid(
      name,
      `its tensors take ${next - dataStart} bytes, but ${fileBytes - dataStart} bytes follow the header`,
    );
  }
  return { tensors, metadata };
}

function parseObject(bytes: Uint8Array, name: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw invalid(name, "its header is not JSON");
  }
  if (!isObject(value)) throw invalid(name, "its header is not a JSON object");
  return value;
}

function checkMetadata(value: unknown, name: string): Record<string, string> {
  if (!isObject(value) || Object.values(value).some((text) => typeof text !== "string")) {
    throw invalid(name, "__metadata__ does not map strings to strings");
  }
  return value as Record<string, string>;
}

function checkPlace(key: string, value: unknown, dataStart: number, name: string): TensorPlace {
  const tensor = `tensor ${quote(key)}`;
  if (!isObject(value)) throw invalid(name, `${tensor} is not described by an object`);
  const { dtype, shape, data_offsets: offsets, ...others } = value;
  if (Object.keys(others).length > 0)
    throw invalid(name, `${tensor} has an unknown key ${quote(Object.keys(others)[0])}`);
  if (!isDtype(dtype)) {
    throw invalid(name, `${tensor} has dtype ${quote(dtype)}, expected ${Object.keys(ARRAYS).join(", ")}`);
  }
  if (!isCounts(shape)) throw invalid(name, `${tensor} has shape ${quote(shape)}, expected sizes`);
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw invalid(name, `${tensor} has data_offsets ${quote(offsets)}, expected [begin, end]`);
  }
  const [begin, end] = offsets;
  const length = product(shape);
  if (end - begin !== length * ARRAYS[dtype].BYTES_PER_ELEMENT) {
    throw invalid(name, `${tensor} is ${dtype} ${quote(shape)}, which does not take ${end - begin} bytes`);
  }
  return { dtype, shape, length, offset: dataStart + begin };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isDtype(value: unknown): value is Dtype {
  return typeof value === "string" && Object.hasOwn(ARRAYS, value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}

function product(shape: readonly number[]): number {
  return shape.reduce((size, count) => size * count, 1);
}

/** A value of the file for a message: at most 40 characters, on one line. */
function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}

/** The one sentence for a file that is not what it should be. */
export function invalid(name: string, reason: string): UserError {
  return failure("file.not-safetensors", { path: name, problem: reason });
}
