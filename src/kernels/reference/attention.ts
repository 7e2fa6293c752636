/** Softmax over the steps of packed sequences, and its gradient. */
import type { Kernels } from "../contract.ts";
import type { Views } from "./views.ts";

type Attention = Pick<Kernels, "softmaxSteps" | "softmaxStepsBackward">;

export function attention({ f32, i32 }: Views): Attention {
  /** Float indices, relative to the first token, of the tokens of a sample. */
  function tokensOf(sample: number, steps: number, offsets: number, active: number): number[] {
    const tokens: number[] = [];
    for (let t = 0; t < steps && sample < i32[active / 4 + t]; t++) tokens.push(i32[offsets / 4 + t] + sample);
    return tokens;
  }

  return {
    softmaxSteps(samples, steps, offsets, active, scores, out) {
      for (let s = 0; s < samples; s++) {
        const tokens = tokensOf(s, steps, offsets, active);
        const values = tokens.map((token) => f32[scores / 4 + token]);
        const largest = Math.max(...values);
        const powers = values.map((value) => Math.exp(value - largest));
        const sum = powers.reduce((total, power) => total + power, 0);
        tokens.forEach((token, t) => {
          f32[out / 4 + token] = powers[t] / sum;
        });
      }
    },

    softmaxStepsBackward(samples, steps, offsets, active, y, dy, dScores) {
      for (let s = 0; s < samples; s++) {
        const tokens = tokensOf(s, steps, offsets, active);
        const mean = tokens.reduce((total, token) => total + f32[y / 4 + token] * f32[dy / 4 + token], 0);
        for (const token of tokens) f32[dScores / 4 + token] = f32[y / 4 + token] * (f32[dy / 4 + token] - mean);
      }
    },
  };
}
