/**
 * The work behind the commands, loaded when a command asks for it: `--help` must not wait for a database engine.
 */

import type { analyse } from "../ab/analysis/analyse.ts";
import type { loadRecords } from "../ab/load/postgres.ts";
import type { readBaseline } from "../ab/plan/log.ts";
import type { writePlan } from "../ab/plan/page.ts";
import type { eraseUser } from "../ab/records/erase.ts";
import type { writeReplay } from "../ab/replay/page.ts";
import type { replay } from "../ab/replay/replay.ts";
import type { writeAbReport } from "../ab/show/page.ts";
import type { readShape } from "../dataset/stream.ts";
import type { runExperiment } from "../experiments/run.ts";
import type { prepareAmazon } from "../importers/amazon/prepare.ts";
import type { readBehavioursOf } from "../importers/events/behaviours.ts";
import type { guessFeatures } from "../importers/events/guess/guess.ts";
import type { prepareEvents } from "../importers/events/prepare.ts";
import type { writeLog } from "../importers/synthetic/log.ts";
import type { prepareSynthetic } from "../importers/synthetic/prepare.ts";
import type { prepareTaobao } from "../importers/taobao/prepare.ts";
import type { inspectDataset } from "../inspection/measure/inspect.ts";
import type { writeInspection } from "../inspection/show/inspection-page.ts";
import type { simulate } from "../market/simulate.ts";
import type { calibrateRun } from "../scoring/calibrate.ts";
import type { readDatasetBehaviours } from "../scoring/dataset-behaviours.ts";
import type { evaluateRun } from "../scoring/evaluate.ts";
import type { loadScorer } from "../scoring/predict.ts";
import type { writeCalibrationPage } from "../scoring/show/calibration-page.ts";
import type { openServer } from "../serving/serve.ts";
import type { openStore } from "../store/open.ts";
import type { train } from "../training/train.ts";
import type { verify } from "../verification/verify.ts";

export interface Jobs {
  readonly readBaseline: typeof readBaseline;
  readonly writePlan: typeof writePlan;
  readonly prepareAmazon: typeof prepareAmazon;
  readonly prepareEvents: typeof prepareEvents;
  readonly prepareTaobao: typeof prepareTaobao;
  readonly prepareSynthetic: typeof prepareSynthetic;
  readonly writeLog: typeof writeLog;
  readonly readShape: typeof readShape;
  readonly guessFeatures: typeof guessFeatures;
  readonly inspectDataset: typeof inspectDataset;
  readonly writeInspection: typeof writeInspection;
  readonly train: typeof train;
  readonly evaluateRun: typeof evaluateRun;
  readonly calibrateRun: typeof calibrateRun;
  readonly writeCalibrationPage: typeof writeCalibrationPage;
  readonly loadScorer: typeof loadScorer;
  readonly runExperiment: typeof runExperiment;
  readonly verify: typeof verify;
  readonly openStore: typeof openStore;
  readonly readBehavioursOf: typeof readBehavioursOf;
  readonly readDatasetBehaviours: typeof readDatasetBehaviours;
  readonly openServer: typeof openServer;
  readonly simulate: typeof simulate;
  readonly analyse: typeof analyse;
  readonly writeAbReport: typeof writeAbReport;
  readonly replay: typeof replay;
  readonly writeReplay: typeof writeReplay;
  readonly loadRecords: typeof loadRecords;
  readonly eraseUser: typeof eraseUser;
}

export const jobs: Jobs = {
  readBaseline: async (...all) => (await import("../ab/plan/log.ts")).readBaseline(...all),
  writePlan: async (...all) => (await import("../ab/plan/page.ts")).writePlan(...all),
  prepareAmazon: async (...all) => (await import("../importers/amazon/prepare.ts")).prepareAmazon(...all),
  prepareEvents: async (...all) => (await import("../importers/events/prepare.ts")).prepareEvents(...all),
  prepareTaobao: async (...all) => (await import("../importers/taobao/prepare.ts")).prepareTaobao(...all),
  prepareSynthetic: async (...all) => (await import("../importers/synthetic/prepare.ts")).prepareSynthetic(...all),
  writeLog: async (...all) => (await import("../importers/synthetic/log.ts")).writeLog(...all),
  readShape: async (...all) => (await import("../dataset/stream.ts")).readShape(...all),
  guessFeatures: async (...all) => (await import("../importers/events/guess/guess.ts")).guessFeatures(...all),
  inspectDataset: async (...all) => (await import("../inspection/measure/inspect.ts")).inspectDataset(...all),
  writeInspection: async (...all) => (await import("../inspection/show/inspection-page.ts")).writeInspection(...all),
  train: async (...all) => (await import("../training/train.ts")).train(...all),
  evaluateRun: async (...all) => (await import("../scoring/evaluate.ts")).evaluateRun(...all),
  calibrateRun: async (...all) => (await import("../scoring/calibrate.ts")).calibrateRun(...all),
  writeCalibrationPage: async (...all) =>
    (await import("../scoring/show/calibration-page.ts")).writeCalibrationPage(...all),
  loadScorer: async (...all) => (await import("../scoring/predict.ts")).loadScorer(...all),
  runExperiment: async (...all) => (await import("../experiments/run.ts")).runExperiment(...all),
  openStore: async (...all) => (await import("../store/open.ts")).openStore(...all),
  readBehavioursOf: async (...all) => (await import("../importers/events/behaviours.ts")).readBehavioursOf(...all),
  readDatasetBehaviours: async (...all) =>
    (await import("../scoring/dataset-behaviours.ts")).readDatasetBehaviours(...all),
  verify: async (...all) => (await import("../verification/verify.ts")).verify(...all),
  openServer: async (...all) => (await import("../serving/serve.ts")).openServer(...all),
  simulate: async (...all) => (await import("../market/simulate.ts")).simulate(...all),
  analyse: async (...all) => (await import("../ab/analysis/analyse.ts")).analyse(...all),
  writeAbReport: async (...all) => (await import("../ab/show/page.ts")).writeAbReport(...all),
  replay: async (...all) => (await import("../ab/replay/replay.ts")).replay(...all),
  writeReplay: async (...all) => (await import("../ab/replay/page.ts")).writeReplay(...all),
  loadRecords: async (...all) => (await import("../ab/load/postgres.ts")).loadRecords(...all),
  eraseUser: async (...all) => (await import("../ab/records/erase.ts")).eraseUser(...all),
};
