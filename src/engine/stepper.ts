/**
 * What one thread does: its share of training steps, of scoring, and of measuring losses.
 *
 * A batch is cut into shards, whose number is part of the configuration. Threads take shards; each runs forward and
 * backward into the shard's own gradients, which are then added up in shard order. So the same seed gives the same
 * weights, bit for bit, for any number of threads.
 */
import { BatchAssembler, trainingOrder } from "../dataset/batching.ts";
import type { ItemCatalogue, LoadedPortion, Samples } from "../dataset/dataset.ts";
import { Adam } from "../optim/adam.ts";
import { gatherGradients, sumTouchedRows } from "../optim/reduction.ts";
import type { Meeting } from "./barrier.ts";
import type { MeasureTask, TrainTask } from "./tasks.ts";
import { type Replica, SCORE_BATCH, type Workspace } from "./workspace.ts";

/** One thread's replicas of the model, and what it does with them. */
export class Stepper {
  readonly #workspace: Workspace;
  readonly #meeting: Meeting;
  readonly #thread: number;
  readonly #assembler: BatchAssembler;
  readonly #shards: readonly Replica[];
  readonly #scorer: Replica;
  readonly #measurer: Replica | undefined;
  readonly #adam: Adam | undefined;
  readonly #draw = { seed: 0, epoch: -1 };
  #loaded: LoadedPortion | undefined;
  #portion = -1;
  #order: Int32Array = new Int32Array(0);

  constructor(workspace: Workspace, catalogue: ItemCatalogue, meeting: Meeting, thread: number) {
    this.#workspace = workspace;
    this.#meeting = meeting;
    this.#thread = thread;
    this.#assembler = new BatchAssembler(catalogue, Math.max(workspace.shardSize, SCORE_BATCH));
    const { kernels, gradients, options } = workspace;
    const { train } = options.config;
    this.#scorer = workspace.scoreReplica(thread);
    this.#measurer = workspace.measureReplica(thread);
    this.#draw.seed = train.seed;
    this.#shards = gradients ? Array.from({ length: train.shards }, (_, s) => workspace.shardReplica(s, thread)) : [];
    if (gradients) {
      const { clip_norm: clipNorm, embedding_l2: embeddingL2 } = train;
      this.#adam = new Adam(kernels, gradients, { clipNorm, embeddingL2 });
    }
  }

  /** The samples that the tasks to come are about. */
  open(loaded: LoadedPortion): void {
    this.#loaded = loaded;
    this.#portion = -1;
  }

  /**
   * Takes part in steps [from, to) of a portion of an epoch, at most `STEPS_PER_CHUNK`. `done` steps came before the
   * portion.
   */
  train({ epoch, portion, from, to, done, rate }: Omit<TrainTask, "kind">): void {
    const { kernels, options } = this.#workspace;
    const gradients = this.#workspace.gradients!;
    const { seed, batch_size: batchSize, shards } = options.config.train;
    const { samples } = this.#loaded!;
    if (this.#draw.epoch !== epoch || this.#portion !== portion) {
      this.#draw.epoch = epoch;
      this.#portion = portion;
      this.#order = trainingOrder(samples.count, seed, epoch, portion);
    }
    const adam = this.#adam!;
    const meeting = this.#meeting;
    const { threads } = options;
    adam.startAt(done + from);
    for (let step = from; step < to; step++) {
      const first = step * batchSize;
      const count = Math.min(batchSize, samples.count - first);
      const pairs = countPairs(samples, this.#order, first, count);
      for (let shard = meeting.take(); shard < shards; shard = meeting.take()) {
        this.#runShard(shard, first, count, pairs, step - from);
      }
      meeting.wait();
      if (this.#thread === 0) meeting.restart();
      gatherGradients(kernels, gradients, this.#thread, threads);
      meeting.wait();
      sumTouchedRows(kernels, gradients, this.#thread, threads);
      meeting.wait();
      adam.apply(this.#thread, threads, rate);
      if (this.#thread === 0) meeting.progress(1);
      meeting.wait();
    }
  }

  #runShard(shard: number, first: number, count: number, pairs: number, chunkStep: number): void {
    const { gradients, stepLosses, losses, options } = this.#workspace;
    const { shards } = options.config.train;
    const { batch, tape, arena, kept, readsNegatives } = this.#shards[shard];
    const from = Math.floor((shard * count) / shards);
    const to = Math.floor(((shard + 1) * count) / shards);
    const at = (chunkStep * shards + shard) * losses.length;
    if (from === to) {
      gradients!.publishNothing(shard);
      stepLosses.fill(0, at, at + losses.length);
      return;
    }
    this.#assembler.fill(
      batch,
      this.#loaded!,
      this.#order,
      first + from,
      to - from,
      readsNegatives ? this.#draw : null,
    );
    tape.totals.samples = count;
    tape.totals.pairs = pairs;
    tape.forward(arena, kept);
    tape.backward();
    gradients!.publish(shard, tape);
    for (let i = 0; i < losses.length; i++) stepLosses[at + i] = tape.losses[i].value;
  }

  /** Takes part in scoring the samples in `order`: scores[row] = probability of a click of the sample in that row. */
  score(order: Int32Array, scores: Float32Array): void {
    const { kernels, memory } = this.#workspace;
    const { batch, tape, arena, kept, logits } = this.#scorer;
    const loaded = this.#loaded!;
    const { row: rowOf } = loaded.samples;
    for (;;) {
      const from = this.#meeting.take() * SCORE_BATCH;
      if (from >= order.length) break;
      const count = Math.min(SCORE_BATCH, order.length - from);
      this.#assembler.fill(batch, loaded, order, from, count, null);
      tape.forward(arena, kept);
      kernels.sigmoid(count, logits.value, logits.value);
      const base = logits.value / 4;
      const { order: rows } = batch.packed;
      for (let row = 0; row < count; row++) scores[rowOf[order[from + rows[row]]]] = memory.f32[base + row];
      this.#meeting.progress(count);
    }
  }

  /**
   * Takes part in measuring: shares[p, loss] = share of piece p in the mean of each loss over `totals`, of whose samples
   * those in `order` are at hand. Negatives are drawn as for an epoch 0, so they are the same each time.
   */
  measure({ order, totals, shares }: Omit<MeasureTask, "kind">): void {
    const { batch, tape, arena, kept, readsNegatives } = this.#measurer!;
    const draw = readsNegatives ? { seed: this.#draw.seed, epoch: 0 } : null;
    const loaded = this.#loaded!;
    tape.totals.samples = totals.samples;
    tape.totals.pairs = totals.pairs;
    for (;;) {
      const piece = this.#meeting.take();
      const from = piece * SCORE_BATCH;
      if (from >= order.length) break;
      const count = Math.min(SCORE_BATCH, order.length - from);
      this.#assembler.fill(batch, loaded, order, from, count, draw);
      tape.forward(arena, kept);
      for (let i = 0; i < tape.losses.length; i++) shares[piece * tape.losses.length + i] = tape.losses[i].value;
      this.#meeting.progress(count);
    }
  }
}

/** (t, t+1) pairs of a batch: what the auxiliary loss is a mean over. */
function countPairs({ length }: Samples, order: Int32Array, first: number, count: number): number {
  let pairs = 0;
  for (let i = first; i < first + count; i++) pairs += Math.max(0, length[order[i]] - 1);
  return pairs;
}
