/**
 * What an experiment is, the options of all and those that only some have, and the list of experiments by name. An
 * experiment trains what it needs in a lab and returns a report. A new one is one file and one entry here; a file is
 * loaded when its experiment runs.
 */
import { z } from "zod";
import type { OnProgress } from "../dataset/dataset.ts";
import { trainingMachineOptions } from "../engine/machine.ts";
import { marketOptions } from "../market/options.ts";
import { models } from "../models/registry.ts";
import { text, texts } from "../options/pieces.ts";
import type { Report } from "../report/report.ts";
import type { Lab } from "./lab/lab.ts";

/** The options that only some experiments have. */
export const experimentOptions = z.strictObject({
  user: text("key", "the user to show (default: the one whose attention differs most between candidates)").optional(),
  model: z
    .enum([...models.keys()])
    .describe("model to search for")
    .default("dien"),
  trials: z.int().min(1).max(10_000).describe("settings to try, the defaults among them").default(20),
  population: marketOptions.shape.population,
  days: marketOptions.shape.days,
});
export type ExperimentOptions = Readonly<z.output<typeof experimentOptions>>;

const data = texts("folder", "datasets, made by `dien prepare`; their folders' names name them in the report");
/** Of an experiment that makes its own. */
export const ownData = data.default([]).describe("datasets of `dien prepare synthetic` (default: one is made in OUT)");

/** The options of every experiment, but the settings of its runs, which a command and a program give in different forms. */
export const sharedOptions = z.strictObject({
  data: data.min(1),
  out: text("folder", "runs (OUT/runs, shared by experiments) and the report (OUT/NAME/report.html)"),
  ...trainingMachineOptions.shape,
  seeds: z.int().min(1).max(1000).describe("runs of each model: seeds 1 to this").default(5),
});

/** @throws Interrupted when the lab's signal was aborted; the same call continues from there */
type ExperimentRun = (lab: Lab, options: ExperimentOptions) => Promise<Report>;

/** An experiment as it is listed, before its code is loaded. */
export interface Experiment {
  readonly name: string;
  /** One line for `--help`. */
  readonly summary: string;
  /** A paragraph for the experiment's own help. */
  readonly description: string;
  /** Whether it trains with several seeds; otherwise with seed 1 alone. */
  readonly manySeeds: boolean;
  /** Which of the options it reads; the command offers no others. */
  readonly options: readonly (keyof ExperimentOptions)[];
  load(): Promise<ExperimentRun>;
  /** Makes the dataset that it has where none is given, at `folder`, unless it is there. */
  makeData?(folder: string, onProgress: OnProgress): Promise<void>;
}

const list: readonly Experiment[] = [
  {
    name: "table2",
    summary: "all models on all datasets",
    description:
      "Trains BaseModel, Wide & Deep, PNN, DIN, the two-layer GRU with attention and DIEN on every dataset with every seed, " +
      "and reports which leads, by how much, and whether that could be chance.",
    manySeeds: true,
    options: [],
    load: async () => (await import("./paper/table2.ts")).table2,
  },
  {
    name: "table3",
    summary: "all models in the paper's industrial shape, for impressions",
    description:
      "Trains the models of table 2 and GRU + AUGRU with a head of 600, 400, 300, 200 and 80 hidden units and histories of " +
      "at most 50 behaviours (model.head.layers and train.max_history, which --set changes), and reports as table2 does.",
    manySeeds: true,
    options: [],
    load: async () => (await import("./paper/table3.ts")).table3,
  },
  {
    name: "table4",
    summary: "the parts of DIEN, and what the paper leaves open",
    description:
      "Trains BaseModel, the two-layer GRU with attention, GRU with AIGRU, AGRU and AUGRU, and DIEN; then DIEN with one choice " +
      "changed: the forms of the released code, uniform or sigmoid attention, the weight of the auxiliary loss from 0 to 2.",
    manySeeds: true,
    options: [],
    load: async () => (await import("./paper/table4.ts")).table4,
  },
  {
    name: "table5",
    summary: "which model earns more, online",
    description:
      "Trains BaseModel, DIN and DIEN on the log of the synthetic shop, then opens a market of its users for five weeks, in " +
      "which each model ranks ads for a quarter of them and one that knows the truth for the rest, and reports the gains in " +
      "CTR, pay per click and eCPM beside the paper's.",
    manySeeds: false,
    options: ["population", "days"],
    load: async () => (await import("./paper/table5.ts")).table5,
    makeData: async (...all) => (await import("./paper/table5.ts")).makeShop(...all),
  },
  {
    name: "figure2",
    summary: "learning curves of the whole and the auxiliary loss",
    description:
      "Trains DIEN and measures its losses on the validation samples about ten times an epoch: the whole loss " +
      "(L = L_target + alpha L_aux) and the auxiliary loss, on training and on validation samples.",
    manySeeds: true,
    options: [],
    load: async () => (await import("./paper/figure2.ts")).figure2,
  },
  {
    name: "figure3",
    summary: "how a user's interest evolves under different candidates",
    description:
      "Trains DIEN (one seed) and looks inside it for one user: AUGRU's hidden states under several candidates and under " +
      "uniform attention, projected by PCA and joined in order, and the attention to every behaviour. The user is the one " +
      "named with --user, or the one of the test samples whose attention differs most between candidates.",
    manySeeds: false,
    options: ["user"],
    load: async () => (await import("./paper/figure3.ts")).figure3,
  },
  {
    name: "tune",
    summary: "search over learning rate, embedding size, regularisation and auxiliary weight",
    description:
      "Tries settings at random, stops bad trials early, trains the best again with every seed and writes the winner on " +
      "each dataset as a configuration for `dien train --config`. Keys given with --set are not searched.",
    manySeeds: true,
    options: ["model", "trials"],
    load: async () => (await import("./search/tune.ts")).tune,
  },
];

export const experiments: ReadonlyMap<string, Experiment> = new Map(
  list.map((experiment) => [experiment.name, experiment]),
);
