/**
 * `npm run bench -- batches-auc DATASET... [--seeds 5]`: what a DIEN trained on batches of users and one trained on batches of
 * samples are worth: test AUC of the epoch that validation chose, and the paired t-test over seeds.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { resolveConfig } from "../src/run/config.ts";
import { spreadOf } from "../src/statistics/spread.ts";
import { twoSidedP } from "../src/statistics/student.ts";
import { train } from "../src/training/train.ts";
import { BATCHES, SHARDS } from "./batches-bench.ts";
import { note, print, table } from "./show.ts";

const { positionals, values } = parseArgs({
  args: process.argv.slice(3),
  options: { seeds: { type: "string", default: "5" } },
  allowPositionals: true,
});
if (positionals.length === 0) throw new Error("npm run bench -- batches-auc DATASET...");

const rows: string[][] = [];
for (const directory of positionals) {
  const aucs = { users: [] as number[], samples: [] as number[] };
  for (let seed = 1; seed <= Number(values.seeds); seed++) {
    for (const batches of BATCHES) {
      const auc = await testAuc(resolve(directory), batches, seed);
      aucs[batches].push(auc);
      note(`${directory}, seed ${seed}, ${batches}: ${auc.toFixed(4)}`);
    }
  }
  const { count, mean, deviation } = spreadOf(aucs.users.map((auc, i) => auc - aucs.samples[i]));
  const p = twoSidedP((mean * Math.sqrt(count)) / deviation, count - 1);
  const means = BATCHES.map((batches) => spreadOf(aucs[batches]).mean.toFixed(4));
  rows.push([basename(directory), ...means, mean.toFixed(4), p.toFixed(2)]);
}
print(table(["test AUC", ...BATCHES, "difference", "p"], rows));

async function testAuc(data: string, batches: (typeof BATCHES)[number], seed: number): Promise<number> {
  const config = resolveConfig({ model: { name: "dien" }, train: { batches, shards: SHARDS[batches], seed } });
  const folder = await mkdtemp(join(tmpdir(), "dien-batches-"));
  try {
    const summary = await train({ data, out: join(folder, "run"), config });
    if (summary.interrupted) throw new Error("interrupted");
    return summary.test.auc;
  } finally {
    await rm(folder, { recursive: true });
  }
}
