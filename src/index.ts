/** The library: prepare, train, evaluate and score from TypeScript. The commands are thin layers over this. */
export { readTensorFile } from "./checkpoint/file.ts";
export { type PrepareAmazonOptions, prepareAmazon } from "./data/amazon/prepare.ts";
export type { Dataset, Samples, Split } from "./data/dataset.ts";
export { type EventsSummary, type PrepareEventsOptions, prepareEvents } from "./data/events/prepare.ts";
export { type DatasetInspection, inspectDataset } from "./data/inspect/inspect.ts";
export type { Warning } from "./data/inspect/warnings.ts";
export { openDataset } from "./data/read.ts";
export { type PrepareSyntheticOptions, prepareSynthetic } from "./data/synthetic/prepare.ts";
export { type PrepareTaobaoOptions, prepareTaobao } from "./data/taobao/prepare.ts";
export { UserError } from "./errors.ts";
export { type Calibration, type CalibrationBin, calibrationOf } from "./evaluate/calibration.ts";
export { type Comparison, compareAuc, type Difference } from "./evaluate/compare.ts";
export { evaluateScores, type Metrics } from "./evaluate/metrics.ts";
export { relaImpr } from "./evaluate/relaimpr.ts";
export { type Spread, spreadOf } from "./evaluate/spread.ts";
export { type ExperimentOutcome, type RunExperimentOptions, runExperiment } from "./experiments/run.ts";
export { writeInspection } from "./inspect/page.ts";
export type { Model } from "./models/model.ts";
export { models } from "./models/registry.ts";
export { configKeys, type RunConfig, resolveConfig } from "./train/config.ts";
export { type CurvePoint, readCurve } from "./train/curve.ts";
export type { CodedRequest } from "./train/encode.ts";
export {
  type EvaluateOptions,
  type Evaluation,
  evaluateRun,
  type ScoredRun,
  type ScoreOptions,
  scoreRun,
} from "./train/evaluate.ts";
export { type FailureReason, RunFailed } from "./train/failure.ts";
export { type Inspection, type Inspector, loadInspector, type Overrides } from "./train/inspect.ts";
export { loadScorer, type Scorer } from "./train/predict.ts";
export type { PredictRequest, Value, Values } from "./train/request.ts";
export type { ItemCounts } from "./train/requests.ts";
export { readScores } from "./train/scores.ts";
export type { TrainSummary } from "./train/summary.ts";
export { type Interruption, type TrainEvent, type TrainOptions, train } from "./train/train.ts";
