/** Errors of the database that works behind `prepare`, `inspect` and the reading of datasets. */
import type { Entries } from "../entry.ts";

export const database = {
  "database.failed": {
    status: 500,
    meaning: "The database that works inside failed for a reason that has no error of its own.",
    message: ({ path, reason }: { path: string; reason: string }) =>
      `the database that works in ${path} failed: ${reason}`,
  },
} satisfies Entries<"database">;
