/** Embedding look-up, and the chains that collect the gradients of each looked-up row. */
import type { Kernels, Pointer } from "../contract.ts";
import type { Views } from "./views.ts";

type EmbeddingKernels = Pick<
  Kernels,
  "gatherRows" | "addRows" | "gatherBags" | "linkRows" | "linkBags" | "sumLinkedRows"
>;

type Chains = Readonly<Record<"head" | "tail" | "next" | "addresses", Pointer>>;

export function embedding({ f32, i32 }: Views): EmbeddingKernels {
  /** How many ids a bag has. */
  const lengthOf = (bag: number, width: number) => {
    let length = 0;
    while (length < width && i32[bag + length] >= 0) length++;
    return length;
  };

  /** Appends an entry to the chain of its row. Returns whether it is the first. */
  const link = ({ head, tail, next, addresses }: Chains, id: number, entry: number, address: Pointer) => {
    const isFirst = i32[head / 4 + id] === -1;
    // Addresses past 2 GiB wrap to negative int32 here; `sumLinkedRows` reads them back unsigned.
    i32[addresses / 4 + entry] = address;
    i32[next / 4 + entry] = -1;
    if (isFirst) i32[head / 4 + id] = entry;
    else i32[next / 4 + i32[tail / 4 + id]] = entry;
    i32[tail / 4 + id] = entry;
    return isFirst;
  };

  return {
    gatherRows(count, cols, ids, table, out, ldo) {
      for (let i = 0; i < count; i++) {
        const row = table / 4 + i32[ids / 4 + i] * cols;
        for (let j = 0; j < cols; j++) f32[out / 4 + i * ldo + j] = f32[row + j];
      }
    },

    addRows(count, cols, ids, x, out) {
      for (let i = 0; i < count; i++) {
        const row = out / 4 + i32[ids / 4 + i] * cols;
        for (let j = 0; j < cols; j++) f32[row + j] += f32[x / 4 + i * cols + j];
      }
    },

    linkRows(count, ids, gradient, ld, firstEntry, head, tail, next, addresses, rows, rowCount) {
      const chains = { head, tail, next, addresses };
      for (let i = 0; i < count; i++) {
        const isNew = link(chains, i32[ids / 4 + i], firstEntry + i, gradient + 4 * i * ld);
        if (isNew) i32[rows / 4 + rowCount++] = i32[ids / 4 + i];
      }
      return rowCount;
    },

    gatherBags(count, width, cols, ids, table, weights, out, ldo) {
      for (let i = 0; i < count; i++) {
        const bag = ids / 4 + i * width;
        const length = lengthOf(bag, width);
        const weight = length === 0 ? 0 : 1 / length;
        if (weights !== 0) f32[weights / 4 + i] = weight;
        for (let c = 0; c < cols; c++) {
          let sum = 0;
          for (let j = 0; j < length; j++) sum += f32[table / 4 + i32[bag + j] * cols + c];
          f32[out / 4 + i * ldo + c] = weights === 0 ? sum : weight * sum;
        }
      }
    },

    linkBags(count, width, ids, gradient, ld, firstEntry, head, tail, next, addresses, rows, rowCount) {
      const chains = { head, tail, next, addresses };
      for (let i = 0; i < count; i++) {
        const bag = ids / 4 + i * width;
        const length = lengthOf(bag, width);
        for (let j = 0; j < length; j++) {
          const isNew = link(chains, i32[bag + j], firstEntry + i * width + j, gradient + 4 * i * ld);
          if (isNew) i32[rows / 4 + rowCount++] = i32[bag + j];
        }
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
