/**
 * The work behind the commands, loaded when a command asks for it: `--help` must not wait for a database engine.
 */
import type { prepareAmazon } from "../data/amazon/prepare.ts";
import type { guessFeatures } from "../data/events/guess.ts";
import type { prepareEvents } from "../data/events/prepare.ts";
import type { openDataset } from "../data/read.ts";
import type { writeLog } from "../data/synthetic/log.ts";
import type { prepareSynthetic } from "../data/synthetic/prepare.ts";
import type { prepareTaobao } from "../data/taobao/prepare.ts";
import type { runExperiment } from "../experiments/run.ts";
import type { evaluateRun } from "../train/evaluate.ts";
import type { loadScorer } from "../train/predict.ts";
import type { train } from "../train/train.ts";

export interface Jobs {
  readonly prepareAmazon: typeof prepareAmazon;
  readonly prepareEvents: typeof prepareEvents;
  readonly prepareTaobao: typeof prepareTaobao;
  readonly prepareSynthetic: typeof prepareSynthetic;
  readonly writeLog: typeof writeLog;
  readonly guessFeatures: typeof guessFeatures;
  readonly openDataset: typeof openDataset;
  readonly train: typeof train;
  readonly evaluateRun: typeof evaluateRun;
  readonly loadScorer: typeof loadScorer;
  readonly runExperiment: typeof runExperiment;
}

export const jobs: Jobs = {
  prepareAmazon: async (...all) => (await import("../data/amazon/prepare.ts")).prepareAmazon(...all),
  prepareEvents: async (...all) => (await import("../data/events/prepare.ts")).prepareEvents(...all),
  prepareTaobao: async (...all) => (await import("../data/taobao/prepare.ts")).prepareTaobao(...all),
  prepareSynthetic: async (...all) => (await import("../data/synthetic/prepare.ts")).prepareSynthetic(...all),
  writeLog: async (...all) => (await import("../data/synthetic/log.ts")).writeLog(...all),
  guessFeatures: async (...all) => (await import("../data/events/guess.ts")).guessFeatures(...all),
  openDataset: async (...all) => (await import("../data/read.ts")).openDataset(...all),
  train: async (...all) => (await import("../train/train.ts")).train(...all),
  evaluateRun: async (...all) => (await import("../train/evaluate.ts")).evaluateRun(...all),
  loadScorer: async (...all) => (await import("../train/predict.ts")).loadScorer(...all),
  runExperiment: async (...all) => (await import("../experiments/run.ts")).runExperiment(...all),
};
