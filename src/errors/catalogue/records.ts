/** Errors of the records of experiments. */
import type { Entries } from "../entry.ts";

export const records = {
  "records.in-use": {
    status: 409,
    meaning: "Another process records in the same folder; each server has its own.",
    message: ({ path, owner }: { path: string; owner: string }) => `${path} is used by ${owner}, which records there`,
  },
  "records.unavailable": {
    status: 503,
    meaning: "Nothing can be recorded now: the disk does not do what it should, or the records are being closed.",
    message: ({ path, reason }: { path: string; reason: string }) => `the records in ${path} cannot be used: ${reason}`,
  },
} satisfies Entries<"records">;
