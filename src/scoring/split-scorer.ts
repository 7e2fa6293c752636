/** A split of a dataset, scored by the workers portion by portion. */
import { type Split, sharedFloat32 } from "../dataset/dataset.ts";
import { Feed } from "../dataset/feed.ts";
import type { DatasetStream } from "../dataset/stream.ts";
import type { LossTotals } from "../engine/tasks.ts";
import type { WorkerPool } from "../engine/worker-pool.ts";

/** May be used many times. A split that fits into one portion is loaded once. */
export class SplitScorer {
  readonly #split: Split;
  readonly #stream: DatasetStream;
  readonly #feed: Feed;

  constructor(stream: DatasetStream, split: Split) {
    this.#split = split;
    this.#stream = stream;
    this.#feed = new Feed(stream, split);
  }

  /** Probability of a click for each sample of the split, in the order of its file. */
  async score(pool: WorkerPool, onProgress?: (done: number, total: number) => void): Promise<Float32Array> {
    const total = this.#stream.manifest.counts[this.#split];
    const scores = sharedFloat32(total);
    let before = 0;
    for await (const loaded of this.#portions()) {
      await pool.score(loaded, scores, onProgress && ((done) => onProgress(before + done, total)));
      before += loaded.samples.count;
    }
    return scores;
  }

  /** The losses of the split as they are now: [pieces, losses] shares of their means over `totals`. */
  async measure(pool: WorkerPool, totals: LossTotals): Promise<Float64Array[]> {
    const shares: Float64Array[] = [];
    for await (const loaded of this.#portions()) shares.push(await pool.measure(loaded, totals));
    return shares;
  }

  async *#portions() {
    const portions = await this.#stream.filePortions(this.#split);
    for (const [i, portion] of portions.entries()) yield await this.#feed.take(portion, portions[i + 1]);
  }
}
