/** Steps of packed sequences: the GRU family, and attention over steps. */
import fc from "fast-check";
import { Gate } from "../../../src/kernels/contract.ts";
import type { Stage } from "../stage.ts";
import { type Cases, type Draw, dense, flag, size, summed, tokens } from "./case.ts";

const gates = fc.constantFrom(Gate.gru, Gate.agru, Gate.augruPaper, Gate.augruReleased);

/** Packed steps of random histories, longest first, with at least one sample. */
function packed(stage: Stage, draw: Draw) {
  const lengths = draw(() => fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 19 }));
  const active: number[] = [];
  const offsets: number[] = [];
  let tokens = 0;
  for (let t = 0; t < Math.max(...lengths); t++) {
    offsets.push(tokens);
    active.push(lengths.filter((length) => length > t).length);
    tokens += active[t];
  }
  return {
    samples: lengths.length,
    steps: active.length,
    tokens,
    offsets: stage.integers(offsets),
    active: stage.integers(active),
  };
}

export const sequences: Cases<"gruForward" | "gruStep" | "gruBackward" | "softmaxSteps" | "softmaxStepsBackward"> = {
  gruForward(stage, draw) {
    const [rows, hidden, gate, started] = [draw(() => size), draw(() => size), draw(() => gates), draw(() => flag)];
    const at = stage.matrix(rows, 3 * hidden, 3 * hidden, -3, 3);
    const recurrent = stage.matrix(rows, hidden);
    const previous = started ? stage.matrix(rows, hidden) : 0;
    const attention = gate === Gate.gru ? 0 : stage.matrix(1, rows, rows, 0, 1);
    const next = stage.room(rows * hidden);
    return {
      call: (kernels) => kernels.gruForward(rows, hidden, gate, at, recurrent, previous, attention, next),
      outputs: [dense(at, rows, 3 * hidden), dense(next, rows, hidden)],
    };
  },

  gruStep(stage, draw) {
    const [rows, hidden, gate, started] = [draw(() => tokens), draw(() => size), draw(() => gates), draw(() => flag)];
    const sequences = draw(() => fc.constantFrom(0, 1, 2, 40));
    const input = stage.matrix(sequences || rows, 3 * hidden, 3 * hidden, -3, 3);
    const reference = sequences === 0 ? 0 : stage.ids(rows, sequences);
    const U = stage.matrix(hidden, 3 * hidden);
    const previous = started ? stage.matrix(rows, hidden) : 0;
    const attention = gate === Gate.gru ? 0 : stage.matrix(1, rows, rows, 0, 1);
    const next = started && draw(() => flag) ? previous : stage.room(rows * hidden);
    const scratch = stage.room(48 * hidden);
    return {
      call: (kernels) => {
        kernels.gruStep(rows, hidden, gate, input, reference, U, previous, attention, next, scratch);
        stage.f32.fill(Number.NaN, scratch / 4, scratch / 4 + 48 * hidden);
      },
      outputs: [dense(next, rows, hidden)],
      tolerance: summed(hidden),
    };
  },

  gruBackward(stage, draw) {
    const [rows, hidden, gate] = [draw(() => size), draw(() => size), draw(() => gates)];
    const [started, inPlace] = [draw(() => flag), draw(() => flag)];
    const at = stage.matrix(rows, 3 * hidden, 3 * hidden, 0, 1);
    const recurrent = stage.matrix(rows, hidden);
    const previous = started ? stage.matrix(rows, hidden) : 0;
    const attention = gate === Gate.gru ? 0 : stage.matrix(1, rows, rows, 0, 1);
    const dNext = stage.matrix(rows, hidden);
    const fresh = inPlace ? dNext : stage.room(rows * hidden);
    const dPrevious = started ? fresh : 0;
    const dAttention = attention ? stage.room(rows) : 0;
    return {
      call: (kernels) =>
        kernels.gruBackward(rows, hidden, gate, at, recurrent, previous, attention, dNext, dPrevious, dAttention),
      outputs: [
        dense(at, rows, 3 * hidden),
        dense(recurrent, rows, hidden),
        ...(dPrevious ? [dense(dPrevious, rows, hidden)] : []),
        ...(dAttention ? [dense(dAttention, 1, rows)] : []),
      ],
      tolerance: summed(hidden),
    };
  },

  softmaxSteps(stage, draw) {
    const { samples, steps, tokens, offsets, active } = packed(stage, draw);
    const inPlace = draw(() => flag);
    const scores = stage.matrix(1, tokens, tokens, -40, 40);
    const out = inPlace ? scores : stage.room(tokens);
    const scratch = stage.room(2 * samples);
    return {
      call: (kernels) => {
        kernels.softmaxSteps(samples, steps, offsets, active, scores, out, scratch);
        stage.f32.fill(Number.NaN, scratch / 4, scratch / 4 + 2 * samples);
      },
      outputs: [dense(out, 1, tokens)],
    };
  },

  softmaxStepsBackward(stage, draw) {
    const { samples, steps, tokens, offsets, active } = packed(stage, draw);
    const inPlace = draw(() => flag);
    const y = stage.matrix(1, tokens, tokens, 0, 1);
    const dy = stage.matrix(1, tokens);
    const dScores = inPlace ? dy : stage.room(tokens);
    const scratch = stage.room(samples);
    return {
      call: (kernels) => {
        kernels.softmaxStepsBackward(samples, steps, offsets, active, y, dy, dScores, scratch);
        stage.f32.fill(Number.NaN, scratch / 4, scratch / 4 + samples);
      },
      outputs: [dense(dScores, 1, tokens)],
    };
  },
};
