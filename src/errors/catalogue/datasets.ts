/** Errors of dataset folders. */
import { withoutAddress } from "../addresses.ts";
import type { Entries } from "../entry.ts";

export const datasets = {
  "dataset.absent": {
    status: 404,
    meaning: "A folder is no dataset.",
    message: ({ path, reason }: { path: string; reason: string }) => `${withoutAddress(path)} is no dataset: ${reason}`,
  },
  "dataset.wrong-version": {
    status: 422,
    meaning: "A dataset was prepared by a version of dien whose format this one does not read.",
    message: ({ path, expected, found }: { path: string; expected: number; found: number }) =>
      `${path} has format version ${found}, expected ${expected}: prepare the data again`,
  },
  "dataset.not-replaceable": {
    status: 409,
    meaning: "Something that is no dataset is in the place where one should be written.",
    message: ({ path, problem }: { path: string; problem: string }) => `${path} ${problem}`,
  },
  "dataset.not-inspected": {
    status: 507,
    meaning: "Disk or memory do not suffice to inspect a dataset.",
    message: ({ path, reason }: { path: string; reason: string }) => `cannot inspect ${path}: ${reason}`,
  },
  "dataset.bad-row": {
    status: 422,
    meaning: "A row of a dataset's file breaks a rule of the format.",
    message: ({ path, row, column, expected, found }: BadRow) =>
      `${path} is damaged: row ${row} has ${column} ${found}, expected ${expected}`,
  },
  "dataset.wrong-count": {
    status: 422,
    meaning:
      "A dataset's file holds more or less than its manifest has written down, or its samples weigh more or less.",
    message: ({ path, what, expected, found }: WrongCount) =>
      `${path} has ${found} ${what}, expected ${expected}, as in dataset.json`,
  },
  "dataset.changed": {
    status: 409,
    meaning: "A dataset was changed or replaced while it was read.",
    message: ({ path, file }: { path: string; file: string }) =>
      `${path} has changed while it was read: ${file} is not the file that it was at the beginning`,
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
