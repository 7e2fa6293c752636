/** Between samples and their packed tokens. */
import type { Stage } from "../stage.ts";
import { type Cases, type Draw, dense, exact, flag, size, summed, target } from "./case.ts";
import { packed } from "./packed.ts";

/** Tokens, each with a row of its own, or with one of the sequences that samples share. */
function tokenRows(stage: Stage, draw: Draw) {
  const packing = packed(stage, draw);
  const { samples, steps, tokens } = packing;
  const cols = draw(() => size);
  const sequences = draw(() => size);
  const shared = sequences > 0;
  return {
    ...packing,
    cols,
    x: stage.matrix(shared ? steps * sequences : tokens, cols),
    xOffsets: shared ? stage.integers(Array.from({ length: steps }, (_, t) => t * sequences)) : 0,
    reference: shared ? stage.ids(samples, sequences) : 0,
  };
}

export const steps: Cases<"sumSteps" | "spreadSteps" | "dotSteps" | "precedingSteps" | "addPrecedingSteps"> = {
  sumSteps(stage, draw) {
    const { samples, steps, tokens, offsets, active, cols, x, xOffsets, reference } = tokenRows(stage, draw);
    const weight = draw(() => flag) ? stage.matrix(1, tokens) : 0;
    const accumulate = draw(() => flag);
    const out = target(stage, samples, cols, cols, accumulate);
    return {
      call: (kernels) =>
        kernels.sumSteps(samples, steps, cols, offsets, active, weight, x, xOffsets, reference, out, accumulate),
      outputs: [dense(out, samples, cols)],
      tolerance: summed(steps),
    };
  },

  spreadSteps(stage, draw) {
    const { samples, steps, tokens, offsets, active } = packed(stage, draw);
    const [cols, accumulate] = [draw(() => size), draw(() => flag)];
    const weight = draw(() => flag) ? stage.matrix(1, tokens) : 0;
    const x = stage.matrix(samples, cols);
    const out = target(stage, tokens, cols, cols, accumulate);
    return {
      call: (kernels) => kernels.spreadSteps(steps, cols, offsets, active, weight, x, out, accumulate),
      outputs: [dense(out, tokens, cols)],
    };
  },

  dotSteps(stage, draw) {
    const { samples, steps, tokens, offsets, active, cols, x, xOffsets, reference } = tokenRows(stage, draw);
    const accumulate = draw(() => flag);
    const y = stage.matrix(samples, cols);
    const out = target(stage, 1, tokens, tokens, accumulate);
    return {
      call: (kernels) => kernels.dotSteps(steps, cols, offsets, active, x, xOffsets, reference, y, out, accumulate),
      outputs: [dense(out, 1, tokens)],
      tolerance: summed(cols),
    };
  },

  precedingSteps(stage, draw) {
    const { steps, tokens, started, offsets, active } = packed(stage, draw);
    const cols = draw(() => size);
    const x = stage.matrix(tokens, cols);
    const out = stage.room((tokens - started) * cols);
    return {
      call: (kernels) => kernels.precedingSteps(steps, cols, offsets, active, x, out),
      outputs: [exact(out, tokens - started, cols)],
    };
  },

  addPrecedingSteps(stage, draw) {
    const { steps, tokens, started, offsets, active } = packed(stage, draw);
    const cols = draw(() => size);
    const x = stage.matrix(tokens - started, cols);
    const out = stage.matrix(tokens, cols);
    return {
      call: (kernels) => kernels.addPrecedingSteps(steps, cols, offsets, active, x, out),
      outputs: [dense(out, tokens, cols)],
    };
  },
};
