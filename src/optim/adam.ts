/**
 * Adam (Kingma and Ba 2015, https://arxiv.org/abs/1412.6980) over dense parameters, and its lazy form over embedding
 * tables: only rows that the batch read move, and their moments with them (as torch.optim.SparseAdam; bias correction
 * uses the global step).
 *
 * It reads the gradient that reduction.ts made of the shards'. Thread `part` of `parts` takes the pieces that it summed there;
 * weights do not depend on `parts`.
 */
import type { Kernels } from "../kernels/contract.ts";
import { clipFactor } from "./clipping.ts";
import { DENSE_PIECE, firstPiece, type Gradients, ROW_PIECE } from "./gradients.ts";
import { averageStatistics } from "./statistics.ts";

export interface AdamOptions {
  /** Largest norm of the whole gradient; 0 leaves it as it is. */
  readonly clipNorm: number;
  /** L2 penalty on the embedding rows that a batch reads, lambda in lambda/2 |row|^2. */
  readonly embeddingL2: number;
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

export class Adam {
  readonly #kernels: Kernels;
  readonly #gradients: Gradients;
  readonly #options: AdamOptions;
  /**
   * beta1^t and beta2^t, multiplied up step by step: `Math.pow` may differ between engines. An array, because a number
   * that changes in a field is allocated anew each time.
   */
  readonly #powers = Float64Array.of(1, 1);
  #step = 0;

  constructor(kernels: Kernels, gradients: Gradients, options: AdamOptions) {
    this.#kernels = kernels;
    this.#gradients = gradients;
    this.#options = options;
  }

  /** Sets how many steps were made before the next one, by this thread or by the run that is resumed. */
  startAt(step: number): void {
    if (step < this.#step) throw new RangeError(`step ${step} lies before step ${this.#step}`);
    while (this.#step < step) this.#advance();
  }

  #advance(): void {
    this.#powers[0] *= BETA1;
    this.#powers[1] *= BETA2;
    this.#step++;
  }

  /**
   * One step: moves weights and touched rows against the clipped gradient, and brings running statistics up to date.
   * @param rate learning rate of this step
   */
  apply(part: number, parts: number, rate: number): void {
    this.#advance();
    const clip = clipFactor(this.#gradients, this.#options.clipNorm);
    this.#moveDense(part, parts, rate, clip);
    this.#moveRows(part, parts, rate, clip);
    if (part === 0) averageStatistics(this.#kernels, this.#gradients, this.#step);
  }

  #moveDense(part: number, parts: number, rate: number, clip: number): void {
    const { parameters, dense } = this.#gradients;
    const { trainedCount } = parameters;
    const { value, m, v } = parameters.dense;
    const c1 = 1 - this.#powers[0];
    const c2 = 1 - this.#powers[1];
    for (let piece = part; piece * DENSE_PIECE < trainedCount; piece += parts) {
      const at = piece * DENSE_PIECE * 4;
      const count = Math.min(DENSE_PIECE, trainedCount - piece * DENSE_PIECE);
      this.#kernels.adam(count, value + at, m + at, v + at, dense + at, clip, 0, rate, BETA1, BETA2, EPSILON, c1, c2);
    }
  }

  #moveRows(part: number, parts: number, rate: number, clip: number): void {
    const { embeddingL2 } = this.#options;
    const c1 = 1 - this.#powers[0];
    const c2 = 1 - this.#powers[1];
    let before = this.#gradients.denseSquares.length;
    for (const entry of this.#gradients.tables) {
      const { table, rows, gradient } = entry;
      const { cols, value, m, v } = table;
      const count = this.#gradients.touchedRows(entry);
      const pieces = Math.ceil(count / ROW_PIECE);
      for (let piece = firstPiece(before, part, parts); piece < pieces; piece += parts) {
        const from = piece * ROW_PIECE;
        const to = Math.min(count, from + ROW_PIECE);
        this.#kernels.adamRows(
          from,
          to,
          cols,
          rows,
          value,
          m,
          v,
          gradient,
          clip,
          embeddingL2,
          rate,
          BETA1,
          BETA2,
          EPSILON,
          c1,
          c2,
        );
      }
      before += pieces;
    }
  }
}
