/**
 * `dien/client`: asks a `dien serve` from browsers and Node, by `fetch` alone. Its types are those of the schemas that the
 * server checks requests with; at run time it loads nothing but itself.
 */
import type { z } from "zod";
import type {
  addedAnswer,
  erasedAnswer,
  eventsBody,
  explainBody,
  explanationAnswer,
  historyAnswer,
  historyParameters,
  loadBody,
  modelAnswer,
  modelsAnswer,
  outcomesBody,
  rankBody,
  rankingAnswer,
  recordedAnswer,
  scoreBody,
  scoresAnswer,
} from "../serving/schemas.ts";
import { asking, type CallOptions, type ClientOptions } from "./asking.ts";

export type { CallOptions, ClientOptions } from "./asking.ts";
export { type ClientCode, DienError } from "./error.ts";

type Answered<Schema extends z.ZodType> = z.output<Schema> & {
  /** By which the server's log knows the request. */
  readonly request_id: string;
};
export type ScoreBody = z.input<typeof scoreBody>;
export type ScoresAnswer = Answered<typeof scoresAnswer>;
export type RankBody = z.input<typeof rankBody>;
export type RankingAnswer = Answered<typeof rankingAnswer>;
export type ExplainBody = z.input<typeof explainBody>;
export type ExplanationAnswer = Answered<typeof explanationAnswer>;
export type EventsBody = z.input<typeof eventsBody>;
export type AddedAnswer = Answered<typeof addedAnswer>;
export type OutcomesBody = z.input<typeof outcomesBody>;
export type RecordedAnswer = Answered<typeof recordedAnswer>;
export type HistoryParameters = Partial<z.output<typeof historyParameters>>;
export type HistoryAnswer = Answered<typeof historyAnswer>;
export type ErasedAnswer = Answered<typeof erasedAnswer>;
export type LoadBody = z.input<typeof loadBody>;
export type ModelAnswer = Answered<typeof modelAnswer>;
export type ModelsAnswer = Answered<typeof modelsAnswer>;

/** Each call rejects with a `DienError`, or with the reason of the signal that ended it. */
export interface DienClient {
  /** Probabilities of a click, in the order of the candidates. */
  score(request: ScoreBody, options?: CallOptions): Promise<ScoresAnswer>;
  /** Candidates by falling probability. */
  rank(request: RankBody, options?: CallOptions): Promise<RankingAnswer>;
  /** The attention, and the states, with which a candidate is scored. */
  explain(request: ExplainBody, options?: CallOptions): Promise<ExplanationAnswer>;
  /** Adds behaviours of users to the store; those whose ids are known are left alone, so that a call may be repeated. */
  events(events: EventsBody["events"], options?: CallOptions): Promise<AddedAnswer>;
  /**
   * Records what users did after impressions of an experiment; those whose ids are known are left alone, so that a call may
   * be repeated.
   */
  outcomes(outcomes: OutcomesBody["outcomes"], options?: CallOptions): Promise<RecordedAnswer>;
  /** The latest behaviours of a user that are stored, oldest first. */
  history(user: string, options?: CallOptions & HistoryParameters): Promise<HistoryAnswer>;
  /** Erases what is stored of a user. */
  erase(user: string, options?: CallOptions): Promise<ErasedAnswer>;
  /** The models that are served, the default first. */
  models(options?: CallOptions): Promise<ModelsAnswer>;
  /** Loads a model anew, from where it was loaded or from another run; the version before goes on until then. */
  load(model: string, options?: CallOptions & LoadBody): Promise<ModelAnswer>;
  /** Goes back to the version of a model before. It is never tried again by itself: a second time leads forward. */
  rollback(model: string, options?: CallOptions): Promise<ModelAnswer>;
}

/** Makes a client of one server. @throws DienError where it could not ask any */
export function createClient(options: ClientOptions): DienClient {
  const ask = asking(options);
  return {
    score: (request, options) => ask("POST", "/v1/score", request, options),
    rank: (request, options) => ask("POST", "/v1/rank", request, options),
    explain: (request, options) => ask("POST", "/v1/explain", request, options),
    events: (events, options) => ask("POST", "/v1/events", { events }, options),
    outcomes: (outcomes, options) => ask("POST", "/v1/outcomes", { outcomes }, options),
    history: (user, { most, ...options } = {}) =>
      ask("GET", `${historyPath(user)}${most === undefined ? "" : `?most=${most}`}`, undefined, options),
    erase: (user, options) => ask("DELETE", historyPath(user), undefined, options),
    models: (options) => ask("GET", "/v1/models", undefined, options),
    load: (model, { run, ...options } = {}) =>
      ask("POST", `${modelPath(model)}/load`, run === undefined ? {} : { run }, options),
    rollback: (model, options) => ask("POST", `${modelPath(model)}/rollback`, {}, { ...options, retries: 0 }),
  };
}

const historyPath = (user: string) => `/v1/users/${encodeURIComponent(user)}/history`;
const modelPath = (model: string) => `/v1/models/${encodeURIComponent(model)}`;
