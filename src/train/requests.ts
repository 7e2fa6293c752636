/** Raw requests put through a trained model: values in, and a replay of its tape that scorer and inspector read. */
import { UserError } from "../errors.ts";
import type { Batch } from "../features/batch.ts";
import type { RunConfig } from "./config.ts";
import { loadWeights, type ModelDescription, readModelDescription } from "./model-folder.ts";
import { type Replica, SCORE_BATCH, Workspace } from "./workspace.ts";

/** A value of the raw data; numbers stand for their decimal text. */
export type Value = string | number;

/** A candidate to score for a user with a history; values that training never saw, or that are absent, are unknown. */
export interface PredictRequest {
  /** Value of the user, or of each user field by name. */
  readonly user: Value | Readonly<Record<string, Value>>;
  readonly candidate: Value;
  /** Behaviours, oldest first; the latest that the model was trained for count. */
  readonly history: readonly Value[];
  readonly context?: Readonly<Record<string, Value>> | undefined;
}

/**
 * Opens the best model of a run. Throws UserError where there is none.
 * @param configure gives the configuration to run it with, of that in the run; only one with the same parameters fits
 */
export async function openModel(
  run: string,
  configure: (config: RunConfig) => RunConfig = (config) => config,
): Promise<RequestModel> {
  const description = await readModelDescription(run);
  const { schema } = description;
  const config = configure(description.config);
  const workspace = new Workspace({ schema, config, threads: 1, training: false });
  await loadWeights(run, workspace);
  return new RequestModel(description, workspace);
}

/** A trained model that takes raw requests. */
export class RequestModel {
  readonly workspace: Workspace;
  readonly replica: Replica;
  readonly #description: ModelDescription;
  /** Per user and context field, value to id; value to catalogue row. */
  readonly #ids: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly #rows: ReadonlyMap<string, number>;
  readonly #lengths = new Int32Array(SCORE_BATCH);

  constructor(description: ModelDescription, workspace: Workspace) {
    this.workspace = workspace;
    this.replica = workspace.scoreReplica(0);
    this.#description = description;
    const { vocabularies, catalogue } = description;
    this.#ids = new Map(Object.entries(vocabularies).map(([field, values]) => [field, placesOf(values)]));
    this.#rows = placesOf(catalogue.values);
  }

  /** Replays the tape for at most `SCORE_BATCH` requests; returns the probability of a click for each. */
  replay(requests: readonly PredictRequest[]): number[] {
    const { kernels, memory } = this.workspace;
    const { batch, tape, logits, arena, kept } = this.replica;
    const { maxHistory } = batch.schema;
    requests.forEach(({ history }, i) => {
      this.#lengths[i] = Math.min(history.length, maxHistory);
    });
    batch.packed.pack(this.#lengths, 0, requests.length);
    for (let row = 0; row < requests.length; row++) this.#fillRow(batch, row, requests[batch.packed.order[row]]);
    tape.forward(arena, kept);
    kernels.sigmoid(requests.length, logits.value, logits.value);
    const scores = new Array<number>(requests.length);
    for (let row = 0; row < requests.length; row++) {
      scores[batch.packed.order[row]] = memory.f32[logits.value / 4 + row];
    }
    return scores;
  }

  #fillRow(batch: Batch, row: number, request: PredictRequest): void {
    const { schema, packed } = batch;
    const user = typeof request.user === "object" ? request.user : { [schema.user[0]?.name ?? "user"]: request.user };
    this.#fillFields(batch.user, schema.user, row, user, "user");
    this.#fillFields(batch.context, schema.context, row, request.context ?? {}, "context");
    const { ids } = this.#description.catalogue;
    const candidate = this.#rows.get(String(request.candidate)) ?? 0;
    for (let f = 0; f < ids.length; f++) batch.candidate[f].values[row] = ids[f][candidate];
    const length = packed.lengths[row];
    const first = request.history.length - length;
    for (let t = 0; t < length; t++) {
      const item = this.#rows.get(String(request.history[first + t])) ?? 0;
      for (let f = 0; f < ids.length; f++) batch.history[f].values[packed.offsets[t] + row] = ids[f][item];
    }
  }

  #fillFields(
    into: Batch["user"],
    fields: readonly { readonly name: string }[],
    row: number,
    values: Readonly<Record<string, Value>>,
    group: string,
  ): void {
    for (const name of Object.keys(values)) {
      if (!fields.some((field) => field.name === name)) {
        const known = fields.map((field) => field.name).join(", ") || "none";
        throw new UserError(`unknown ${group} field "${name}": the model knows ${known}`);
      }
    }
    fields.forEach(({ name }, f) => {
      const value = values[name];
      into[f].values[row] = value === undefined ? 0 : (this.#ids.get(name)?.get(String(value)) ?? 0);
    });
  }
}

/** Place of each value; null (the unknown) has none. */
function placesOf(values: readonly (string | null)[]): Map<string, number> {
  const places = new Map<string, number>();
  values.forEach((value, place) => {
    if (value !== null) places.set(value, place);
  });
  return places;
}
