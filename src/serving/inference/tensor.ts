/**
 * Tensors of the Open Inference Protocol (https://github.com/kserve/open-inference-protocol): values in the order of their
 * rows, as lists in JSON or as bytes behind it. A tensor here has one axis, that of the samples; another of length 1 may
 * stand behind it.
 */
import { failure, type UserError } from "../../errors/failure.ts";
import type { Value } from "../../scoring/request.ts";

/** What a client says of a tensor that it sends. */
export interface TensorHead {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

/** How values of a datatype stand in JSON, and in bytes. */
interface Datatype {
  /** The value that something from JSON stands for; undefined where it is none of these. */
  readonly ofJson: (given: unknown) => Value | undefined;
  readonly expected: string;
  /** Bytes of a value, and the value at a place of bytes. Texts have lengths of their own. */
  readonly width: number;
  readonly ofBytes: (view: DataView, at: number) => Value;
}

const ofText = (given: unknown) => (typeof given === "string" ? given : undefined);
const ofBoolean = (given: unknown) => (typeof given === "boolean" ? given : undefined);
/** A number that is none is missing. JSON has null for it. */
const ofFloat = (given: unknown) => (given === null || typeof given === "number" ? given : undefined);
const numberOrMissing = (number: number) => (Number.isNaN(number) ? null : number);
/** Digits beyond those of a double are kept as text. */
const exact = (number: bigint) => (BigInt(Number(number)) === number ? Number(number) : String(number));

function integers(bits: number, isSigned: boolean, ofBytes: Datatype["ofBytes"]): Datatype {
  const least = isSigned ? -(2 ** (bits - 1)) : 0;
  const most = 2 ** (isSigned ? bits - 1 : bits) - 1;
  const ofJson = (given: unknown) =>
    typeof given === "number" && Number.isSafeInteger(given) && given >= least && given <= most ? given : undefined;
  return { ofJson, expected: `a whole number of ${bits} bits, with all its digits`, width: bits / 8, ofBytes };
}

function floats(width: number, ofBytes: (view: DataView, at: number) => number): Datatype {
  return { ofJson: ofFloat, expected: "a number", width, ofBytes: (view, at) => numberOrMissing(ofBytes(view, at)) };
}

const DATATYPES: Readonly<Record<string, Datatype>> = {
  BYTES: { ofJson: ofText, expected: "a string", width: 0, ofBytes: () => null },
  BOOL: { ofJson: ofBoolean, expected: "true or false", width: 1, ofBytes: (view, at) => view.getUint8(at) !== 0 },
  INT8: integers(8, true, (view, at) => view.getInt8(at)),
  INT16: integers(16, true, (view, at) => view.getInt16(at, true)),
  INT32: integers(32, true, (view, at) => view.getInt32(at, true)),
  INT64: integers(64, true, (view, at) => exact(view.getBigInt64(at, true))),
  UINT8: integers(8, false, (view, at) => view.getUint8(at)),
  UINT16: integers(16, false, (view, at) => view.getUint16(at, true)),
  UINT32: integers(32, false, (view, at) => view.getUint32(at, true)),
  UINT64: integers(64, false, (view, at) => exact(view.getBigUint64(at, true))),
  FP32: floats(4, (view, at) => view.getFloat32(at, true)),
  FP64: floats(8, (view, at) => view.getFloat64(at, true)),
};

/** Names of the datatypes that are taken. */
export const DATATYPE_NAMES: readonly string[] = Object.keys(DATATYPES);

/** What is wrong with a tensor, as an error. */
export function wrongTensor(name: string, problem: string): UserError {
  const field = name.slice(0, MOST_SHOWN);
  return failure("request.invalid", { field, problem: `input ${field}: ${problem}` });
}

/** How many values a tensor has by its shape. @throws UserError where it has more axes than that of the samples, or no value */
export function countOf({ name, shape }: TensorHead): number {
  const [count, width = 1] = shape;
  if ((shape.length === 1 || shape.length === 2) && count > 0 && width === 1) return count;
  throw wrongTensor(name, `expected a shape [n] or [n, 1], n being 1 or more, found ${shown(shape)}`);
}

/** The values of a tensor that stands in JSON, nested or flat. @throws UserError where they are not those it is said to have */
export function valuesOfJson(head: TensorHead, data: readonly unknown[]): Value[] {
  const { ofJson, expected } = datatypeOf(head);
  const count = countOf(head);
  const values: Value[] = [];
  const take = (list: readonly unknown[]): void => {
    for (const given of list) {
      if (Array.isArray(given)) {
        take(given);
        continue;
      }
      const value = ofJson(given);
      if (value === undefined) {
        throw wrongTensor(head.name, `expected ${expected} at ${values.length}, found ${shown(given)}`);
      }
      values.push(value);
    }
  };
  take(data);
  if (values.length !== count) throw wrongCount(head, count, `${values.length}`);
  return values;
}

/** The values of a tensor that stands in bytes, little-endian. @throws UserError where they are not those it is said to have */
export function valuesOfBytes(head: TensorHead, bytes: Uint8Array): Value[] {
  const { width, ofBytes } = datatypeOf(head);
  const count = countOf(head);
  if (width === 0) return textsOf(head, count, bytes);
  if (bytes.length !== count * width) throw wrongCount(head, count, `${bytes.length} bytes of ${width} a value`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: count }, (_, i) => ofBytes(view, i * width));
}

/** Texts in UTF-8, each behind its length in four bytes. */
function textsOf(head: TensorHead, count: number, bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const texts: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = at + 4;
    const end = start <= bytes.length ? start + view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    if (end > bytes.length) throw wrongTensor(head.name, `expected the whole of value ${texts.length}, found a part`);
    if (texts.length === count) throw wrongCount(head, count, "more");
    try {
      texts.push(decoder.decode(bytes.subarray(start, end)));
    } catch {
      throw wrongTensor(head.name, `expected UTF-8 at ${texts.length}, found other bytes`);
    }
    at = end;
  }
  if (texts.length !== count) throw wrongCount(head, count, `${texts.length}`);
  return texts;
}

function datatypeOf({ name, datatype }: TensorHead): Datatype {
  if (Object.hasOwn(DATATYPES, datatype)) return DATATYPES[datatype];
  throw wrongTensor(name, `expected a datatype of ${DATATYPE_NAMES.join(", ")}, found ${shown(datatype)}`);
}

function wrongCount({ name, shape }: TensorHead, count: number, found: string): UserError {
  return wrongTensor(
    name,
    `expected ${count} ${count === 1 ? "value" : "values"} for its shape ${shown(shape)}, found ${found}`,
  );
}

/** Most characters of what was found. */
const MOST_SHOWN = 60;

function shown(given: unknown): string {
  const text = String(JSON.stringify(given));
  return text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN)}...`;
}
