/** Errors of replays: what another policy would have earned cannot be told. */
import type { Entries } from "../entry.ts";

export const replay = {
  "replay.no-propensities": {
    status: 422,
    meaning: "A log of impressions does not say with which probability it showed what it showed.",
    message: ({ path }: { path: string }) =>
      `${path}: no impression has a propensity; without the probability of what was shown nothing can be said of another policy`,
  },
  "replay.no-chance": {
    status: 422,
    meaning: "A log of impressions left nothing to chance.",
    message: ({ path }: { path: string }) =>
      `${path}: all propensities are 1; of a log that left nothing to chance nothing can be said of another policy`,
  },
  "replay.wrong-propensities": {
    status: 422,
    meaning: "A propensity is no probability that something had which was shown.",
    message: ({ path, rows }: { path: string; rows: number }) =>
      `${path}: expected propensities above 0 and at most 1, found others in ${rows} row${rows === 1 ? "" : "s"}`,
  },
  "replay.no-rewards": {
    status: 422,
    meaning: "A log of impressions comes without what came of them.",
    message: ({ path }: { path: string }) => `${path}: expected a column click, or files of outcomes, found neither`,
  },
  "replay.no-requests": {
    status: 422,
    meaning: "A model cannot be asked what it would have shown: the requests were not recorded.",
    message: ({ path }: { path: string }) =>
      `${path}: no impression has its request; a server records them under an experiment that explores`,
  },
  "replay.wrong-request": {
    status: 422,
    meaning: "A recorded request is none.",
    message: ({ path, problem }: { path: string; problem: string }) => `${path}: a recorded request: ${problem}`,
  },
  "replay.no-probabilities": {
    status: 422,
    meaning: "A policy does not say with which probability it shows an item.",
    message: ({ path }: { path: string }) => `${path}: expected a column probability, found none`,
  },
  "replay.no-distribution": {
    status: 422,
    meaning: "The probabilities of a policy do not add up to 1.",
    message: ({ path, situations, total }: { path: string; situations: number; total: number }) =>
      `${path}: expected probabilities that add up to 1, found ${total}, in one of ${situations} such situations`,
  },
  "replay.no-situation": {
    status: 422,
    meaning: "A policy does not say what it shows in a situation of the log.",
    message: ({ path, rows, keys }: { path: string; rows: number; keys: string }) =>
      `${path}: nothing is said of the ${keys} of ${rows} impressions`,
  },
  "replay.nothing-judged": {
    status: 422,
    meaning: "No impression of a log can be used for a replay.",
    message: ({ path }: { path: string }) => `${path}: no item that was shown is a candidate of its request`,
  },
} satisfies Entries<"replay">;
