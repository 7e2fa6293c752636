/** Errors of what importers read: logs, tables, dumps, databases. */
import { didYouMean } from "../../suggest.ts";
import type { Entries } from "../entry.ts";

/** A file, a pattern of files, or the address of a database without its password. */
export interface Source {
  readonly source: string;
}

export interface SourceRow extends Source {
  /** Counted from 1; a header is none. */
  readonly row: number;
}

export const sources = {
  "source.unsupported": {
    status: 400,
    meaning: "A source is neither files nor a database that can be read.",
    message: ({ source }: Source) =>
      `${source}: expected files, a pattern or postgres://USER@HOST:PORT/DATABASE?table=NAME`,
  },
  "source.no-match": {
    status: 404,
    meaning: "No file matches a pattern.",
    message: ({ source }: Source) => `no file matches ${source}`,
  },
  "source.no-file": {
    status: 422,
    meaning: "What should be a file is a folder or a device.",
    message: ({ path }: { path: string }) =>
      `${path} is no file; for all files of a folder give a pattern, "${path}/*"`,
  },
  "source.lacks-file": {
    status: 404,
    meaning: "A folder lacks a file that belongs to a published dataset.",
    message: ({ path, names }: { path: string; names: readonly string[] }) => `${path} holds no ${names.join(" or ")}`,
  },
  "source.nothing-to-train": {
    status: 422,
    meaning: "Of a log of reviews nothing is left to train on.",
    message: ({ source, users, protocol }: Source & { users: number; protocol: string }) =>
      `${source} leaves nothing to train on: ${users} users with two reviews or more, protocol ${protocol}`,
  },
  "source.no-categories": {
    status: 422,
    meaning: "A dump of metadata is not of the items of the reviews.",
    message: ({ source, items, reviews }: Source & { items: number; reviews: string }) =>
      `${source} has a category for none of the ${items} items of ${reviews} (both dumps must be of one year)`,
  },
  "source.unknown-format": {
    status: 422,
    meaning: "The name of a file does not end with that of a known format.",
    message: ({ path, known, formats }: { path: string; known: string; formats: readonly string[] }) =>
      `${path}: the format is not known by the name; known are ${known}; for another name state the format: ${formats.join(", ")}`,
  },
  "source.unused-layout": {
    status: 422,
    meaning: "A layout has a key that says nothing of files of its format.",
    message: ({ source, format, key }: Source & { format: string; key: string }) =>
      `${source} is read as ${format}, which has no ${key}`,
  },
  "source.no-header": {
    status: 422,
    meaning: "The first row of a table, taken for its header, does not do for one and looks like values.",
    message: ({ source, problem, known }: Source & { problem: string; known: readonly string[] }) =>
      `${source}: the header looks like a row of values, and ${problem}: ${known.join(", ")}; ` +
      "if there is no header, name the columns: `header: [user, item, ...]`",
  },
  "source.bad-address": {
    status: 400,
    meaning: "The address of a database cannot be used.",
    message: ({ source, problem }: Source & { problem: string }) => `${source}: ${problem}`,
  },
  "source.bad-header": {
    status: 422,
    meaning: "The header of a CSV or TSV file is damaged.",
    message: ({ source, problem }: Source & { problem: string }) => `${source}: the header ${problem}`,
  },
  "source.too-wide": {
    status: 413,
    meaning: "A table has more columns than can be read.",
    message: ({ source, expected, found }: Source & { expected: number; found: number }) =>
      `${source} has ${found} columns: expected at most ${expected}`,
  },
  "source.unknown-column": {
    status: 422,
    meaning: "A table lacks a column that is asked for.",
    message: ({ source, column, known }: Source & { column: string; known: readonly string[] }) =>
      `${source}: there is no column ${column}, only ${known.join(", ")}${didYouMean(column, known)}`,
  },
  "source.wrong-type": {
    status: 422,
    meaning: "A column has a type whose values have no text, such as a list.",
    message: ({ source, column, expected, found }: Source & { column: string; expected: string; found: string }) =>
      `${source}: column ${column}: expected ${expected}, found ${found}`,
  },
  "source.no-rows": {
    status: 422,
    meaning: "A table or log has no rows.",
    message: ({ source }: Source) => `${source} has no rows`,
  },
  "source.unreadable": {
    status: 422,
    meaning: "A log has rows, but none from which columns can be read.",
    message: ({ source }: Source) => `${source} has no row that can be read`,
  },
  "source.bad-row": {
    status: 422,
    meaning: "A row cannot be read, or a value of it cannot be used.",
    message: ({ source, row, problem }: SourceRow & { problem: string }) => `${source}: row ${row}: ${problem}`,
  },
  "source.lost-lines": {
    status: 422,
    meaning: "Lines of a file are in no row, whether it can be read or not: a quote stays open.",
    message: ({ source, lines }: Source & { lines: number }) =>
      `${source}: ${lines} of its lines are in no row that can be read, as where a quote stays open; with \`quote: none\` ` +
      "quotes are characters as any other",
  },
  "source.mixed-zones": {
    status: 422,
    meaning: "Some times of a log carry an offset and others none.",
    message: ({ source, row, column, expected, found }: MixedZones) =>
      `${source}: row ${row}: column ${column}: mixed time zones: expected ${expected}, as before it, found ${found}`,
  },
  "source.no-order": {
    status: 400,
    meaning: "Times are to be the order of rows, and a table of a database has none.",
    message: ({ source }: Source) => `${source}: rows of a database have no order: columns.time: row needs files`,
  },
  "source.early-times": {
    status: 422,
    meaning:
      "Most times of a log are numbers that would be of before 1990: they are dates in digits, or of another unit.",
    message: ({ source, column, early, rows, text, time, formats }: EarlyTimes) =>
      `${source}: column ${column}: ${early} of ${rows} times are before 1990, as ${text}, read as ${time}; columns.time needs a format, perhaps ${formats}`,
  },
  "source.duplicate-key": {
    status: 422,
    meaning: "The key of a user or an item occurs twice in its table.",
    message: ({ source, row, column, key, first }: DuplicateKey) =>
      `${source}: row ${row}: column ${column}: ${key} occurs twice, first in ${first}`,
  },
  "source.unusable-rows": {
    status: 422,
    meaning: "Too many rows or lines of a log or dump are unusable.",
    message: ({ source, unit, bad, total, first }: UnusableRows) =>
      `${source}: ${bad} of ${total} ${unit} are unusable, the first is ${first}`,
  },
} satisfies Entries<"source">;

export interface EarlyTimes extends Source {
  readonly column: string;
  readonly early: number;
  readonly rows: number;
  /** An early time as it stands there, and what it is read as. */
  readonly text: string;
  readonly time: string;
  /** That may be meant. */
  readonly formats: string;
}

export interface MixedZones extends SourceRow {
  readonly column: string;
  readonly expected: "a time with an offset" | "a time without an offset";
  readonly found: string;
}

export interface DuplicateKey extends SourceRow {
  readonly column: string;
  readonly key: string;
  /** File and row of the first. */
  readonly first: string;
}

export interface UnusableRows extends Source {
  readonly unit: "rows" | "lines";
  readonly bad: number;
  readonly total: number;
  /** Which is the first, and what is wrong with it: "line 3: no asin". */
  readonly first: string;
}
