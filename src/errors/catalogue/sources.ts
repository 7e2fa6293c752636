/** Errors of what importers read: logs, tables, dumps, databases. */
import type { Entries } from "../entry.ts";

export const sources = {
  "source.unusable-rows": {
    status: 422,
    meaning: "Too many rows or lines of a log or dump are unusable.",
    message: ({ path, unit, bad, total, first }: UnusableRows) =>
      `${path}: ${bad} of ${total} ${unit} are unusable, the first is ${first}`,
  },
} satisfies Entries<"source">;

export interface UnusableRows {
  readonly path: string;
  readonly unit: "rows" | "lines";
  readonly bad: number;
  readonly total: number;
  /** Which is the first, and what is wrong with it: "line 3: no asin". */
  readonly first: string;
}
