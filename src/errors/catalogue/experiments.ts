/** Errors of experiments: which there are, on which datasets, with which settings. */
import { didYouMean } from "../../suggest.ts";
import type { Entries } from "../entry.ts";

export const experiments = {
  "experiment.unknown": {
    status: 404,
    exitCode: 2,
    meaning: "There is no experiment of that name.",
    message: ({ name, known }: { name: string; known: readonly string[] }) =>
      `unknown experiment "${name}": expected one of ${known.join(", ")}${didYouMean(name, known)}`,
  },
  "experiment.settled-key": {
    status: 400,
    exitCode: 2,
    meaning: "A setting is the experiment's own to choose.",
    message: ({ key, reason }: { key: string; reason: string }) => `${key} cannot be set for an experiment: ${reason}`,
  },
  "experiment.unknown-key": {
    status: 400,
    exitCode: 2,
    meaning: "No model of the experiment has a setting of that name.",
    message: ({ key, models }: { key: string; models: readonly string[] }) =>
      `no model of the experiment has the key '${key}': its models are ${models.join(", ")}`,
  },
  "experiment.nothing-to-search": {
    status: 400,
    exitCode: 2,
    meaning: "All settings that a search would vary are given.",
    message: ({ name }: { name: string }) =>
      `there is nothing to search: every key of ${name} that a search would vary has a value already`,
  },
  "experiment.same-name": {
    status: 409,
    meaning: "Two dataset folders have the same name, which reports would confuse.",
    message: ({ path, other, name }: { path: string; other: string; name: string }) =>
      `${other} and ${path} are both called ${name}: rename one of the folders`,
  },
  "experiment.unknown-user": {
    status: 404,
    meaning: "A dataset does not have the user that a figure is asked for.",
    message: ({ dataset, user }: { dataset: string; user: string }) => `${dataset} has no user "${user}"`,
  },
  "experiment.no-example": {
    status: 422,
    meaning: "No history of a dataset shows what a figure is about.",
    message: ({ dataset, who }: { dataset: string; who: string }) =>
      `${dataset}: ${who} a clicked test sample after behaviours of two categories`,
  },
} satisfies Entries<"experiment">;
