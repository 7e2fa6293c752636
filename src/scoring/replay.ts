/** Requests in ids through a recorded model: probabilities of a click for their candidates. */
import { type RecordedModel, SCORE_BATCH, type Workspace } from "../engine/workspace.ts";
import type { Batch } from "../features/batch.ts";
import type { Schema } from "../features/schema.ts";
import { type Cells, type CellValues, copyCells, widthOf } from "../tensor/arrays.ts";
import type { RequestCells } from "./request-cells.ts";

/** One thread's recording of a model, with what places requests in its batch. */
export class Replay {
  readonly recorded: RecordedModel;
  readonly #workspace: Workspace;
  /** Of each candidate in the batch, in the order given: its request, its place there, and its history's length. */
  readonly #requests: RequestCells[] = [];
  readonly #places = new Int32Array(SCORE_BATCH);
  readonly #lengths = new Int32Array(SCORE_BATCH);

  constructor(workspace: Workspace, thread = 0) {
    this.#workspace = workspace;
    this.recorded = workspace.recordForScoring(thread);
  }

  /** Scores the candidates of the first `count` requests: probabilities of one request after the other, into `scores`. */
  score(requests: readonly RequestCells[], count: number, scores: Float32Array): void {
    let done = 0;
    let waiting = 0;
    for (let r = 0; r < count; r++) {
      const request = requests[r];
      for (let i = 0; i < request.candidates; i++) {
        this.#requests[waiting] = request;
        this.#places[waiting] = i;
        this.#lengths[waiting++] = request.behaviours;
        if (waiting < SCORE_BATCH) continue;
        this.#forward(waiting, scores, done);
        done += waiting;
        waiting = 0;
      }
    }
    if (waiting > 0) this.#forward(waiting, scores, done);
  }

  /** Scores the `count` candidates that wait, into scores[first ..]. */
  #forward(count: number, scores: Float32Array, first: number): void {
    const { kernels, memory } = this.#workspace;
    const { batch, tape, logits, activations, lookupGradients } = this.recorded;
    this.#fill(batch, count);
    tape.forward(activations, lookupGradients);
    kernels.sigmoid(count, logits.value, logits.value);
    const at = logits.value / 4;
    for (let row = 0; row < count; row++) scores[first + batch.packed.order[row]] = memory.f32[at + row];
  }

  #fill(batch: Batch, count: number): void {
    const { packed, schema } = batch;
    packed.pack(this.#lengths, 0, count);
    for (let row = 0; row < count; row++) {
      const place = packed.order[row];
      const request = this.#requests[place];
      copyRow(batch.user, row, request.user, 0);
      copyRow(batch.context, row, request.context, 0);
      copyRow(batch.candidate, row, request.items, this.#places[place]);
      this.#placeHistory(batch, schema, row, request);
    }
  }

  #placeHistory({ packed, history }: Batch, { item }: Schema, row: number, request: RequestCells): void {
    for (let f = 0; f < history.length; f++) {
      const width = widthOf(item[f]);
      const { values } = history[f];
      const cells = request.history[f];
      for (let t = 0; t < request.behaviours; t++) copyCells(values, packed.offsets[t] + row, cells, t, width);
    }
  }
}

function copyRow(into: readonly Cells[], row: number, from: readonly CellValues[], source: number): void {
  for (let f = 0; f < into.length; f++) copyCells(into[f].values, row, from[f], source, widthOf(into[f]));
}
