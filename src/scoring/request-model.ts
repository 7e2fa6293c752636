/** Requests put through a trained model: a replay of its tape that scorer and explainer read. */
import { chooseMachine, type MachineOptions } from "../engine/machine.ts";
import { loadFinalWeights } from "../engine/state.ts";
import { type RecordedModel, SCORE_BATCH, Workspace } from "../engine/workspace.ts";
import type { RunConfig } from "../run/config.ts";
import type { ModelDescription } from "../run/model-description.ts";
import { readModelDescription } from "../run/model-folder.ts";
import type { CodedRequest } from "./coded-request.ts";
import { RequestEncoder } from "./encode.ts";
import { checkRequest, type PredictRequest } from "./request.ts";

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
  const workspace = new Workspace({ schema, config, training: false, ...machine });
  await loadFinalWeights(run, workspace, description.sha256);
  return new RequestModel(description, workspace);
}

/** A trained model that takes raw requests. */
export class RequestModel {
  readonly workspace: Workspace;
  readonly recorded: RecordedModel;
  readonly #encoder: RequestEncoder;
  readonly #counts = { candidates: 0, behaviours: 0, unknown: { candidates: 0, behaviours: 0 } };

  constructor(description: ModelDescription, workspace: Workspace) {
    this.workspace = workspace;
    this.recorded = workspace.recordForScoring(0);
    this.#encoder = new RequestEncoder(description, SCORE_BATCH);
  }

  /** Of all raw requests so far. */
  get counts(): ItemCounts {
    return this.#counts;
  }

  /**
   * Replays the tape for at most `SCORE_BATCH` requests; returns the probability of a click for each.
   * @param first the number of the first of them, for errors
   * @throws UserError where one is no request, for a field that the model does not know, or a time that is none
   */
  replay(requests: readonly PredictRequest[], first = 0): number[] {
    const { lengths, unknownCandidates, unknownBehaviours } = this.#encoder;
    for (let i = 0; i < requests.length; i++) {
      const request: unknown = requests[i];
      checkRequest(request, first + i);
      this.#encoder.encode(i, request);
    }
    const counts = this.#counts;
    for (let i = 0; i < requests.length; i++) {
      counts.candidates++;
      counts.behaviours += lengths[i];
      counts.unknown.candidates += unknownCandidates[i];
      counts.unknown.behaviours += unknownBehaviours[i];
    }
    return this.#forward(requests.length);
  }

  /** The same for a request in ids of the dataset. */
  replayCoded(request: CodedRequest): number {
    this.#encoder.place(0, request);
    return this.#forward(1)[0];
  }

  /** Scores what the encoder holds. */
  #forward(count: number): number[] {
    const { kernels, memory } = this.workspace;
    const { batch, tape, logits, activations, lookupGradients } = this.recorded;
    this.#encoder.fill(batch, count);
    tape.forward(activations, lookupGradients);
    kernels.sigmoid(count, logits.value, logits.value);
    const scores = new Array<number>(count);
    for (let row = 0; row < count; row++) scores[batch.packed.order[row]] = memory.f32[logits.value / 4 + row];
    return scores;
  }
}

/** Items of requests: candidates, behaviours that counted, and those of them with a key that training never saw. */
export interface ItemCounts {
  readonly candidates: number;
  readonly behaviours: number;
  readonly unknown: { readonly candidates: number; readonly behaviours: number };
}
