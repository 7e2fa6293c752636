/** Errors of online experiments: of their definitions first. */
import type { Entries } from "../entry.ts";

export const ab = {
  "ab.invalid": {
    status: 422,
    exitCode: 2,
    meaning: "An online experiment is not defined as it must be.",
    message: ({ path, problem }: { path: string; problem: string }) => `${path}: ${problem}`,
  },
} satisfies Entries<"ab">;
