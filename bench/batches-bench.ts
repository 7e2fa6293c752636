/** Steps on batches of users and on batches of samples, in turn. */
import type { ItemCatalogue, LoadedPortion } from "../src/dataset/dataset.ts";
import type { MaskThresholds } from "../src/dataset/masking.ts";
import type { Machine } from "../src/engine/machine.ts";
import { WorkerPool } from "../src/engine/worker-pool.ts";
import { resolveConfig } from "../src/run/config.ts";

export const BATCHES = ["users", "samples"] as const;

/** Of users: the defaults. Of samples: what was the default before, and what most of the docs' tables were measured with. */
export const SHARDS = { users: 4, samples: 8 };

/** Samples a second. */
export type Rates = Record<(typeof BATCHES)[number], number>;

const BATCH = 128;
/** Of a chunk, which is measured as a whole. */
const STEPS = 20;
const RATE = 0.002;

export class BatchesBench {
  readonly #loaded: LoadedPortion;
  readonly #pools: Record<(typeof BATCHES)[number], WorkerPool>;
  #step = 0;

  constructor(catalogue: ItemCatalogue, loaded: LoadedPortion, masks: MaskThresholds, machine: Machine) {
    const start = (batches: (typeof BATCHES)[number]) => {
      const config = resolveConfig({
        model: { name: "dien" },
        train: { batches, shards: SHARDS[batches], batch_size: BATCH },
      });
      const pool = new WorkerPool({ schema: catalogue.schema, config, training: true, ...machine }, catalogue, masks);
      pool.workspace.parameters.initialise(pool.workspace.memory, 1);
      return pool;
    };
    this.#loaded = loaded;
    this.#pools = { users: start("users"), samples: start("samples") };
  }

  /** Median rates of `rounds` chunks of each, after some that warm up. */
  async medians(rounds: number): Promise<Rates> {
    const rates: Record<(typeof BATCHES)[number], number[]> = { users: [], samples: [] };
    for (let round = -3; round < rounds; round++) {
      for (const batches of BATCHES) {
        const rate = await this.#run(batches);
        if (round >= 0) rates[batches].push(rate);
      }
      this.#step += STEPS;
    }
    const middle = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1];
    return { users: middle(rates.users), samples: middle(rates.samples) };
  }

  async #run(batches: (typeof BATCHES)[number]): Promise<number> {
    const steps = Math.floor(this.#loaded.samples.count / BATCH) - STEPS;
    const from = this.#step % steps;
    const start = performance.now();
    const chunk = { epoch: 1, portion: 0, from, to: from + STEPS, done: this.#step - from, rate: RATE };
    await this.#pools[batches].train(this.#loaded, chunk);
    return (1000 * BATCH * STEPS) / (performance.now() - start);
  }

  async close(): Promise<void> {
    for (const pool of Object.values(this.#pools)) await pool.close();
  }
}
