/**
 * `dien/client`: asks a `dien serve` from browsers and Node, by `fetch` alone. Its types are those of the schemas that the
 * server checks requests with; at run time it loads nothing but itself.
 */
import type { z } from "zod";
import type { modelsAnswer, rankBody, rankingAnswer, scoreBody, scoresAnswer } from "../serving/schemas.ts";
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
export type ModelsAnswer = Answered<typeof modelsAnswer>;

/** Each call rejects with a `DienError`, or with the reason of the signal that ended it. */
export interface DienClient {
  /** Probabilities of a click, in the order of the candidates. */
  score(request: ScoreBody, options?: CallOptions): Promise<ScoresAnswer>;
  /** Candidates by falling probability. */
  rank(request: RankBody, options?: CallOptions): Promise<RankingAnswer>;
  /** The models that are served, the default first. */
  models(options?: CallOptions): Promise<ModelsAnswer>;
}

/** Makes a client of one server. @throws TypeError where `url` is none */
export function createClient(options: ClientOptions): DienClient {
  const ask = asking(options);
  return {
    score: (request, options) => ask("POST", "/v1/score", request, options),
    rank: (request, options) => ask("POST", "/v1/rank", request, options),
    models: (options) => ask("GET", "/v1/models", undefined, options),
  };
}
