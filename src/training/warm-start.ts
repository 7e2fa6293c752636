/**
 * Going on from a finished run's model with other data. A value that both know keeps its row of the embedding table, found
 * by its text, since its id may be another; a new value has a fresh row; the row of the unknown and all other weights are
 * taken over. Moments and the count of steps begin anew: those of the other run belong to its last step and not to its
 * best epoch, and beside them the first steps of new rows would be far too long.
 */
import { loadFinalTensors, weightTensors } from "../engine/state.ts";
import type { Workspace } from "../engine/workspace.ts";
import { failure } from "../errors/failure.ts";
import { FIELD_KINDS, type Field, isNumber } from "../features/schema.ts";
import { differingKey, settingsByKey } from "../run/config.ts";
import type { ModelDescription } from "../run/model-description.ts";
import { readModelDescription, type StoredModel } from "../run/model-folder.ts";
import type { StoredTensor } from "../run/safetensors.ts";
import { readSummary } from "../run/summary.ts";
import type { WarmStart } from "../run/warm-start.ts";

/**
 * Fills the weights of a workspace, which holds fresh ones, from those of `run`.
 * @param dataset the folder that `model` is about
 * @throws UserError where `run` has not finished, or its model or its fields are others
 */
export async function startFrom(
  run: string,
  dataset: string,
  model: ModelDescription,
  workspace: Workspace,
): Promise<WarmStart> {
  const source = await readModelDescription(run);
  const summary = await readSummary(run);
  if (!summary) throw failure("run.lacks", { path: run, what: "finished model", reason: "the run has not finished" });
  checkLikeness(run, dataset, source, model);
  const moves = allFields(model)
    .filter((field) => !isNumber(field))
    .map(({ name }) => ({ name, ...matchValues(source.vocabularies[name], model.vocabularies[name]) }));
  await loadWeights(run, source, workspace, new Map(moves.map(({ name, rows }) => [`embedding.${name}`, rows])));
  const fields = moves.map(({ name, known, rows }) => {
    const gone = source.vocabularies[name].length - 1 - known;
    return { name, known, new: rows.length - 1 - known, gone };
  });
  return { run, weights_sha256: summary.weights_sha256, fields };
}

const allFields = ({ schema }: ModelDescription): Field[] => FIELD_KINDS.flatMap((kind) => schema[kind]);

/** The weights must mean the same: one architecture, the same fields in the same order, values made in the same way. */
function checkLikeness(run: string, dataset: string, source: StoredModel, model: ModelDescription): void {
  const { train } = model.config;
  const [there, here] = [source, model].map(({ config }) => ({ model: config.model, train }));
  const key = differingKey(there, here);
  if (key !== undefined) {
    const value = (config: typeof there) => JSON.stringify(settingsByKey(config).get(key)) ?? "nothing";
    throw failure("run.other-model", { path: run, key, expected: value(there), found: value(here) });
  }
  for (const kind of FIELD_KINDS) {
    const [expected, found] = [source, model].map(({ schema }) => schema[kind].map(describe).join(", ") || "none");
    if (expected !== found) throw failure("run.unlike-fields", { path: run, dataset, kind, expected, found });
  }
  for (const { name } of allFields(model)) {
    const [expected, found] = [source, model].map(({ transforms }) => JSON.stringify(transforms[name]));
    if (expected !== found) throw failure("run.unlike-values", { path: run, dataset, field: name });
  }
}

function describe(field: Field): string {
  if (isNumber(field)) return `${field.name} (a number)`;
  return field.list ? `${field.name} (a list, ${field.list.pooling})` : field.name;
}

/** For each of `values` its place among `before`, -1 where it is new; place 0, the unknown, is known. */
function matchValues(
  before: readonly (string | null)[],
  values: readonly (string | null)[],
): { readonly rows: Int32Array; readonly known: number } {
  const places = new Map(before.map((value, place) => [value, place]));
  const rows = Int32Array.from(values, (value) => places.get(value) ?? -1);
  return { rows, known: rows.reduce((sum, row) => sum + (row > 0 ? 1 : 0), 0) };
}

/** @param rowsOf by name of a table: for each of its rows that in the table of the run, -1 where it stays as it is */
async function loadWeights(
  run: string,
  { sha256, vocabularies }: StoredModel,
  workspace: Workspace,
  rowsOf: ReadonlyMap<string, Int32Array>,
): Promise<void> {
  const weights = weightTensors(workspace);
  const stored = new Map<string, StoredTensor>();
  for (const [name, tensor] of weights) {
    const cols = tensor.shape[1];
    const rows = vocabularies[name.replace("embedding.", "")]?.length;
    const table = rowsOf.has(name) && { shape: [rows, cols], data: new Float32Array(rows * cols) };
    stored.set(name, table || tensor);
  }
  await loadFinalTensors(run, stored, sha256);
  for (const [name, rows] of rowsOf) {
    const [to, from] = [weights.get(name)!, stored.get(name)!];
    const cols = to.shape[1];
    rows.forEach((row, place) => {
      if (row >= 0) to.data.set(from.data.subarray(row * cols, (row + 1) * cols), place * cols);
    });
  }
}
