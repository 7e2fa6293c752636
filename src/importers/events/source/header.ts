/** The first line of a file of values between delimiters: the names of its columns, if it is a header. */
import { failure } from "../../../errors/failure.ts";
import { type Layout, NONE } from "./layout.ts";

/** Of equally frequent ones the first. */
const DELIMITERS = [",", ";", "\t", "|"] as const;

/** What is between the values of a file, and around them; no quote where quotes are characters as any other. */
export interface Separators {
  readonly delimiter: string;
  readonly quote: string;
}

/**
 * The separators of a file that begins with `line`. Those of CSV proper come with quotes; "::", blanks and all others do
 * not, unless the layout says so, and neither does TSV.
 */
export function separatorsOf(line: string, format: "csv" | "tsv", layout: Layout): Separators {
  const { delimiter = format === "tsv" ? "\t" : mostFrequent(line, layout.quote) } = layout;
  const isQuoted = format === "csv" && DELIMITERS.some((one) => one === delimiter);
  const { quote = isQuoted ? '"' : NONE } = layout;
  return { delimiter, quote: quote === NONE ? "" : quote };
}

function mostFrequent(line: string, quote = '"'): string {
  const bare = quote === '"' ? line.replace(/"(?:[^"]|"")*"/g, "") : line;
  const counts = DELIMITERS.map((delimiter) => bare.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))];
}

/** The values of a line; undefined where a quote stays open, or text follows one that closed. */
export function splitLine(line: string, { delimiter, quote }: Separators): string[] | undefined {
  const values: string[] = [];
  for (let at = 0; ; ) {
    let value: string;
    if (quote !== "" && line.startsWith(quote, at)) {
      value = "";
      for (let from = at + 1; ; from = at + 1) {
        at = line.indexOf(quote, from);
        if (at < 0) return undefined;
        value += line.slice(from, at);
        at++;
        if (!line.startsWith(quote, at)) break;
        value += quote;
      }
      if (at < line.length && !line.startsWith(delimiter, at)) return undefined;
    } else {
      const end = line.indexOf(delimiter, at);
      value = line.slice(at, end < 0 ? undefined : end);
      at += value.length;
    }
    values.push(value);
    if (at >= line.length) return values;
    at += delimiter.length;
  }
}

/** A header of RecBole's atomic files names the type of each column (https://recbole.io/docs/user_guide/data/atomic_files.html). */
const ATOMIC = /^(.+):(?:token|float)(?:_seq)?$/s;

/**
 * The names of the columns of a file that begins with `line`.
 * @throws UserError where a quote stays open or a name occurs twice
 */
export function columnsOf(line: string, separators: Separators, { header }: Layout, name: string): readonly string[] {
  if (header !== undefined && header !== NONE) return header;
  const cells = splitLine(line, separators);
  if (cells === undefined) {
    throw failure("source.bad-header", { source: name, problem: "has quotes that do not end as they should" });
  }
  if (header === NONE) return cells.map((_, index) => `c${index + 1}`);
  const columns = cells.every((cell) => ATOMIC.test(cell)) ? cells.map((cell) => cell.replace(ATOMIC, "$1")) : cells;
  const seen = new Set<string>();
  const twice = columns.find((column) => column !== "" && (seen.has(column) || !seen.add(column)));
  if (twice === undefined) return columns;
  if (looksLikeValues(cells)) {
    throw failure("source.no-header", { source: name, problem: `it has ${twice} twice`, known: columns });
  }
  throw failure("source.bad-header", { source: name, problem: `names column ${twice} twice` });
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
/** What no header calls a column: a number of many digits, a date, a clock, an address, a structure, a sentence. */
const VALUES = [
  /^[+-]?\d{5,}(?:\.\d+)?$/,
  /^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}/,
  /^\d{1,2}:\d\d\b/,
  /:\/\//,
  /^\[.*\]$|^\{.*:.*\}$/s,
  /^(?=.*\s).{80}/s,
];

/**
 * Whether a first line is one of values rather than of names. Numbers alone, counted up, are names: that is what frames
 * call columns that have none.
 */
export function looksLikeValues(cells: readonly string[]): boolean {
  const given = cells.map((cell) => cell.trim()).filter((cell) => cell !== "");
  if (given.some((cell) => VALUES.some((pattern) => pattern.test(cell)))) return true;
  const numbers = given.filter((cell) => NUMBER.test(cell)).map(Number);
  const isCount = numbers.every((number, index) => number === numbers[0] + index) && numbers[0] <= 1;
  return numbers.length > given.length / 2 && !(isCount && numbers.length > 2);
}
