/** Sums over shards, and Adam. */
import fc from "fast-check";
import { type Cases, dense, flag, gap, positive, size, summed } from "./case.ts";

export const optimiser: Cases<"sumShards" | "adam" | "adamRows"> = {
  sumShards(stage, draw) {
    const [count, shards, inPlace] = [draw(() => size), draw(() => positive), draw(() => flag)];
    const stride = count + draw(() => gap);
    const first = stage.matrix(shards, count, stride);
    const out = inPlace ? first : stage.room(count);
    return {
      call: (kernels) => kernels.sumShards(count, shards, first, 4 * stride, out),
      outputs: [dense(out, 1, count)],
      tolerance: summed(shards),
    };
  },

  adam(stage, draw) {
    // The native kernel stores weights in blocks of 512.
    const count = draw(() => fc.oneof(size, fc.integer({ min: 510, max: 1030 })));
    const [weight, m, gradient] = [stage.matrix(1, count), stage.matrix(1, count), stage.matrix(1, count)];
    const v = stage.matrix(1, count, count, 0.01, 1);
    return {
      call: (kernels) => kernels.adam(count, weight, m, v, gradient, 0.7, 0.01, 0.05, 0.9, 0.999, 1e-8, 0.19, 0.002),
      outputs: [weight, m, v].map((at) => dense(at, 1, count)),
      tolerance: { absolute: 2e-5, relative: 2e-6 },
    };
  },

  adamRows(stage, draw) {
    const [cols, vocabulary] = [draw(() => size), draw(() => positive)];
    const to = draw(() => fc.integer({ min: 0, max: vocabulary }));
    const from = draw(() => fc.integer({ min: 0, max: to }));
    // Distinct rows, in descending order.
    const rows = stage.integers(Array.from({ length: to }, (_, r) => vocabulary - 1 - r));
    const [weight, m] = [stage.matrix(vocabulary, cols), stage.matrix(vocabulary, cols)];
    const v = stage.matrix(vocabulary, cols, cols, 0.01, 1);
    const gradient = stage.matrix(to, cols);
    const settings = [0.7, 0.01, 0.05, 0.9, 0.999, 1e-8, 0.19, 0.002] as const;
    return {
      call: (kernels) => kernels.adamRows(from, to, cols, rows, weight, m, v, gradient, ...settings),
      outputs: [weight, m, v].map((at) => dense(at + 4 * cols * (vocabulary - to), to - from, cols)),
      tolerance: { absolute: 2e-5, relative: 2e-6 },
    };
  },
};
