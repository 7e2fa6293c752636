/** Reduction over shards, and Adam on dense parameters and on embedding rows. */
import type { Kernels } from "../contract.ts";
import type { Views } from "./views.ts";

type Optimiser = Pick<Kernels, "sumShards" | "adam" | "adamRows">;

export function optimiser({ f32, i32 }: Views): Optimiser {
  const adam: Kernels["adam"] = (
    count,
    weight,
    m,
    v,
    gradient,
    clip,
    decay,
    rate,
    beta1,
    beta2,
    epsilon,
    correction1,
    correction2,
  ) => {
    for (let i = 0; i < count; i++) {
      const w = f32[weight / 4 + i];
      const g = clip * f32[gradient / 4 + i] + decay * w;
      const first = beta1 * f32[m / 4 + i] + (1 - beta1) * g;
      const second = beta2 * f32[v / 4 + i] + (1 - beta2) * g * g;
      f32[m / 4 + i] = first;
      f32[v / 4 + i] = second;
      f32[weight / 4 + i] = w - (rate * (first / correction1)) / (Math.sqrt(second / correction2) + epsilon);
    }
  };

  return {
    sumShards(count, shards, first, strideBytes, out) {
      let squares = 0;
      for (let i = 0; i < count; i++) {
        let sum = 0;
        for (let s = 0; s < shards; s++) sum += f32[(first + s * strideBytes) / 4 + i];
        f32[out / 4 + i] = sum;
        squares += f32[out / 4 + i] ** 2;
      }
      return squares;
    },

    adam,

    adamRows(from, to, cols, rows, weight, m, v, gradient, ...settings) {
      for (let r = from; r < to; r++) {
        const row = 4 * cols * i32[rows / 4 + r];
        adam(cols, weight + row, m + row, v + row, gradient + 4 * cols * r, ...settings);
      }
    },
  };
}
