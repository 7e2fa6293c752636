/** Steps of packed sequences: the GRU family, and attention over steps. */
import fc from "fast-check";
import { Gate } from "../../../src/kernels/contract.ts";
import type { Stage } from "../stage.ts";
import { type Cases, dense, flag, size } from "./case.ts";
import { packed } from "./packed.ts";

const gates = fc.constantFrom(Gate.gru, Gate.agru, Gate.augruPaper, Gate.augruReleased);

/** Weights of a recurrence that neither explodes nor dies out. */
const recurrentWeight = (stage: Stage, hidden: number) =>
  stage.matrix(hidden, 3 * hidden, 3 * hidden, -1.5 / Math.sqrt(hidden + 1), 1.5 / Math.sqrt(hidden + 1));

export const sequences: Cases<"gruForward" | "gruBackward" | "softmaxSteps" | "softmaxStepsBackward"> = {
  gruForward(stage, draw) {
    const { samples, steps, tokens, offsets, active, started } = packed(stage, draw);
    const [hidden, gate] = [draw(() => size), draw(() => gates)];
    // Rows of sequences that samples share; 0: each token has its own.
    const sequences = draw(() => fc.constantFrom(0, 1, 2, 40));
    const input = stage.matrix(sequences === 0 ? tokens : steps * sequences, 3 * hidden, 3 * hidden, -3, 3);
    const inputOffsets = sequences === 0 ? 0 : stage.integers(Array.from({ length: steps }, (_, t) => t * sequences));
    const reference = sequences === 0 ? 0 : stage.ids(samples, sequences);
    const U = recurrentWeight(stage, hidden);
    const attention = gate === Gate.gru ? 0 : stage.matrix(1, tokens, tokens, 0, 1);
    const keeps = draw(() => flag);
    const inPlace = sequences === 0 && draw(() => flag) === 1;
    const kept = inPlace ? input : stage.room(3 * tokens * hidden);
    const [at, recurrent] = keeps ? [kept, stage.room(tokens * hidden)] : [0, 0];
    const what = draw(() => fc.constantFrom("states", "last", "both"));
    const states = what === "last" ? 0 : stage.room(tokens * hidden);
    const last = what === "states" ? 0 : stage.room(started * hidden);
    const floats = keeps ? 0 : 48 * hidden;
    const scratch = stage.room(floats);
    return {
      call: (kernels) => {
        kernels.gruForward(
          steps,
          hidden,
          gate,
          offsets,
          active,
          input,
          inputOffsets,
          reference,
          U,
          attention,
          states,
          last,
          at,
          recurrent,
          scratch,
        );
        stage.f32.fill(Number.NaN, scratch / 4, scratch / 4 + floats);
      },
      outputs: [
        ...(states ? [dense(states, tokens, hidden)] : []),
        ...(last ? [dense(last, started, hidden)] : []),
        ...(keeps ? [dense(at, tokens, 3 * hidden), dense(recurrent, tokens, hidden)] : []),
      ],
      tolerance: { absolute: 2e-5, relative: 2e-5 },
    };
  },

  gruBackward(stage, draw) {
    const { steps, tokens, offsets, active, started } = packed(stage, draw);
    const [hidden, gate] = [draw(() => size), draw(() => gates)];
    const U = recurrentWeight(stage, hidden);
    const attention = gate === Gate.gru ? 0 : stage.matrix(1, tokens, tokens, 0, 1);
    const states = stage.matrix(tokens, hidden);
    const at = stage.matrix(tokens, 3 * hidden, 3 * hidden, 0, 1);
    const recurrent = stage.matrix(tokens, hidden);
    const dStates = draw(() => flag) ? stage.matrix(tokens, hidden) : 0;
    const dLast = draw(() => flag) ? stage.matrix(started, hidden) : 0;
    const dAttention = attention ? stage.room(tokens) : 0;
    const previous = stage.room((tokens - started) * hidden);
    const floats = 3 * hidden * hidden + 16 * hidden;
    const scratch = stage.room(floats);
    return {
      call: (kernels) => {
        kernels.gruBackward(
          steps,
          hidden,
          gate,
          offsets,
          active,
          U,
          attention,
          states,
          at,
          recurrent,
          dStates,
          dLast,
          dAttention,
          previous,
          scratch,
        );
        stage.f32.fill(Number.NaN, scratch / 4, scratch / 4 + floats);
      },
      outputs: [
        dense(at, tokens, 3 * hidden),
        dense(recurrent, tokens, hidden),
        dense(previous, tokens - started, hidden),
        ...(dAttention ? [dense(dAttention, 1, tokens)] : []),
      ],
      tolerance: { absolute: 1e-4, relative: 1e-4 },
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
