/**
 * The steps of an epoch. Which samples they read and when these are loaded is settled here: an epoch goes through the
 * dataset portion by portion, a batch never reaches into the next portion, and while the threads work on one portion the
 * next is loaded; during the last one, the first of the epoch to come.
 */
import type { Portion } from "../dataset/blocks.ts";
import { Feed } from "../dataset/feed.ts";
import type { DatasetStream } from "../dataset/stream.ts";
import { stepsPerChunk } from "../engine/cost.ts";
import type { WorkerPool } from "../engine/worker-pool.ts";
import type { RunConfig, TrainConfig } from "../run/config.ts";

/** Steps [first, end) of an epoch read `portion`. */
interface PlannedPortion {
  readonly number: number;
  readonly portion: Portion;
  readonly first: number;
  readonly end: number;
}

/** Steps that were made at once. */
export interface Chunk {
  /** The step after the last one. */
  readonly to: number;
  readonly seconds: number;
  /** Of them, those in which the threads waited for samples. */
  readonly loadingSeconds: number;
}

/** The steps of a run, an epoch at a time. */
export class TrainingSteps {
  readonly #dataset: DatasetStream;
  readonly #pool: WorkerPool;
  readonly #settings: TrainConfig;
  readonly #stepsPerChunk: number;
  readonly #feed: Feed;
  #epoch = 0;
  #portions: readonly PlannedPortion[] = [];
  /** The first portion of the next epoch. */
  #following: Portion | undefined;

  constructor(dataset: DatasetStream, pool: WorkerPool, config: RunConfig) {
    this.#dataset = dataset;
    this.#pool = pool;
    this.#settings = config.train;
    this.#stepsPerChunk = stepsPerChunk(dataset.schema, config);
    this.#feed = new Feed(dataset, "train");
  }

  /** Plans an epoch, from 1. Returns the number of its steps. */
  async startEpoch(epoch: number): Promise<number> {
    const { seed, epochs, batch_size: batchSize } = this.#settings;
    this.#epoch = epoch;
    this.#portions = planEpoch(await this.#dataset.epochPortions(seed, epoch), batchSize);
    this.#following = epoch < epochs ? (await this.#dataset.epochPortions(seed, epoch + 1))[0] : undefined;
    return this.#portions.at(-1)!.end;
  }

  /**
   * Makes the steps from step `from` of the epoch on, at learning rate `rate`: up to `limit` at most, and no more than
   * belong to one portion and one chunk. `done` steps were made in the epochs before.
   */
  async run(from: number, limit: number, done: number, rate: number): Promise<Chunk> {
    const start = performance.now();
    const waited = this.#feed.waited;
    const { number, portion, first, end } = portionOfStep(this.#portions, from);
    const loaded = await this.#feed.take(portion, this.#portions[number + 1]?.portion ?? this.#following);
    const to = Math.min(end, limit, from + this.#stepsPerChunk);
    await this.#pool.train(loaded, {
      epoch: this.#epoch,
      portion: number,
      from: from - first,
      to: to - first,
      done: done + first,
      rate,
    });
    const seconds = (performance.now() - start) / 1000;
    return { to, seconds, loadingSeconds: this.#feed.waited - waited };
  }
}

export function planEpoch(portions: readonly Portion[], batchSize: number): PlannedPortion[] {
  let steps = 0;
  return portions.map((portion, number) => {
    const first = steps;
    steps += Math.ceil(portion.samples / batchSize);
    return { number, portion, first, end: steps };
  });
}

export function portionOfStep(portions: readonly PlannedPortion[], step: number): PlannedPortion {
  return portions.find(({ end }) => step < end)!;
}
