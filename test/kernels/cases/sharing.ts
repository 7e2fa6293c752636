/** Tokens of samples that share sequences. */
import fc from "fast-check";
import type { Stage } from "../stage.ts";
import { type Cases, type Draw, dense, exact, flag, size, summed } from "./case.ts";

/** Steps of samples, longest first, each of which reads a row of the same step of some sequences. */
function shared(stage: Stage, draw: Draw) {
  const cols = draw(() => size);
  const active = draw(() => fc.array(fc.integer({ min: 1, max: 11 }), { maxLength: 9 })).sort((a, b) => b - a);
  const sequences = draw(() => fc.integer({ min: 1, max: 5 }));
  const before = (t: number) => active.slice(0, t).reduce((sum, rows) => sum + rows, 0);
  return {
    cols,
    samples: active[0] ?? 0,
    tokens: before(active.length),
    shared: sequences * active.length,
    steps: active.length,
    active: stage.integers(active),
    offsets: stage.integers(active.map((_, t) => before(t))),
    sequenceOffsets: stage.integers(active.map((_, t) => t * sequences)),
    reference: stage.ids(active[0] ?? 0, sequences),
  };
}

export const sharing: Cases<"gatherSteps" | "addSteps"> = {
  gatherSteps(stage, draw) {
    const { cols, steps, tokens, shared: rows, ...at } = shared(stage, draw);
    const { active, offsets, sequenceOffsets, reference } = at;
    const x = stage.matrix(rows, cols);
    const out = stage.room(tokens * cols);
    return {
      call: (kernels) => kernels.gatherSteps(steps, cols, active, offsets, sequenceOffsets, reference, x, out),
      outputs: [exact(out, tokens, cols)],
    };
  },

  addSteps(stage, draw) {
    const { cols, steps, tokens, samples, shared: rows, ...at } = shared(stage, draw);
    const { active, sequenceOffsets, reference } = at;
    const ofTokens = draw(() => flag);
    const x = stage.matrix(ofTokens ? tokens : samples, cols);
    const out = stage.matrix(rows, cols);
    const offsets = ofTokens ? at.offsets : 0;
    return {
      call: (kernels) => kernels.addSteps(steps, cols, active, offsets, sequenceOffsets, reference, x, out),
      outputs: [dense(out, rows, cols)],
      tolerance: summed(samples),
    };
  },
};
