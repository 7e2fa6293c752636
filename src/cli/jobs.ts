/**
 * The work behind the commands, loaded when a command asks for it: `--help` must not wait for a database engine.
 */
import type { prepareAmazon } from "../data/amazon/prepare.ts";
import type { inspectDataset } from "../data/inspect/inspect.ts";
import type { openDataset } from "../data/read.ts";
import type { prepareSynthetic } from "../data/synthetic/prepare.ts";
import type { runExperiment } from "../experiments/run.ts";
import type { writeInspection } from "../inspect/page.ts";
import type { evaluateRun } from "../train/evaluate.ts";
import type { loadScorer } from "../train/predict.ts";
import type { train } from "../train/train.ts";

export interface Jobs {
  readonly prepareAmazon: typeof prepareAmazon;
  readonly prepareSynthetic: typeof prepareSynthetic;
  readonly openDataset: typeof openDataset;
  readonly inspectDataset: typeof inspectDataset;
  readonly writeInspection: typeof writeInspection;
  readonly train: typeof train;
  readonly evaluateRun: typeof evaluateRun;
  readonly loadScorer: typeof loadScorer;
  readonly runExperiment: typeof runExperiment;
}

export const jobs: Jobs = {
  prepareAmazon: async (...all) => (await import("../data/amazon/prepare.ts")).prepareAmazon(...all),
  prepareSynthetic: async (...all) => (await import("../data/synthetic/prepare.ts")).prepareSynthetic(...all),
  openDataset: async (...all) => (await import("../data/read.ts")).openDataset(...all),
  inspectDataset: async (...all) => (await import("../data/inspect/inspect.ts")).inspectDataset(...all),
  writeInspection: async (...all) => (await import("../inspect/page.ts")).writeInspection(...all),
  train: async (...all) => (await import("../train/train.ts")).train(...all),
  evaluateRun: async (...all) => (await import("../train/evaluate.ts")).evaluateRun(...all),
  loadScorer: async (...all) => (await import("../train/predict.ts")).loadScorer(...all),
  runExperiment: async (...all) => (await import("../experiments/run.ts")).runExperiment(...all),
};
