/** The experiments by name. A new one is one file and one entry here; files are loaded when they are asked for. */
import type { Experiment } from "./experiment.ts";

const list: readonly Experiment[] = [
  {
    name: "table2",
    summary: "all models on all datasets",
    description:
      "Trains BaseModel, Wide & Deep, PNN, DIN, the two-layer GRU with attention and DIEN on every dataset with every seed, " +
      "and says who leads, by how much, and whether that is chance.",
    manySeeds: true,
    options: [],
    load: async () => (await import("./table2.ts")).table2,
  },
  {
    name: "table3",
    summary: "all models in the paper's industrial shape, for impressions",
    description:
      "Trains the models of table 2 and GRU + AUGRU with a head of 600, 400, 300, 200 and 80 hidden units and histories of " +
      "at most 50 behaviours (model.head.layers and train.max_history, which --set changes), and reports as table2 does.",
    manySeeds: true,
    options: [],
    load: async () => (await import("./table3.ts")).table3,
  },
  {
    name: "table4",
    summary: "DIEN taken apart, and what the paper leaves open",
    description:
      "Trains BaseModel, the two-layer GRU with attention, GRU with AIGRU, AGRU and AUGRU, and DIEN; then DIEN with one choice " +
      "made otherwise: the forms of the authors' code, equal or no attention, the weight of the auxiliary loss from 0 to 2.",
    manySeeds: true,
    options: [],
    load: async () => (await import("./table4.ts")).table4,
  },
  {
    name: "figure2",
    summary: "learning curves of the whole and the auxiliary loss",
    description:
      "Trains DIEN and measures its losses on the validation samples about ten times an epoch: the whole loss " +
      "(L = L_target + alpha L_aux) and the auxiliary loss, on training and on validation samples.",
    manySeeds: true,
    options: [],
    load: async () => (await import("./figure2.ts")).figure2,
  },
  {
    name: "figure3",
    summary: "how a user's interest evolves under different candidates",
    description:
      "Trains DIEN (one seed) and looks inside it for one user: AUGRU's hidden states under several candidates and under " +
      "equal attention, projected by PCA and joined in order, and the attention to every behaviour. The user is the most " +
      "telling one of the test samples, or the one named with --user.",
    manySeeds: false,
    options: ["user"],
    load: async () => (await import("./figure3.ts")).figure3,
  },
  {
    name: "tune",
    summary: "search over learning rate, embedding size, regularisation and auxiliary weight",
    description:
      "Tries settings at random, stops bad trials early, trains the best again with every seed and writes the winner on " +
      "each dataset as a configuration for `dien train --config`. Keys given with --set are settled and not searched.",
    manySeeds: true,
    options: ["model", "trials"],
    load: async () => (await import("./tune.ts")).tune,
  },
];

export const experiments: ReadonlyMap<string, Experiment> = new Map(
  list.map((experiment) => [experiment.name, experiment]),
);
