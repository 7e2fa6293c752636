/** Rows of tables: look-ups, and their gradients. */
import fc from "fast-check";
import type { Stage } from "../stage.ts";
import { type Cases, type Draw, dense, exact, flag, gap, positive, size, summed } from "./case.ts";

/** Ids in bags of different lengths, empty ones among them. What stands behind the end of a bag is no id. */
function bags(stage: Stage, draw: Draw, vocabulary: number) {
  const [count, width] = [draw(() => size), draw(() => fc.integer({ min: 1, max: 7 }))];
  const ids = stage.ids(count * width, vocabulary);
  for (let i = 0; i < count; i++) {
    const length = draw(() => fc.integer({ min: 0, max: width }));
    if (length < width) stage.i32[ids / 4 + i * width + length] = -1;
  }
  return { count, width, ids };
}

export const rows: Cases<"gatherRows" | "addRows" | "gatherBags" | "linkBags" | "linkRows" | "sumLinkedRows"> = {
  gatherRows(stage, draw) {
    const [count, cols, vocabulary] = [draw(() => size), draw(() => size), draw(() => positive)];
    const ldo = cols + draw(() => gap);
    const ids = stage.ids(count, vocabulary);
    const table = stage.matrix(vocabulary, cols);
    const out = stage.room(count * ldo);
    return {
      call: (kernels) => kernels.gatherRows(count, cols, ids, table, out, ldo),
      outputs: [exact(out, count, cols, ldo)],
    };
  },

  addRows(stage, draw) {
    const [count, cols, vocabulary] = [draw(() => size), draw(() => size), draw(() => positive)];
    const ids = stage.ids(count, vocabulary);
    const x = stage.matrix(count, cols);
    const out = stage.matrix(vocabulary, cols);
    return {
      call: (kernels) => kernels.addRows(count, cols, ids, x, out),
      outputs: [dense(out, vocabulary, cols)],
      tolerance: summed(count),
    };
  },

  gatherBags(stage, draw) {
    const [cols, vocabulary, weighted] = [draw(() => size), draw(() => positive), draw(() => flag)];
    const { count, width, ids } = bags(stage, draw, vocabulary);
    const ldo = cols + draw(() => gap);
    const table = stage.matrix(vocabulary, cols);
    const weights = weighted ? stage.room(count) : 0;
    const out = stage.room(count * ldo);
    return {
      call: (kernels) => kernels.gatherBags(count, width, cols, ids, table, weights, out, ldo),
      outputs: [dense(out, count, cols, ldo), ...(weighted ? [dense(weights, 1, count)] : [])],
      tolerance: summed(width),
    };
  },

  linkBags(stage, draw) {
    const vocabulary = draw(() => positive);
    const { count, width, ids } = bags(stage, draw, vocabulary);
    const head = stage.integers(new Array(vocabulary).fill(-1));
    const [tail, rows] = [stage.room(vocabulary), stage.room(vocabulary)];
    const entries = 3 + count * width;
    const [next, addresses] = [stage.room(entries), stage.room(entries)];
    return {
      call: (kernels) => kernels.linkBags(count, width, ids, 2 ** 31 + 64, 9, 3, head, tail, next, addresses, rows, 0),
      outputs: [
        exact(head, 1, vocabulary),
        exact(tail, 1, vocabulary),
        exact(rows, 1, vocabulary),
        exact(next, 1, entries),
        exact(addresses, 1, entries),
      ],
    };
  },

  // Two calls, as for two look-ups of one table: the second continues the chains of the first.
  linkRows(stage, draw) {
    const [count, more, vocabulary] = [draw(() => size), draw(() => size), draw(() => positive)];
    const ids = stage.ids(count + more, vocabulary);
    const head = stage.integers(new Array(vocabulary).fill(-1));
    const [tail, rows] = [stage.room(vocabulary), stage.room(vocabulary)];
    const [next, addresses] = [stage.room(count + more), stage.room(count + more)];
    return {
      call: (kernels) => {
        const first = kernels.linkRows(count, ids, 4096, 7, 0, head, tail, next, addresses, rows, 0);
        const rest = ids + 4 * count;
        return kernels.linkRows(more, rest, 2 ** 31 + 64, 9, count, head, tail, next, addresses, rows, first);
      },
      outputs: [
        exact(head, 1, vocabulary),
        exact(tail, 1, vocabulary),
        exact(rows, 1, vocabulary),
        exact(next, 1, count + more),
        exact(addresses, 1, count + more),
      ],
    };
  },

  sumLinkedRows(stage, draw) {
    const [count, cols, vocabulary] = [draw(() => size), draw(() => size), draw(() => positive)];
    const ld = cols + draw(() => gap);
    const ids = stage.ids(count, vocabulary);
    const gradient = stage.matrix(count, cols, ld);
    const head = stage.integers(new Array(vocabulary).fill(-1));
    const [tail, rows] = [stage.room(vocabulary), stage.room(vocabulary)];
    const [next, addresses] = [stage.room(count), stage.room(count)];
    const rowCount = stage.kernels.linkRows(count, ids, gradient, ld, 0, head, tail, next, addresses, rows, 0);
    const from = draw(() => fc.integer({ min: 0, max: rowCount }));
    const out = stage.room(rowCount * cols);
    return {
      call: (kernels) => kernels.sumLinkedRows(from, rowCount, cols, rows, head, next, addresses, out),
      outputs: [dense(out + 4 * from * cols, rowCount - from, cols), exact(head, 1, vocabulary)],
      tolerance: summed(count),
    };
  },
};
