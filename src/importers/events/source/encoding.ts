/**
 * Text of any encoding as UTF-8 (https://encoding.spec.whatwg.org). What is wrong in a line stays wrong: it becomes a byte
 * that no UTF-8 has, so that whoever reads the lines finds it in the row in which it is.
 */
import { failure } from "../../../errors/failure.ts";

/** A longer line is no line of a log; it would fill the memory. */
const MAX_LINE = { bytes: 1 << 26, text: "64 MiB" };
const WRONG = Buffer.of(0xff);
const LINE_END = 0x0a;

/** The text of bytes; undefined where they are wrong and `wrong` is not to be replaced by U+FFFD. */
type Decode = (bytes: Buffer, replace?: boolean) => string | undefined;

/** The standard's name of an encoding. Latin-1 is windows-1252 there. */
export function canonicalEncoding(label: string): string {
  return new TextDecoder(label).encoding;
}

/**
 * Converts a stretch of whole lines at a time, in memory that the longest line bounds. A byte order mark is left out.
 * @throws UserError for a line longer than 64 MiB
 */
export async function* asUtf8(chunks: AsyncIterable<Buffer>, encoding: string, name: string): AsyncGenerator<Buffer> {
  const decode = decoderOf(encoding);
  const unit = encoding.startsWith("utf-16") ? (encoding === "utf-16le" ? [LINE_END, 0] : [0, LINE_END]) : [LINE_END];
  let rest: Buffer = Buffer.alloc(0);
  let lines = 0;
  const convert = (block: Buffer): Buffer => {
    const text = decode(block);
    const parts = text === undefined ? [...cut(block, unit)].map((line) => lineOf(decode, line)) : [Buffer.from(text)];
    const isFirst = lines === 0;
    for (const part of parts)
      for (let at = part.indexOf(LINE_END); at >= 0; at = part.indexOf(LINE_END, at + 1)) lines++;
    const whole = parts.length === 1 ? parts[0] : Buffer.concat(parts);
    return isFirst && whole.subarray(0, 3).toString() === "\ufeff" ? whole.subarray(3) : whole;
  };
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const length = lengthOfLines(bytes, unit);
    // The chunk's memory may be used again.
    rest = Buffer.from(bytes.subarray(length));
    if (length > 0) yield convert(bytes.subarray(0, length));
    if (rest.length > MAX_LINE.bytes) {
      throw failure("file.line-too-long", { path: name, line: lines + 1, expected: MAX_LINE.text });
    }
  }
  if (rest.length > 0) yield convert(rest);
}

/** A line that may be wrong. */
function lineOf(decode: Decode, line: Buffer): Buffer {
  const text = decode(line);
  if (text !== undefined) return Buffer.from(text);
  const parts = decode(line, true)!.split("\ufffd");
  return Buffer.concat(
    parts.flatMap((part, index) => (index === 0 ? [Buffer.from(part)] : [WRONG, Buffer.from(part)])),
  );
}

/** Where the last whole line ends. In no encoding is its last byte a part of another character. */
function lengthOfLines(bytes: Buffer, unit: readonly number[]): number {
  for (let at = bytes.lastIndexOf(LINE_END); at >= 0; at = at === 0 ? -1 : bytes.lastIndexOf(LINE_END, at - 1)) {
    const from = at - unit.indexOf(LINE_END);
    if (isLineEnd(bytes, from, unit)) return from + unit.length;
  }
  return 0;
}

/** Lines with their ends; the last may have none. */
function* cut(bytes: Buffer, unit: readonly number[]): Generator<Buffer> {
  let begin = 0;
  for (let at = bytes.indexOf(LINE_END); at >= 0; at = bytes.indexOf(LINE_END, at + 1)) {
    const from = at - unit.indexOf(LINE_END);
    if (!isLineEnd(bytes, from, unit)) continue;
    yield bytes.subarray(begin, from + unit.length);
    begin = from + unit.length;
  }
  if (begin < bytes.length) yield bytes.subarray(begin);
}

function isLineEnd(bytes: Buffer, from: number, unit: readonly number[]): boolean {
  return from >= 0 && from % unit.length === 0 && unit.every((byte, index) => bytes[from + index] === byte);
}

function decoderOf(encoding: string): Decode {
  if (encoding === "windows-1252") return fromWindows1252;
  // The standard decodes both in one way, and Node takes 0xff for a character in the one.
  const name = encoding === "gbk" ? "gb18030" : encoding;
  const strict = new TextDecoder(name, { fatal: true, ignoreBOM: true });
  const loose = new TextDecoder(name, { ignoreBOM: true });
  return (bytes, replace = false) => {
    if (replace) return loose.decode(bytes).replaceAll(NO_BIG5, "\ufffd");
    try {
      const text = strict.decode(bytes);
      return encoding === "big5" && text.includes(NO_BIG5) ? undefined : text;
    } catch {
      return undefined;
    }
  };
}

/** What Node takes 0xff for in Big5, where it is nothing. */
const NO_BIG5 = "\uf8f8";

/** Of the bytes from 0x80 to 0x9f (https://encoding.spec.whatwg.org/index-windows-1252.txt). Node 20 takes them for Latin-1's. */
const C1 = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";

function fromWindows1252(bytes: Buffer): string {
  return bytes.toString("latin1").replace(/[\x80-\x9f]/g, (sign) => C1[sign.charCodeAt(0) - 0x80]);
}
