/** Errors of dataset folders. */
import type { Entries } from "../entry.ts";

export const datasets = {
  "dataset.bad-row": {
    status: 422,
    meaning: "A row of a dataset's file breaks a rule of the format.",
    message: ({ path, row, column, expected, found }: BadRow) =>
      `${path} is damaged: row ${row} has ${column} ${found}, expected ${expected}`,
  },
  "dataset.wrong-count": {
    status: 422,
    meaning: "A dataset's file holds more or less than its manifest has written down.",
    message: ({ path, what, expected, found }: WrongCount) =>
      `${path} has ${found} ${what}, expected ${expected}, as in dataset.json`,
  },
  "dataset.changed": {
    status: 409,
    meaning: "A dataset's file was replaced while it was read.",
    message: ({ path, row }: { path: string; row: number }) =>
      `${path} was changed while it was read: row ${row} is another than before`,
  },
} satisfies Entries<"dataset">;

export interface BadRow {
  readonly path: string;
  /** Counted from 0. */
  readonly row: number;
  readonly column: string;
  readonly expected: string;
  readonly found: string;
}

export interface WrongCount {
  readonly path: string;
  readonly what: string;
  readonly expected: number;
  readonly found: number;
}
