/**
 * What one thread does: its share of training steps, of scoring, and of measuring losses.
 *
 * A batch is cut into shards, whose number is part of the configuration. Threads take shards; each runs forward and
 * backward into the shard's own gradients, which are then added up in shard order. So the same seed gives the same
 * weights, bit for bit, for any number of threads.
 */
import { BatchAssembler, trainingOrder } from "../dataset/batching.ts";
import type { ItemCatalogue, LoadedPortion } from "../dataset/dataset.ts";
import { Masker, type MaskThresholds } from "../dataset/masking.ts";
import { Adam } from "../optim/adam.ts";
import { gatherGradients, sumTouchedRows } from "../optim/reduction.ts";
import { Barrier } from "./barrier.ts";
import { mostTogether, Shards } from "./shards.ts";
import type { MeasureTask, ScoreTask, Task, TrainTask } from "./tasks.ts";
import { WorkCounter } from "./work-counter.ts";
import { type RecordedModel, SCORE_BATCH, type Workspace } from "./workspace.ts";

/** One thread with its recordings of the model. */
export class TaskRunner {
  readonly #workspace: Workspace;
  readonly #barrier: Barrier;
  readonly #counter: WorkCounter;
  readonly #thread: number;
  readonly #assembler: BatchAssembler;
  readonly #masker: Masker | undefined;
  readonly #dealt: Shards;
  readonly #shards: readonly RecordedModel[];
  readonly #scorer: RecordedModel;
  readonly #measurer: RecordedModel | undefined;
  readonly #adam: Adam | undefined;
  readonly #draw = { seed: 0, epoch: -1 };
  #loaded: LoadedPortion | undefined;
  #portion = -1;
  #order: Int32Array = new Int32Array(0);

  constructor(workspace: Workspace, catalogue: ItemCatalogue, thread: number, masks?: MaskThresholds) {
    this.#workspace = workspace;
    this.#barrier = new Barrier(workspace.barrierCells, workspace.options.threads);
    this.#counter = new WorkCounter(workspace.counterCells);
    this.#thread = thread;
    this.#assembler = new BatchAssembler(catalogue, Math.max(workspace.shardSize, SCORE_BATCH));
    this.#masker = masks && new Masker(masks, workspace.shardSize);
    const { kernels, gradients, options } = workspace;
    const { train } = options.config;
    this.#dealt = new Shards(train);
    this.#scorer = workspace.recordForScoring(thread);
    this.#measurer = workspace.recordForMeasuring(thread);
    this.#draw.seed = train.seed;
    this.#shards = gradients
      ? Array.from({ length: train.shards }, (_, s) => workspace.recordForTraining(s, thread))
      : [];
    if (gradients) {
      const { clip_norm: clipNorm, embedding_l2: embeddingL2 } = train;
      this.#adam = new Adam(kernels, gradients, { clipNorm, embeddingL2 });
    }
  }

  /** Does this thread's share of a task; returns when the thread is done. */
  run(task: Task): void {
    if (task.kind === "open") this.#loaded = task.loaded;
    else if (task.kind === "train") this.#train(task);
    else if (task.kind === "score") this.#score(task);
    else this.#measure(task);
  }

  #train({ epoch, portion, from, to, done, rate }: TrainTask): void {
    const { kernels, options } = this.#workspace;
    const gradients = this.#workspace.gradients!;
    const { train } = options.config;
    const { seed, batch_size: batchSize, shards } = train;
    const { samples } = this.#loaded!;
    if (this.#draw.epoch !== epoch || this.#portion !== portion) {
      this.#draw.epoch = epoch;
      this.#portion = portion;
      this.#order = trainingOrder(samples, seed, epoch, portion, mostTogether(train));
    }
    const adam = this.#adam!;
    const barrier = this.#barrier;
    const counter = this.#counter;
    const { threads } = options;
    adam.startAt(done + from);
    for (let step = from; step < to; step++) {
      const first = step * batchSize;
      const count = Math.min(batchSize, samples.count - first);
      this.#dealt.deal(samples, this.#order, first, count);
      for (let next = counter.take(); next < shards; next = counter.take()) {
        this.#runShard(this.#dealt.queue[next], count, step - from);
      }
      barrier.wait();
      if (this.#thread === 0) counter.restart();
      gatherGradients(kernels, gradients, this.#thread, threads);
      barrier.wait();
      sumTouchedRows(kernels, gradients, this.#thread, threads);
      // Each thread moves what it has summed itself; only the norm of the gradient is made of all sums.
      if (train.clip_norm > 0) barrier.wait();
      adam.apply(this.#thread, threads, rate);
      barrier.wait();
    }
  }

  #runShard(shard: number, count: number, chunkStep: number): void {
    const { gradients, stepLosses, losses, options } = this.#workspace;
    const { shards } = options.config.train;
    const { batch, tape, activations, lookupGradients, readsNegatives } = this.#shards[shard];
    const { order, bounds, pairs } = this.#dealt;
    const [from, to] = [bounds[shard], bounds[shard + 1]];
    const at = (chunkStep * shards + shard) * losses.length;
    if (from === to) {
      gradients!.publishNothing(shard);
      stepLosses.fill(0, at, at + losses.length);
      return;
    }
    const draw = this.#draw;
    this.#assembler.fill(batch, this.#loaded!, order, from, to - from, readsNegatives ? draw : null);
    this.#masker?.mask(batch, draw, readsNegatives);
    tape.totals.samples = count;
    tape.totals.pairs = pairs;
    tape.forward(activations, lookupGradients);
    tape.backward();
    gradients!.publish(shard, tape);
    for (let i = 0; i < losses.length; i++) stepLosses[at + i] = tape.losses[i].value;
  }

  #score({ order, scores }: ScoreTask): void {
    const { kernels, memory } = this.#workspace;
    const { batch, tape, activations, lookupGradients, logits } = this.#scorer;
    const loaded = this.#loaded!;
    const { row: rowOf } = loaded.samples;
    for (;;) {
      const from = this.#counter.take() * SCORE_BATCH;
      if (from >= order.length) break;
      const count = Math.min(SCORE_BATCH, order.length - from);
      this.#assembler.fill(batch, loaded, order, from, count, null);
      tape.forward(activations, lookupGradients);
      kernels.sigmoid(count, logits.value, logits.value);
      const base = logits.value / 4;
      const { order: rows } = batch.packed;
      for (let row = 0; row < count; row++) scores[rowOf[order[from + rows[row]]]] = memory.f32[base + row];
      this.#counter.advance(count);
    }
  }

  /** Negatives are sampled as for an epoch 0, so they are the same each time. */
  #measure({ order, totals, shares }: MeasureTask): void {
    const { batch, tape, activations, lookupGradients, readsNegatives } = this.#measurer!;
    const draw = readsNegatives ? { seed: this.#draw.seed, epoch: 0 } : null;
    const loaded = this.#loaded!;
    tape.totals.samples = totals.samples;
    tape.totals.pairs = totals.pairs;
    for (;;) {
      const piece = this.#counter.take();
      const from = piece * SCORE_BATCH;
      if (from >= order.length) break;
      const count = Math.min(SCORE_BATCH, order.length - from);
      this.#assembler.fill(batch, loaded, order, from, count, draw);
      tape.forward(activations, lookupGradients);
      for (let i = 0; i < tape.losses.length; i++) shares[piece * tape.losses.length + i] = tape.losses[i].value;
      this.#counter.advance(count);
    }
  }
}
