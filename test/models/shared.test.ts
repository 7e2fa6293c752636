/**
 * Many candidates of one user: a sample of a sequence that several share has the score that it has alone with a copy of its
 * history, to the bit, in every model and with every pair of choices of its configuration (interpreted.test.ts has all
 * branches, without sharing). In training it has the same gradient, but for the order of sums.
 */
import { describe, expect, it } from "vitest";
import { flopsOf } from "../../src/engine/cost.ts";
import type { Batch } from "../../src/features/batch.ts";
import type { Model } from "../../src/models/model.ts";
import { models } from "../../src/models/registry.ts";
import { areIds, type Cells, copyCells, widthOf } from "../../src/tensor/arrays.ts";
import { Random } from "../../src/tensor/random.ts";
import { branchesOf, pairsOf } from "../support/branches.ts";
import { interpret, sized } from "../support/interpreted.ts";
import { ModelBench, wideSchema } from "../support/model-bench.ts";
import { relativeError } from "../support/workbench.ts";

/** Samples of sequences: of each its sequence and its length. */
interface Sharing {
  readonly sequences: readonly number[];
  readonly samples: readonly (readonly [sequence: number, length: number])[];
}

const whole = (sequences: readonly number[], candidates: number): Sharing["samples"] =>
  sequences.flatMap((length, s) => Array.from({ length: candidates }, () => [s, length] as const));

/** Sequences of any length, whose samples, `most` at most, are of any length up to that, in any order. */
function randomSharing(seed: number, most: number): Sharing {
  const random = new Random(seed);
  const sequences = Array.from({ length: 1 + random.integer(5) }, () => random.integer(wideSchema.maxHistory + 1));
  const samples = Array.from({ length: 1 + random.integer(most) }, () => {
    const sequence = random.integer(sequences.length);
    return [sequence, random.integer(sequences[sequence] + 1)] as const;
  });
  return { sequences, samples };
}

const SHARINGS: Record<string, Sharing> = {
  "one user, many candidates": { sequences: [7], samples: whole([7], 37) },
  "one user, one candidate": { sequences: [4], samples: whole([4], 1) },
  "no behaviours": { sequences: [0], samples: whole([0], 3) },
  "several users": { sequences: [3, 9, 0, 9, 1], samples: whole([3, 9, 0, 9, 1], 6) },
  "prefixes of one sequence": { sequences: [9], samples: Array.from({ length: 10 }, (_, length) => [0, length]) },
  "nobody at all": { sequences: [], samples: [] },
};

/** A model with random weights, not to be trained. */
function randomBench(model: Model, config: object, samples: number, maxSequences?: number): ModelBench {
  const sharing = maxSequences === undefined ? {} : { sequences: maxSequences, requests: true };
  const bench = new ModelBench(model, config, samples, { training: false, schema: wideSchema, ...sharing });
  bench.randomise(0.4, 5);
  return bench;
}

function fill(bench: ModelBench, { sequences, samples }: Sharing): void {
  const [sequenceOf, lengths] = [0, 1].map((i) => samples.map((sample) => sample[i]));
  bench.fill(lengths, 11, { sequences, sequenceOf });
}

const GROUPS = ["user", "context", "candidate", "history"] as const;

/** Gives `alone` the sample at place `sample` of a batch that shares sequences, with a copy of its history. */
function copySample(from: Batch, sample: number, sequence: number, length: number, alone: Batch): void {
  const { order, sequences } = from.packed;
  const row = order.indexOf(sample);
  const own = sequences.order.indexOf(sequence);
  alone.packed.pack([length], 0, 1);
  const rows = { user: [own], context: [own], candidate: [row], history: [] as number[] };
  for (let t = 0; t < length; t++) rows.history.push(sequences.offsets[t] + own);
  for (const group of GROUPS) {
    for (const [f, { values }] of from[group].entries()) {
      const into: Cells = alone[group][f];
      for (const [i, place] of rows[group].entries()) copyCells(into.values, i, values, place, widthOf(into));
    }
  }
}

function scoresAlone(alone: ModelBench, { batch }: ModelBench, { samples }: Sharing): number[] {
  return samples.map(([sequence, length], i) => {
    copySample(batch, i, sequence, length, alone.batch);
    return alone.scores()[0];
  });
}

describe.each([...models.values()])("$name on shared sequences", (model) => {
  it("scores as each sample alone, in branches with every pair of choices, to the bit", () => {
    for (const [i, branch] of pairsOf(branchesOf(model)).entries()) {
      const config = sized(model, branch);
      const shared = randomBench(model, config, 60, 6);
      const alone = randomBench(model, config, 1);
      // The first branch in all of them, the others in one after the other.
      const [name, sharing] = Object.entries(SHARINGS)[i % Object.keys(SHARINGS).length];
      const sharings = { ...(i === 0 ? SHARINGS : { [name]: sharing }), random: randomSharing(i, 12) };
      for (const [what, sharing] of Object.entries(sharings)) {
        fill(shared, sharing);
        const together = shared.scores();
        expect(together, `${what}, ${JSON.stringify(branch)}`).toEqual(scoresAlone(alone, shared, sharing));
        if (what === "several users") expect(new Set(together).size).toBeGreaterThan(12);
      }
    }
  });

  it("computes what its record says, in branches with every pair of choices", () => {
    for (const [i, branch] of pairsOf(branchesOf(model)).entries()) {
      const bench = randomBench(model, sized(model, branch), 30, 5);
      fill(bench, randomSharing(i, 8));
      bench.scores();
      const { samples } = bench.batch.packed;
      const scores = bench.memory.f32.subarray(bench.logits.value / 4, bench.logits.value / 4 + samples.count);
      const expected = interpret(bench).valueOf(bench.logits).flat();
      expect(relativeError(scores, expected), JSON.stringify(branch)).toBeLessThan(1e-4);
    }
  });

  it("multiplies less than with copies of the history, where it multiplies histories at all", () => {
    const [shared, copies] = [6, undefined].map((most) => randomBench(model, {}, 60, most));
    const { samples } = SHARINGS["one user, many candidates"];
    fill(shared, SHARINGS["one user, many candidates"]);
    copies.fill(
      samples.map(([, length]) => length),
      11,
    );
    if (["dien", "gru-attention"].includes(model.name)) expect(flopsOf(shared.tape)).toBeLessThan(flopsOf(copies.tape));
    else expect(flopsOf(shared.tape)).toBe(flopsOf(copies.tape));
  });

  it("looks histories, users and contexts up once a sequence", () => {
    const bench = randomBench(model, {}, 60, 6);
    fill(bench, SHARINGS["several users"]);
    const rows = new Map(bench.tape.lookups.map(({ ids, rows }) => [ids, rows.count]));
    const counts = (group: (typeof GROUPS)[number]) =>
      new Set(bench.batch[group].filter(areIds).map(({ pointer }) => rows.get(pointer)));
    expect(counts("user")).toEqual(new Set([5]));
    expect(counts("context")).toEqual(new Set([5]));
    expect(counts("candidate")).toEqual(new Set([30]));
    expect(counts("history")).toEqual(new Set([22]));
  });
});

it("a sample longer than its sequence, or of none, is refused", () => {
  const bench = randomBench(models.get("base")!, {}, 4, 2);
  expect(() => fill(bench, { sequences: [2, 1], samples: [[1, 2]] })).toThrow(
    "a history of 2 behaviours is none of sequence 1",
  );
  expect(() => fill(bench, { sequences: [2], samples: [[1, 0]] })).toThrow(RangeError);
});

/** The samples of `from`, which share sequences, with a copy of its history for each. */
function copyAll(from: Batch, { samples }: Sharing, into: Batch): void {
  const { packed } = from;
  into.packed.pack(
    samples.map(([, length]) => length),
    0,
    samples.length,
  );
  for (const group of ["user", "context", "candidate"] as const) {
    for (const [f, { values }] of from[group].entries()) into[group][f].values.set(values);
  }
  into.labels.values.set(from.labels.values);
  for (const [f, { values }] of from.history.entries()) {
    const width = widthOf(into.history[f]);
    for (let row = 0; row < samples.length; row++) {
      for (let t = 0; t < packed.lengths[row]; t++) {
        const token = packed.sequences.offsets[t] + packed.sequence[row];
        copyCells(into.history[f].values, into.packed.offsets[t] + row, values, token, width);
      }
    }
  }
}

it.each([...models.values()])("$name learns from samples of shared sequences what it learns from copies", (model) => {
  const draws = Object.entries({ ...SHARINGS, random: randomSharing(3, 40) });
  for (const [i, branch] of pairsOf(branchesOf(model)).entries()) {
    // The auxiliary loss is a mean over the pairs of sequences: of other pairs than with copies.
    const config = sized(model, model.name === "dien" ? { ...branch, auxiliary: { weight: 0 } } : branch);
    const [shared, copies] = [{ sequences: 6 }, {}].map((sharing) => {
      const bench = new ModelBench(model, config, 60, { schema: wideSchema, ...sharing });
      bench.randomise(0.4, 5);
      return bench;
    });
    const [what, sharing] = draws[i % draws.length];
    fill(shared, sharing);
    copyAll(shared.batch, sharing, copies.batch);
    copies.tape.totals.samples = shared.tape.totals.samples;
    const [got, expected] = [shared.gradients(), copies.gradients()];
    for (const [name, gradient] of expected) {
      expect(relativeError(got.get(name)!, gradient), `${what}, ${JSON.stringify(branch)}, ${name}`).toBeLessThan(1e-4);
    }
  }
});
