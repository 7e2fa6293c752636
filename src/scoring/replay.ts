/**
 * Requests in ids through a recorded model: probabilities of a click for their candidates. What does not depend on the
 * candidate is computed once for a request, or for each `REQUEST_BATCH` of its candidates.
 */
import { REQUEST_BATCH, type RecordedModel, type Workspace } from "../engine/workspace.ts";
import type { Batch } from "../features/batch.ts";
import { type Cells, type CellValues, copyCells, widthOf } from "../tensor/arrays.ts";
import type { RequestCells } from "./request-cells.ts";

/** One thread's recording of a model, with what places requests in its batch. The workspace must be one of requests. */
export class Replay {
  readonly #workspace: Workspace;
  readonly #thread: number;
  readonly #scorer: RecordedModel;
  #inspected: RecordedModel | undefined;
  /** The requests that wait in the batch, and how many behaviours each has. */
  readonly #requests: RequestCells[] = [];
  readonly #behaviours = new Int32Array(REQUEST_BATCH.requests);
  /** Of each candidate that waits: its place in its request, and which of the waiting requests that is. */
  readonly #places = new Int32Array(REQUEST_BATCH.candidates);
  readonly #requestOf = new Int32Array(REQUEST_BATCH.candidates);
  readonly #lengths = new Int32Array(REQUEST_BATCH.candidates);

  constructor(workspace: Workspace, thread = 0) {
    this.#workspace = workspace;
    this.#thread = thread;
    this.#scorer = workspace.recordForScoring(thread);
  }

  /** What `inspect` replays: until the next replay it holds what the model exposes. */
  get inspected(): RecordedModel {
    this.#inspected ??= this.#workspace.recordForInspecting(this.#thread);
    return this.#inspected;
  }

  /** The probability of a click for the first candidate of a request, with all that the model exposes. */
  inspect(request: RequestCells): number {
    const score = new Float32Array(1);
    this.#requests[0] = request;
    this.#behaviours[0] = this.#lengths[0] = request.behaviours;
    this.#places[0] = this.#requestOf[0] = 0;
    this.#forward(this.inspected, 1, 1, score, 0);
    return score[0];
  }

  /** Scores the candidates of the first `count` requests: probabilities of one request after the other, into `scores`. */
  score(requests: readonly RequestCells[], count: number, scores: Float32Array): void {
    const most = REQUEST_BATCH.candidates;
    let done = 0;
    let waiting = 0;
    let users = 0;
    for (let r = 0; r < count; r++) {
      const request = requests[r];
      const { candidates } = request;
      for (let from = 0; from < candidates; ) {
        // A request is not cut in two where it need not be: its user's part would be computed twice.
        const isFull = users === REQUEST_BATCH.requests || waiting + Math.min(candidates - from, most) > most;
        if (isFull) {
          this.#forward(this.#scorer, users, waiting, scores, done);
          done += waiting;
          waiting = users = 0;
        }
        this.#requests[users] = request;
        this.#behaviours[users] = request.behaviours;
        const to = Math.min(candidates, from + most - waiting);
        for (; from < to; from++, waiting++) {
          this.#places[waiting] = from;
          this.#requestOf[waiting] = users;
          this.#lengths[waiting] = request.behaviours;
        }
        users++;
      }
    }
    if (waiting > 0) this.#forward(this.#scorer, users, waiting, scores, done);
  }

  /** Scores the candidates that wait, into scores[first ..]. */
  #forward(recorded: RecordedModel, users: number, count: number, scores: Float32Array, first: number): void {
    const { kernels, memory } = this.#workspace;
    const { batch, tape, logits, activations, lookupGradients } = recorded;
    this.#fill(batch, users, count);
    tape.forward(activations, lookupGradients);
    kernels.sigmoid(count, logits.value, logits.value);
    const at = logits.value / 4;
    for (let row = 0; row < count; row++) scores[first + batch.packed.order[row]] = memory.f32[at + row];
  }

  #fill({ packed, user, context, history, candidate }: Batch, users: number, count: number): void {
    const { sequences } = packed;
    sequences.pack(this.#behaviours, 0, users);
    packed.pack(this.#lengths, 0, count);
    packed.refer(this.#requestOf);
    for (let row = 0; row < users; row++) {
      const request = this.#requests[sequences.order[row]];
      copyRow(user, row, request.user, 0);
      copyRow(context, row, request.context, 0);
      for (let t = 0; t < request.behaviours; t++) {
        copyRow(history, sequences.offsets[t] + row, request.history, t);
      }
    }
    for (let row = 0; row < count; row++) {
      const place = packed.order[row];
      copyRow(candidate, row, this.#requests[this.#requestOf[place]].items, this.#places[place]);
    }
  }
}

/** What stands in row `source` for each field becomes what stands in row `row`. */
function copyRow(into: readonly Cells[], row: number, from: readonly CellValues[], source: number): void {
  for (let f = 0; f < into.length; f++) copyCells(into[f].values, row, from[f], source, widthOf(into[f]));
}
