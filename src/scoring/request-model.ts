/** Raw requests put through a trained model: what scorer and explainer stand on. */
import { chooseMachine, type MachineOptions } from "../engine/machine.ts";
import { loadFinalWeights } from "../engine/state.ts";
import { type RecordedModel, SCORE_BATCH, Workspace } from "../engine/workspace.ts";
import type { Schema } from "../features/schema.ts";
import type { RunConfig } from "../run/config.ts";
import type { ModelDescription } from "../run/model-description.ts";
import { readModelDescription } from "../run/model-folder.ts";
import type { CodedRequest } from "./coded-request.ts";
import { RequestEncoder } from "./encode.ts";
import { Replay } from "./replay.ts";
import {
  checkPredictRequest,
  checkRankRequest,
  checkRequest,
  isRankRequest,
  type PredictRequest,
  type RankRequest,
  type ScoreRequest,
  type Value,
  type Values,
} from "./request.ts";
import { CountSums, RequestCells, type RequestCounts } from "./request-cells.ts";

/** How to run a model. It is run by one thread. */
export interface OpenOptions extends Pick<MachineOptions, "engine"> {
  /** Gives the configuration to run with, of that in the run; only one with the same parameters fits. */
  readonly configure?: (config: RunConfig) => RunConfig;
}

/** Opens the best model of a run. Throws UserError where there is none. */
export async function openModel(
  run: string,
  { engine, configure = (config) => config }: OpenOptions,
): Promise<RequestModel> {
  const machine = chooseMachine({ engine, threads: 1 });
  const description = await readModelDescription(run);
  const { schema } = description;
  const config = configure(description.config);
  const workspace = new Workspace({ schema, config, training: false, requests: true, ...machine });
  await loadFinalWeights(run, workspace, description.sha256);
  return new RequestModel(description, workspace);
}

/** A trained model that takes raw requests. */
export class RequestModel {
  readonly workspace: Workspace;
  readonly #schema: Schema;
  readonly #encoder: RequestEncoder;
  readonly #replay: Replay;
  readonly #counts = new CountSums();
  /** Requests in ids, kept for those to come, and their scores. */
  readonly #cells: RequestCells[] = [];
  #scores = new Float32Array(SCORE_BATCH);
  /** The candidate of a request that has one. */
  readonly #single: (Value | Values)[] = [null];

  constructor(description: ModelDescription, workspace: Workspace) {
    this.workspace = workspace;
    this.#schema = description.schema;
    this.#encoder = new RequestEncoder(description);
    this.#replay = new Replay(workspace);
  }

  /** Of all raw requests so far. */
  get counts(): RequestCounts {
    return this.#counts;
  }

  /**
   * Probabilities of a click: of a request with candidates a list, in their order.
   * @throws UserError where one is no request, for a field that the model does not know, or a time that is none
   */
  score(requests: readonly ScoreRequest[]): (number | number[])[] {
    const scores: (number | number[])[] = [];
    for (let from = 0; from < requests.length; from += SCORE_BATCH) {
      const count = Math.min(SCORE_BATCH, requests.length - from);
      for (let i = 0; i < count; i++) {
        const request: unknown = requests[from + i];
        checkRequest(request, from + i);
        this.#read(i, request);
      }
      this.#run(count);
      for (let i = 0, at = 0; i < count; i++) {
        const { candidates } = this.#cells[i];
        const found = this.#scores.subarray(at, at + candidates);
        scores.push(isRankRequest(requests[from + i]) ? Array.from(found) : found[0]);
        at += candidates;
      }
    }
    return scores;
  }

  /** The same for the candidates of one request. */
  rank(request: RankRequest): number[] {
    checkRankRequest(request);
    this.#read(0, request);
    this.#run(1);
    return Array.from(this.#scores.subarray(0, request.candidates.length));
  }

  /** What `inspect` leaves to be looked at. */
  get inspected(): RecordedModel {
    return this.#replay.inspected;
  }

  /** The probability for one candidate, with all that the model exposes. */
  inspect(request: PredictRequest): number {
    checkPredictRequest(request);
    this.#read(0, request);
    return this.#replay.inspect(this.#cells[0]);
  }

  /** The same for a request in ids of the dataset. */
  inspectCoded(request: CodedRequest): number {
    const cells = this.#room(0, 1);
    this.#encoder.readCoded(request, cells);
    return this.#replay.inspect(cells);
  }

  #read(place: number, request: ScoreRequest): void {
    const hasSeveral = isRankRequest(request);
    const candidates = hasSeveral ? request.candidates : this.#single;
    if (!hasSeveral) this.#single[0] = request.candidate;
    this.#encoder.read(request, candidates, this.#room(place, candidates.length), hasSeveral ? 0 : undefined);
  }

  /** Cells for a request of so many candidates. */
  #room(place: number, candidates: number): RequestCells {
    const known = this.#cells[place];
    if (known !== undefined && known.capacity >= candidates) return known;
    const made = new RequestCells(this.#schema, Math.max(candidates, 2 * (known?.capacity ?? 0)));
    this.#cells[place] = made;
    return made;
  }

  /** Scores and counts the first `count` requests that were read. */
  #run(count: number): void {
    let total = 0;
    for (let i = 0; i < count; i++) {
      total += this.#cells[i].candidates;
      this.#counts.add(this.#cells[i].counts);
    }
    if (total > this.#scores.length) this.#scores = new Float32Array(2 * total);
    this.#replay.score(this.#cells, count, this.#scores);
  }
}
