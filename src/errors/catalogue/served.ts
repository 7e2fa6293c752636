/** Errors of models that come and go while they are served. */
import type { Entries } from "../entry.ts";

export const served = {
  "served.mismatched": {
    status: 409,
    meaning: "A model cannot take the place of the one that is served: requests to that one would be refused.",
    message: ({ name, path, problem }: { name: string; path: string; problem: string }) =>
      `${path} cannot take the place of model ${name}: ${problem}`,
  },
  "served.no-probability": {
    status: 422,
    meaning: "A model gives scores that are no probabilities: its weights are not finite.",
    message: ({ path, expected, found }: { path: string; expected: string; found: number }) =>
      `${path} has a model that gives no probabilities: expected ${expected}, found ${found}`,
  },
  "served.no-version-before": {
    status: 409,
    meaning: "A model should go back to the version before, and has been served in one version only.",
    message: ({ name }: { name: string }) => `model ${name} has no version before the one that is served`,
  },
} satisfies Entries<"served">;
