/** Errors of stores of users' behaviours. */
import type { Entries } from "../entry.ts";

export const stores = {
  "store.unknown-address": {
    status: 400,
    exitCode: 2,
    meaning: "The address of a store is of no kind that there is.",
    message: ({ path, expected }: { path: string; expected: string }) =>
      `no store is called ${path}: expected ${expected}`,
  },
  "store.in-use": {
    status: 409,
    meaning: "Another process has the store open; only a store in Redis serves several.",
    message: ({ path, owner }: { path: string; owner: string }) => `the store in ${path} is used by ${owner}`,
  },
  "store.absent": {
    status: 404,
    meaning: "There is no store at a place from which one is read.",
    message: ({ path, reason }: { path: string; reason: string }) => `${path} holds no store: ${reason}`,
  },
  "store.other-version": {
    status: 422,
    meaning: "A store was written by another version of this program, in a format that this one does not read.",
    message: ({ path, expected, found }: { path: string; expected: number; found: string }) =>
      `the store in ${path} was written by another version: expected format ${expected}, found ${found}`,
  },
  "store.damaged": {
    status: 500,
    meaning: "A store does not hold what was written to it.",
    message: ({ path, problem }: { path: string; problem: string }) => `the store in ${path} is damaged: ${problem}`,
  },
  "store.disk-full": {
    status: 507,
    meaning: "The disk of a store has no space left.",
    message: ({ path, reason }: { path: string; reason: string }) => `the store in ${path} cannot grow: ${reason}`,
  },
  "store.not-importable": {
    status: 422,
    meaning: "What should be imported into a store has no behaviours with times, or not enough is known of them.",
    message: ({ path, reason }: { path: string; reason: string }) => `${path} cannot be imported: ${reason}`,
  },
  "store.unavailable": {
    status: 503,
    meaning: "A store cannot be used now: its server or its disk does not answer, or it is being closed.",
    message: ({ path, reason }: { path: string; reason: string }) => `the store in ${path} cannot be used: ${reason}`,
  },
} satisfies Entries<"store">;
