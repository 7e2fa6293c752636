/**
 * Adam over dense parameters, and its lazy form over embedding tables: only rows that the batch read move, and their
 * moments with them (torch.optim.SparseAdam; bias correction uses the global step).
 *
 * A step has three stages; in each, thread `part` of `parts` takes its share, and all must have ended one before any
 * begins the next. Pieces are of fixed size and every sum has a fixed order, so the result does not depend on `parts`:
 *
 *   gather   add the shards' dense gradients in shard order; chain the look-ups of each table row
 *   sum      add up each row's gradients in (shard, position) order
 *   apply    clip by the global norm, move the weights
 */
import type { Kernels, Pointer } from "../kernels/contract.ts";
import type { LinearMemory } from "../tensor/memory.ts";
import { DENSE_PIECE, type Gradients, ROW_PIECE, type TableGradients } from "./gradients.ts";

export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Largest norm of the whole gradient; 0 leaves it as it is. */
  readonly clipNorm: number;
  /** L2 penalty on the embedding rows that a batch reads, lambda in lambda/2 |row|^2. */
  readonly embeddingL2: number;
  /** Weight of the past in running statistics. */
  readonly statisticsMomentum: number;
}

export const adamDefaults: AdamOptions = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  clipNorm: 0,
  embeddingL2: 0,
  statisticsMomentum: 0.99,
};

export class Adam {
  readonly #kernels: Kernels;
  readonly #memory: LinearMemory;
  readonly #gradients: Gradients;
  readonly #options: AdamOptions;
  readonly #link: (count: number, ids: Pointer, gradient: Pointer, ld: number) => void;
  /** The table whose look-ups are being linked, and how far. */
  #linking: TableGradients | undefined;
  #entries = 0;
  #rows = 0;
  /** beta^t, multiplied up step by step: `Math.pow` may differ between engines. */
  #power1 = 1;
  #power2 = 1;
  #step = 0;

  constructor(kernels: Kernels, memory: LinearMemory, gradients: Gradients, options: AdamOptions) {
    this.#kernels = kernels;
    this.#memory = memory;
    this.#gradients = gradients;
    this.#options = options;
    this.#link = (count, ids, gradient, ld) => {
      const { head, tail, next, addresses, rows } = this.#linking!;
      const first = this.#entries;
      this.#rows = kernels.linkRows(count, ids, gradient, ld, first, head, tail, next, addresses, rows, this.#rows);
      this.#entries = first + count;
    };
  }

  /** Says how many steps were made before the next one, this thread's or those of a run that goes on. */
  startAt(step: number): void {
    if (step < this.#step) throw new RangeError(`step ${step} lies before step ${this.#step}`);
    while (this.#step < step) this.#advance();
  }

  #advance(): void {
    this.#power1 *= this.#options.beta1;
    this.#power2 *= this.#options.beta2;
    this.#step++;
  }

  gather(part: number, parts: number): void {
    const { parameters, dense, denseSquares, tables, shards, strideBytes } = this.#gradients;
    const { denseCount, trainedCount } = parameters;
    const first = this.#gradients.block(0);
    for (let piece = part; piece * DENSE_PIECE < trainedCount; piece += parts) {
      const at = piece * DENSE_PIECE;
      const count = Math.min(DENSE_PIECE, trainedCount - at);
      denseSquares[piece] = this.#kernels.sumShards(count, shards, first + at * 4, strideBytes, dense + at * 4);
    }
    if (part === 0 && denseCount > trainedCount) {
      const at = trainedCount * 4;
      this.#kernels.sumShards(denseCount - trainedCount, shards, first + at, strideBytes, dense + at);
    }
    for (let t = part; t < tables.length; t += parts) this.#linkTable(tables[t]);
  }

  #linkTable(table: TableGradients): void {
    this.#linking = table;
    this.#entries = 0;
    this.#rows = 0;
    for (let shard = 0; shard < this.#gradients.shards; shard++) {
      for (let i = 0; i < table.lookups.length; i++) this.#gradients.lookup(shard, table.lookups[i], this.#link);
    }
    this.#memory.i32[table.rowCount / 4] = this.#rows;
  }

  sum(part: number, parts: number): void {
    for (const entry of this.#gradients.tables) {
      const { table, head, next, addresses, rows, gradient, squares } = entry;
      const count = this.#memory.i32[entry.rowCount / 4];
      for (let piece = part; piece * ROW_PIECE < count; piece += parts) {
        const from = piece * ROW_PIECE;
        const to = Math.min(count, from + ROW_PIECE);
        squares[piece] = this.#kernels.sumLinkedRows(from, to, table.cols, rows, head, next, addresses, gradient);
      }
    }
  }

  /** @param rate learning rate of this step */
  apply(part: number, parts: number, rate: number): void {
    this.#advance();
    const { beta1, beta2, epsilon, embeddingL2, statisticsMomentum } = this.#options;
    const { parameters, dense, tables } = this.#gradients;
    const { trainedCount, denseCount } = parameters;
    const { value, m, v } = parameters.dense;
    const clip = this.#clip();
    const c1 = 1 - this.#power1;
    const c2 = 1 - this.#power2;
    for (let piece = part; piece * DENSE_PIECE < trainedCount; piece += parts) {
      const at = piece * DENSE_PIECE * 4;
      const count = Math.min(DENSE_PIECE, trainedCount - piece * DENSE_PIECE);
      this.#kernels.adam(count, value + at, m + at, v + at, dense + at, clip, 0, rate, beta1, beta2, epsilon, c1, c2);
    }
    if (part === 0 && denseCount > trainedCount) {
      const at = trainedCount * 4;
      const count = denseCount - trainedCount;
      // A plain mean at first, so that what statistics start from is forgotten at once.
      const past = Math.min(statisticsMomentum, 1 - 1 / this.#step);
      this.#kernels.scale(count, past, value + at, value + at, 0);
      this.#kernels.scale(count, 1 - past, dense + at, value + at, 1);
    }
    for (const { table, rows, gradient, rowCount } of tables) {
      const count = this.#memory.i32[rowCount / 4];
      for (let piece = part; piece * ROW_PIECE < count; piece += parts) {
        const from = piece * ROW_PIECE;
        const to = Math.min(count, from + ROW_PIECE);
        this.#kernels.adamRows(
          from,
          to,
          table.cols,
          rows,
          table.value,
          table.m,
          table.v,
          gradient,
          clip,
          embeddingL2,
          rate,
          beta1,
          beta2,
          epsilon,
          c1,
          c2,
        );
      }
    }
  }

  /** Factor that brings the gradient to the largest norm allowed; 1 where it is within. */
  #clip(): number {
    const { clipNorm } = this.#options;
    if (clipNorm === 0) return 1;
    const { denseSquares, tables } = this.#gradients;
    let squares = 0;
    for (const square of denseSquares) squares += square;
    for (const table of tables) {
      const pieces = Math.ceil(this.#memory.i32[table.rowCount / 4] / ROW_PIECE);
      for (let piece = 0; piece < pieces; piece++) squares += table.squares[piece];
    }
    const norm = Math.sqrt(squares);
    return norm > clipNorm ? clipNorm / norm : 1;
  }
}
