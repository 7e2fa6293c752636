/**
 * `npm run bench -- batches DATASET...`: how fast an epoch is on batches of users, where what the histories of a user's
 * samples share is computed once, in 4 shards, against batches of samples in 8. Both train a DIEN from the same weights on the same samples;
 * chunks of steps of the one and of the other are measured in turn, and the medians of their rates are reported.
 */
import Table from "cli-table3";
import { readMaskThresholds } from "../src/dataset/masking.ts";
import { DatasetStream } from "../src/dataset/stream.ts";
import { chooseMachine } from "../src/engine/machine.ts";
import { BATCHES, BatchesBench, type Rates } from "./batches-bench.ts";

const THREADS = [1, 2];
const ROUNDS = 12;

const table = new Table({
  head: ["dataset", "threads", ...BATCHES.map((batches) => `${batches}, samples/s`), "ratio"],
  style: { head: [], border: [], compact: true },
});
const { engine } = chooseMachine({});
const directories = process.argv.slice(3);
if (directories.length === 0) throw new Error("npm run bench -- batches DATASET...");
for (const directory of directories) {
  for (const threads of THREADS) {
    const { users, samples } = await measure(directory, threads);
    const ratio = (users / samples).toFixed(2);
    table.push([directory, threads, Math.round(users), Math.round(samples), ratio]);
  }
}
process.stdout.write(`kernels: ${engine}\n${table.toString()}\n`);

async function measure(directory: string, threads: number): Promise<Rates> {
  const dataset = await DatasetStream.open(directory, { portionBudget: 2 ** 30 });
  try {
    const [portion] = await dataset.epochPortions(1, 1);
    const loaded = await dataset.load("train", portion, new SharedArrayBuffer(dataset.bytesOf(portion)));
    const masks = await readMaskThresholds(dataset, 1);
    const bench = new BatchesBench(dataset, loaded, masks, { threads, engine });
    try {
      return await bench.medians(ROUNDS);
    } finally {
      await bench.close();
    }
  } finally {
    await dataset.close();
  }
}
