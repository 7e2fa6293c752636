/** Embedding look-up, and the chains that collect the gradients of each looked-up row. */
import type { Kernels } from "../contract.ts";
import type { Views } from "./views.ts";

type EmbeddingKernels = Pick<Kernels, "gatherRows" | "linkRows" | "sumLinkedRows">;

export function embedding({ f32, i32 }: Views): EmbeddingKernels {
  return {
    gatherRows(count, cols, ids, table, out, ldo) {
      for (let i = 0; i < count; i++) {
        const row = table / 4 + i32[ids / 4 + i] * cols;
        for (let j = 0; j < cols; j++) f32[out / 4 + i * ldo + j] = f32[row + j];
      }
    },

    linkRows(count, ids, gradient, ld, firstEntry, head, tail, next, addresses, rows, rowCount) {
      for (let i = 0; i < count; i++) {
        const id = i32[ids / 4 + i];
        const entry = firstEntry + i;
        // Addresses past 2 GiB wrap to negative int32 here; `sumLinkedRows` reads them back unsigned.
        i32[addresses / 4 + entry] = gradient + 4 * i * ld;
        i32[next / 4 + entry] = -1;
        if (i32[head / 4 + id] === -1) {
          i32[head / 4 + id] = entry;
          i32[rows / 4 + rowCount++] = id;
        } else {
          i32[next / 4 + i32[tail / 4 + id]] = entry;
        }
        i32[tail / 4 + id] = entry;
      }
      return rowCount;
    },

    sumLinkedRows(from, to, cols, rows, head, next, addresses, out) {
      let squares = 0;
      for (let r = from; r < to; r++) {
        const id = i32[rows / 4 + r];
        for (let j = 0; j < cols; j++) {
          let sum = 0;
          for (let entry = i32[head / 4 + id]; entry !== -1; entry = i32[next / 4 + entry]) {
            sum += f32[(i32[addresses / 4 + entry] >>> 0) / 4 + j];
          }
          f32[out / 4 + r * cols + j] = sum;
          squares += f32[out / 4 + r * cols + j] ** 2;
        }
        i32[head / 4 + id] = -1;
      }
      return squares;
    },
  };
}
