/** The library: prepare, train, evaluate and score from TypeScript. The commands are thin layers over this. */

export { interruptible } from "./api/interruptible.ts";
export { calibrationOf, compareAuc, evaluateScores, relaImpr, spreadOf } from "./api/statistics.ts";
export type { Dataset, Samples, Split } from "./dataset/dataset.ts";
export { openDataset } from "./dataset/read.ts";
export type { MachineOptions, TrainingMachineOptions } from "./engine/machine.ts";
export type { Code as ErrorCode } from "./errors/catalogue/catalogue.ts";
export { UserError } from "./errors/failure.ts";
export { type ExperimentOutcome, type RunExperimentOptions, runExperiment } from "./experiments/run.ts";
export type { PrepareAmazonOptions } from "./importers/amazon/options.ts";
export { prepareAmazon } from "./importers/amazon/prepare.ts";
export type { PrepareEventsOptions } from "./importers/events/options.ts";
export { type EventsSummary, prepareEvents } from "./importers/events/prepare.ts";
export type { PrepareSyntheticOptions } from "./importers/synthetic/options.ts";
export { prepareSynthetic } from "./importers/synthetic/prepare.ts";
export type { PrepareTaobaoOptions } from "./importers/taobao/options.ts";
export { prepareTaobao } from "./importers/taobao/prepare.ts";
export { type DatasetInspection, inspectDataset } from "./inspection/measure/inspect.ts";
export type { Warning } from "./inspection/measure/warnings.ts";
export { writeInspection } from "./inspection/show/inspection-page.ts";
export type { Model } from "./models/model.ts";
export { models } from "./models/registry.ts";
export { configKeys, type RunConfig, resolveConfig } from "./run/config.ts";
export { type CurvePoint, readCurve } from "./run/curve.ts";
export { type FailureReason, failureReason } from "./run/failure.ts";
export type { Losses } from "./run/losses.ts";
export { readTensorFile } from "./run/safetensors-file.ts";
export { readScores } from "./run/scores.ts";
export type { TrainSummary } from "./run/summary.ts";
export type { CodedRequest } from "./scoring/coded-request.ts";
export {
  type EvaluateOptions,
  type Evaluation,
  evaluateRun,
  type ScoredRun,
  type ScoreOptions,
  scoreRun,
} from "./scoring/evaluate.ts";
export { type Explainer, type Explanation, loadExplainer, type Overrides } from "./scoring/explain.ts";
export { loadScorer, type Scorer } from "./scoring/predict.ts";
export type { PredictRequest, RankRequest, ScoreRequest, UserRequest, Value, Values } from "./scoring/request.ts";
export type { RequestCounts } from "./scoring/request-cells.ts";
export type { Exchange, ExchangeListener, ScoredRequest } from "./serving/exchange.ts";
export type { Limits } from "./serving/limits.ts";
export type { ModelEvent } from "./serving/models/events.ts";
export { type Models, type ModelsOptions, openModels, type ServedModel } from "./serving/models/models.ts";
export { createServer, type Server, type ServerAddress, type ServerOptions } from "./serving/server.ts";
export type { Calibration, CalibrationBin } from "./statistics/calibration.ts";
export type { Comparison, Difference } from "./statistics/compare.ts";
export type { Metrics } from "./statistics/metrics.ts";
export type { Spread } from "./statistics/spread.ts";
export type { StoredEvent, StoredItem } from "./store/event.ts";
export type { Added, HistoryQuery } from "./store/history.ts";
export { mostKept, openStore, type StoreOptions } from "./store/open.ts";
export type { StoreSize } from "./store/records.ts";
export type { BehaviourStore } from "./store/store.ts";
export type { TrainEvent } from "./training/events.ts";
export { type Interruption, type TrainOptions, train } from "./training/train.ts";
export type { FileVerdict, Verification } from "./verification/verified.ts";
export { verify } from "./verification/verify.ts";
