/** The record of every model in every branch of its configuration, for every purpose, is complete and in order. */
import { describe, expect, it } from "vitest";
import {
  inputsOf,
  type OperationName,
  outputsOf,
  parametersOf,
  type RecordedOperation,
} from "../../src/autograd/operation.ts";
import { ParameterPlan } from "../../src/autograd/parameters.ts";
import { Tape, type TapeOptions } from "../../src/autograd/tape.ts";
import type { Tensor } from "../../src/autograd/values.ts";
import { recordModel } from "../../src/engine/record.ts";
import { Batch } from "../../src/features/batch.ts";
import type { Schema } from "../../src/features/schema.ts";
import { loadKernels } from "../../src/kernels/load.ts";
import { models } from "../../src/models/registry.ts";
import { resolveConfig } from "../../src/run/config.ts";
import { Arena, createMemory } from "../../src/tensor/memory.ts";
import { branchesOf, pairsOf } from "../support/branches.ts";
import { smallSchema, wideSchema } from "../support/model-bench.ts";
import { faultsOf, type ModelRecord } from "../support/record.ts";

const memory = createMemory(0);
const kernels = loadKernels(memory.memory);
const batchOf = (schema: Schema) => new Batch(memory, new Arena(0, Number.MAX_SAFE_INTEGER), schema, 4);
const allFields = batchOf(smallSchema);
const wideFields = batchOf(wideSchema);
const sharing = new Batch(memory, new Arena(0, Number.MAX_SAFE_INTEGER), wideSchema, 4, {
  sequences: 2,
  requests: true,
});
const itemsOnly = batchOf({ ...smallSchema, user: [], context: [] });

const purposes: Record<string, Pick<TapeOptions, "training" | "supervised" | "exposing">> = {
  score: { training: false },
  explain: { training: false, exposing: true },
  measure: { training: false, supervised: true },
  train: { training: true, exposing: true },
};

const records = new Map<Batch, Map<string, ModelRecord>>();

/** What a model records; several tests look at the same. */
function recordOf(name: string, config: object, purpose: string, batch = allFields): ModelRecord {
  const ofBatch = records.get(batch) ?? new Map<string, ModelRecord>();
  records.set(batch, ofBatch);
  const key = JSON.stringify([name, config, purpose]);
  const record = ofBatch.get(key) ?? newRecordOf(name, config, purpose, batch);
  ofBatch.set(key, record);
  return record;
}

function newRecordOf(name: string, config: object, purpose: string, batch: Batch): ModelRecord {
  const plan = new ParameterPlan();
  const tape = new Tape({ kernels, parameters: plan, ...purposes[purpose] });
  const logits = recordModel(tape, batch, resolveConfig({ model: { name, ...config } }));
  const { operations, losses, lookups, exposed } = tape;
  return { operations, parameters: plan.specs, losses, lookups, exposed, logits };
}

describe.each([...models.values()])("the record of $name", (model) => {
  const branches = branchesOf(model);

  it.each(Object.keys(purposes))("to %s is sound in every branch of its configuration", (purpose) => {
    for (const config of branches) {
      expect(faultsOf(recordOf(model.name, config, purpose)), JSON.stringify(config)).toEqual([]);
    }
    expect(faultsOf(recordOf(model.name, {}, purpose, itemsOnly)), "items only").toEqual([]);
    expect(faultsOf(recordOf(model.name, {}, purpose, wideFields)), "lists and numbers").toEqual([]);
    if (purpose !== "score" && purpose !== "explain") return;
    for (const config of branches) {
      expect(faultsOf(recordOf(model.name, config, purpose, sharing)), JSON.stringify(config)).toEqual([]);
    }
  });

  it("has losses only where they are wanted", () => {
    for (const config of branches) {
      const losses = (purpose: string) => recordOf(model.name, config, purpose).losses.map(({ name }) => name);
      expect(losses("score")).toEqual([]);
      expect(losses("train")).toContain("target");
      expect(losses("measure")).toEqual(losses("train"));
    }
  });
});

describe("the branches", () => {
  it("are all combinations of a model's choices", () => {
    expect(branchesOf(models.get("pnn")!)).toEqual(
      ["prelu", "dice"].flatMap((activation) =>
        ["elementwise", "inner", "outer"].map((product) => ({ head: { activation }, product })),
      ),
    );
    expect(branchesOf(models.get("dien")!)).toHaveLength(2 * 3 * 2 * 4 * 2 * 2 * 2);
  });

  it("of which few have every pair of choices that all have", () => {
    const all = branchesOf(models.get("dien")!);
    const choicesOf = (branch: object, place = ""): string[] =>
      Object.entries(branch).flatMap(([key, value]) =>
        typeof value === "object" ? choicesOf(value, `${place}${key}.`) : `${place}${key} ${value}`,
      );
    const pairs = (branches: readonly object[]) =>
      new Set(
        branches.map((branch) => choicesOf(branch)).flatMap((of) => of.flatMap((a) => of.map((b) => `${a}, ${b}`))),
      );
    const few = pairsOf(all);
    expect(pairs(few)).toEqual(pairs(all));
    expect(few.length).toBeLessThan(all.length / 10);
  });

  it("of all models use every operation", () => {
    const records = [...models.values()].flatMap((model) =>
      branchesOf(model).flatMap((config) => [
        recordOf(model.name, config, "train"),
        recordOf(model.name, config, "score", sharing),
      ]),
    );
    const used = new Set(records.flatMap(({ operations }) => operations.map(({ name }) => name)));
    const known: Record<OperationName, true> = {
      embed: true,
      zeros: true,
      affine: true,
      prelu: true,
      dice: true,
      sum: true,
      concat: true,
      columns: true,
      multiply: true,
      dot: true,
      outer: true,
      perSample: true,
      scaleSteps: true,
      sumSteps: true,
      weightedSumSteps: true,
      multiplySteps: true,
      dotSteps: true,
      softmaxSteps: true,
      following: true,
      preceding: true,
      recurrent: true,
      subtractWeights: true,
      crossEntropy: true,
    };
    expect([...used].sort()).toEqual(Object.keys(known).sort());
  });
});

describe("a record", () => {
  type Operations = readonly RecordedOperation[];
  const at = (operations: Operations, name: OperationName) => operations.findIndex((each) => each.name === name);
  /** Another list of operations, in place of the first one of a name. */
  const replace =
    (name: OperationName, others: (operation: RecordedOperation) => RecordedOperation[]) =>
    (record: ModelRecord): ModelRecord => {
      const i = at(record.operations, name);
      return { ...record, operations: record.operations.toSpliced(i, 1, ...others(record.operations[i])) };
    };
  const without = (name: OperationName) => replace(name, () => []);
  /** The first operation of a name with other members. */
  const altered = (name: OperationName, members: (operation: RecordedOperation) => object) =>
    replace(name, (operation) => [Object.assign({}, operation, members(operation))]);
  const wider = (tensor: Tensor): Tensor => ({ ...tensor, cols: tensor.cols + 1 });

  const config = { attention: { form: "mlp" }, auxiliary: { form: "mlp" } };
  const sound = () => recordOf("dien", config, "train");

  it("of a model is sound", () => {
    expect(faultsOf(sound())).toEqual([]);
  });

  it.each<[string, (record: ModelRecord) => ModelRecord, RegExp]>([
    ["reads what is never made", without("softmaxSteps"), /recurrent: reads a tensor that is not made yet/],
    ["reads a weight that is never made", without("subtractWeights"), /reads .* - .*, which is not made yet/],
    ["reads what is made later", (r) => ({ ...r, operations: r.operations.toReversed() }), /is not made yet/],
    ["makes a tensor twice", replace("concat", (concat) => [concat, concat]), /concat: makes what is made already/],
    [
      "shares scratch memory",
      replace("affine", (affine) => [affine, affine]),
      /affine: works in the memory of another/,
    ],
    ["never makes the logits", (r) => ({ ...r, logits: wider(r.logits) }), /nothing makes the logits/],
    ["never makes what is exposed", without("recurrent"), /nothing makes interests/],
    ["makes what nobody reads", without("crossEntropy"), /affine: nobody reads it/],
    ["leaves a loss without a term", (r) => ({ ...r, operations: r.operations.slice(0, -1) }), /nothing adds to loss/],
    ["adds to a loss that is none of the tape's", (r) => ({ ...r, losses: [] }), /loss target is none of the tape's/],
    ["leaves a parameter unread", without("prelu"), /attention.query.slope: 0 of 1 rows are read/],
    ["reads a parameter that the model lacks", (r) => ({ ...r, parameters: [] }), /is no parameter of the model/],
    ["reads only a part of a weight", altered("affine", firstSlice), /rows are read/],
    ["has another list of look-ups", (r) => ({ ...r, lookups: r.lookups.slice(1) }), /look-ups are not those/],
    ["has an output of wrong columns", altered("sumSteps", widerOutput), /sumSteps: columns of y 37, expected 36/],
    [
      "has an output of wrong rows",
      altered("sumSteps", otherRows),
      /sumSteps: rows of y other tokens, expected samples/,
    ],
    ["has an operation of no known name", altered("sumSteps", () => ({ name: "pool" })), /pool: no known operation/],
  ])("that %s is found out", (_, spoil, expected) => {
    expect(faultsOf(spoil(sound())).join("\n")).toMatch(expected);
  });

  function widerOutput(operation: RecordedOperation): object {
    return { outputs: { y: wider(outputsOf(operation)[0]) } };
  }

  function otherRows(operation: RecordedOperation): object {
    return { outputs: { y: { ...outputsOf(operation)[0], rows: inputsOf(operation)[0].rows } } };
  }

  /** An `affine` of one slice of its first weight. */
  function firstSlice(operation: RecordedOperation): object {
    const [weight] = parametersOf(operation);
    const origin = { kind: "slice", of: weight, from: 0, to: 1 } as const;
    return { parameters: { weights: [{ ...weight, rows: 1, origin }] } };
  }
});
