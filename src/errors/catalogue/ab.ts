/** Errors of online experiments: of their definitions first, then of plans. */
import type { Entries } from "../entry.ts";

export const ab = {
  "ab.invalid": {
    status: 422,
    exitCode: 2,
    meaning: "An online experiment is not defined as it must be.",
    message: ({ path, problem }: { path: string; problem: string }) => `${path}: ${problem}`,
  },
  "ab.no-rates": {
    status: 422,
    meaning: "A dataset cannot say how often users click: its impressions were drawn.",
    message: ({ path, protocol }: { path: string; protocol: string }) =>
      `${path} has no click rates: by its protocol, ${protocol}, what was not clicked was drawn and never shown`,
  },
  "ab.no-times": {
    status: 422,
    meaning: "A log has no times, so it is not known of how many days it is.",
    message: ({ path }: { path: string }) => `${path} has rows without times: of how many days is it?`,
  },
  "ab.wrong-log": {
    status: 422,
    meaning: "A file or folder does not say what users did.",
    message: ({ path, problem }: { path: string; problem: string }) => `${path}: ${problem}`,
  },
} satisfies Entries<"ab">;
