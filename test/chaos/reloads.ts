/**
 * `npm run reloads -- --reloads N [--rate N] [--threads N]`: three models take each other's place N times while requests come at
 * random moments, and now and then one is damaged or taken back. Each answer is compared with the scores of the version
 * that it names; at the end stands what memory the process took on the way.
 */
import { cpSync, mkdtempSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { loadScorer, openModels, prepareSynthetic, type RankRequest, resolveConfig, train } from "dien";
import { Chance } from "./faults.ts";

const { values } = parseArgs({
  options: {
    reloads: { type: "string", default: "1000" },
    rate: { type: "string", default: "100" },
    threads: { type: "string", default: "2" },
    seed: { type: "string", default: "1" },
  },
});
const [reloads, rate, threads] = [values.reloads, values.rate, values.threads].map(Number);
const chance = new Chance(Number(values.seed));
/** One load in so many is of a damaged run, and one goes back instead. */
const SPECIAL = 10;

const workshop = mkdtempSync(join(tmpdir(), "dien-reloads-"));
process.on("exit", () => rmSync(workshop, { recursive: true, force: true }));
const data = join(workshop, "data");
await prepareSynthetic({ out: data, users: 120, items: 4000, seed: 1 });
const runs = ["dien", "din", "base"].map((name) => join(workshop, name));
for (const [i, name] of ["dien", "din", "base"].entries()) {
  const config = resolveConfig({ model: { name, embedding: { size: 32 } }, train: { epochs: 1, seed: i + 1 } });
  await train({ data, out: runs[i], config, threads });
}
const damaged = join(workshop, "damaged");
cpSync(runs[1], damaged, { recursive: true });
truncateSync(join(damaged, "model", "weights.safetensors"), 100_000);

/** Names as the synthetic shop's, for an unknown item has the score of any other. */
const nameOf = (number: number) => String(number).padStart(9, "0");
const keys = (count: number) => Array.from({ length: count }, () => `B${nameOf(chance.below(4000))}`);
const requests: RankRequest[] = Array.from({ length: 40 }, (_, i) => ({
  user: `A${nameOf(i)}`,
  candidates: keys(i % 10 === 0 ? 300 : 20),
  history: keys(30),
}));

const models = await openModels({ runs: [{ name: "shop", run: runs[0] }], threads });
const expected = new Map<string, number[][]>();
for (const run of runs) {
  const { version } = await models.load("shop", run);
  const scorer = await loadScorer(run);
  expected.set(
    version,
    requests.map((request) => scorer.rank(request)),
  );
}

const tally = { requests: 0, failed: 0, mixed: 0, refused: 0, "taken back": 0 };
const latencies: number[] = [];
async function ask(): Promise<void> {
  const place = chance.below(requests.length);
  const start = performance.now();
  tally.requests++;
  try {
    const { probabilities, version } = await models.get().score(requests[place]);
    latencies.push(performance.now() - start);
    const scores = expected.get(version)?.[place];
    if (!probabilities.every((each, i) => each === scores?.[i])) tally.mixed++;
  } catch (error) {
    if (tally.failed++ < 5) process.stderr.write(`${error}\n`);
  }
}

let isOver = false;
const underWay = new Set<Promise<void>>();
async function client(): Promise<void> {
  for (let due = performance.now(); !isOver; ) {
    due += (-Math.log(1 - chance.real()) * 1000) / rate;
    await sleep(Math.max(0, due - performance.now()));
    const answer = ask();
    underWay.add(answer);
    void answer.then(() => underWay.delete(answer));
  }
}

const mebibytes = () => Math.round(process.memoryUsage().rss / 2 ** 20);
const memory: { readonly reloads: number; readonly rss: number }[] = [];
const asking = client();
const start = performance.now();
for (let i = 1; i <= reloads; i++) {
  if (i % SPECIAL === 0) {
    await models.load("shop", damaged).then(
      () => process.stderr.write("a damaged model was loaded\n"),
      () => tally.refused++,
    );
  } else if (i % SPECIAL === 5) {
    await models.rollback("shop");
    tally["taken back"]++;
  } else await models.load("shop", runs[i % runs.length]);
  if (i % Math.ceil(reloads / 20) === 0) {
    memory.push({ reloads: i, rss: mebibytes() });
    process.stderr.write(`${i} reloads, ${tally.requests} requests, ${mebibytes()} MiB\n`);
  }
}
const seconds = (performance.now() - start) / 1000;
isOver = true;
await asking;
await Promise.all(underWay);
await models.close();

latencies.sort((a, b) => a - b);
const quantile = (q: number) => latencies[Math.floor(q * (latencies.length - 1))].toFixed(1);
console.table(memory);
console.table({ ...tally, "p50 ms": quantile(0.5), "p99 ms": quantile(0.99), "seconds a reload": seconds / reloads });
process.exitCode = tally.failed + tally.mixed === 0 ? 0 : 1;
