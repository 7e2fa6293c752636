/** Blank lines between the rows of a file: readers pass over them, and DuckDB counts them where it says which line is wrong. */
import { createReadStream } from "node:fs";
import { readingError } from "../../../files/failures.ts";
import { unpackGzip } from "../../../files/gzip.ts";
import { currentSignal } from "../../../interruption.ts";
import type { Separators } from "./header.ts";
import type { SourceFile } from "./source.ts";

const CHUNK_BYTES = 1 << 20;
const LINE_END = 0x0a;
const RETURN = 0x0d;

/**
 * How many lines before the nth are blank, for each n of `numbers`, which are in order. Lines are counted from 1 as DuckDB
 * does: one that begins within quotes is none. The first `outside` are left aside. Of zstd, which Node 20 cannot unpack,
 * there are none.
 */
export async function blankBefore(
  { path, name, compression }: SourceFile,
  separators: Separators,
  outside: number,
  numbers: readonly number[],
): Promise<Map<number, number>> {
  const before = new Map<number, number>();
  const row = new RowScan(separators);
  let line = 0;
  let blank = 0;
  let isBlank = true;
  const endLine = () => {
    if (row.isQuoted) {
      isBlank = false;
      return;
    }
    line++;
    while (numbers[before.size] === line) before.set(line, blank);
    if (isBlank && line > outside) blank++;
    isBlank = true;
    row.begin();
  };
  const take = async (content: AsyncIterable<Buffer>) => {
    for await (const chunk of content) {
      currentSignal()?.throwIfAborted();
      for (const byte of chunk) {
        if (byte === LINE_END) endLine();
        else if (byte !== RETURN || row.isQuoted) {
          isBlank = false;
          row.add(byte);
        }
      }
    }
    row.begin();
    endLine();
  };
  try {
    const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
    if (compression === "gzip") await unpackGzip(file, take);
    else if (compression === "none") await take(file);
  } catch (error) {
    throw readingError(error, name);
  }
  return before;
}

/** Where in the values of a row a byte stands. Where quotes do not end as they should, the rest of the line is bare. */
class RowScan {
  readonly #quote: number | undefined;
  readonly #delimiter: Buffer;
  #state: "start" | "bare" | "quoted" | "closed" | "broken" = "start";
  /** Bytes of a delimiter that have come. */
  #matched = 0;

  constructor({ quote, delimiter }: Separators) {
    this.#quote = quote === "" ? undefined : quote.charCodeAt(0);
    this.#delimiter = Buffer.from(delimiter);
  }

  /** Whether a line end is one of a value now. */
  get isQuoted(): boolean {
    return this.#state === "quoted";
  }

  begin(): void {
    this.#state = "start";
    this.#matched = 0;
  }

  add(byte: number): void {
    if (this.#quote === undefined || this.#state === "broken") return;
    if (byte === this.#quote && this.#matched === 0) {
      if (this.#state === "quoted") this.#state = "closed";
      else if (this.#state !== "bare") this.#state = "quoted";
      return;
    }
    if (this.#state === "quoted") return;
    if (byte === this.#delimiter[this.#matched]) {
      this.#matched++;
      if (this.#matched === this.#delimiter.length) this.begin();
      return;
    }
    this.#matched = byte === this.#delimiter[0] ? 1 : 0;
    this.#state = this.#state === "closed" ? "broken" : "bare";
  }
}
