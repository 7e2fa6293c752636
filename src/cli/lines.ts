/** Newline-delimited JSON (https://github.com/ndjson/ndjson-spec): lines as they arrive, each with its number. */
import type { Readable } from "node:stream";

export interface Line {
  /** Counted from 1. */
  readonly number: number;
  readonly text: string;
}

/**
 * The lines of a stream of UTF-8, in groups as they arrive: a large file comes in groups of many, a line typed at a
 * terminal comes at once. Blank lines count but are left out, so no group is empty.
 */
export async function* readLines(input: Readable): AsyncGenerator<Line[]> {
  const decoder = new TextDecoder();
  let number = 0;
  let rest = "";
  const cut = (text: string, isLast: boolean): Line[] => {
    const texts = (rest + text).split("\n");
    rest = isLast ? "" : texts.pop()!;
    return texts.map((line) => ({ number: ++number, text: line })).filter((line) => line.text.trim() !== "");
  };
  for await (const chunk of input) {
    const lines = cut(decoder.decode(chunk, { stream: true }), false);
    if (lines.length > 0) yield lines;
  }
  const last = cut(decoder.decode(), true);
  if (last.length > 0) yield last;
}
