/**
 * `npm run bench -- lengths [--json]`: what a user costs in training while their sequence grows, on one thread: an epoch of a
 * DIEN on batches of users and one on batches of samples, in turn.
 *
 * Users have 16 impressions after their whole sequence, or else each behaviour is a sample with those before it as its history.
 * What a user's samples share (look-ups, extractor, auxiliary loss, projections) is told apart from what is each sample's own
 * (attention, evolving layer, head) by users of 8 and of 32 impressions, which fill the same batches.
 */
import type { Dataset } from "../src/dataset/dataset.ts";
import { WorkerPool } from "../src/engine/worker-pool.ts";
import { STEPS_PER_CHUNK, type WorkspaceOptions } from "../src/engine/workspace.ts";
import { engineSupported } from "../src/kernels/load.ts";
import { resolveConfig } from "../src/run/config.ts";
import type { BATCHES } from "./batches-bench.ts";
import { evenMasks, RATE } from "./fixed-length-dataset.ts";
import { note, print, printMachine, table } from "./show.ts";
import { type UserSamples, usersDataset } from "./users-dataset.ts";

const LENGTHS = [10, 30, 100, 300, 1000];
const BATCH = 128;
const SHARDS = 4;
const WARM_UP = 2;
const ROUNDS = 3;
const IMPRESSIONS = 16;
/** Users of so many impressions tell apart what is shared. */
const [FEW, MANY] = [8, 32];
/** Behaviours in the histories of an epoch, about: what takes a few tenths of a second. */
const BEHAVIOURS = 100_000;

type Batches = (typeof BATCHES)[number];
type Contender = readonly [UserSamples, Batches];

/** Milliseconds a user, medians. */
type UserTimes = Record<Batches, number>;

interface LengthReport {
  readonly length: number;
  readonly impressions: UserTimes;
  readonly every_behaviour: UserTimes;
  /** On batches of users, milliseconds: of a user, and of one impression of the user. */
  readonly shared_ms: number;
  readonly own_ms: number;
}

const engine = engineSupported("native") ? "native" : "wasm";

/** Median milliseconds a user of each contender, which take turns. */
async function measure(length: number, contenders: readonly Contender[]): Promise<number[]> {
  const runs = contenders.map(([kind, batches]) => {
    const each = kind === "every behaviour" ? length : kind;
    const users = Math.ceil(Math.max(BEHAVIOURS / (each * length), (2 * BATCH) / each));
    const dataset = usersDataset(length, users, kind);
    return { users, dataset, pool: startPool(dataset, batches), times: [] as number[] };
  });
  try {
    for (let epoch = 1; epoch <= WARM_UP + ROUNDS; epoch++) {
      for (const { users, dataset, pool, times } of runs) {
        const start = performance.now();
        await runEpoch(pool, dataset, epoch);
        if (epoch > WARM_UP) times.push((performance.now() - start) / users);
      }
    }
    return runs.map(({ times }) => times.sort((a, b) => a - b)[times.length >> 1]);
  } finally {
    for (const { pool } of runs) await pool.close();
  }
}

function startPool(dataset: Dataset, batches: Batches): WorkerPool {
  const config = resolveConfig({ model: { name: "dien" }, train: { batches, batch_size: BATCH, shards: SHARDS } });
  const options: WorkspaceOptions = { schema: dataset.schema, config, training: true, engine, threads: 1 };
  const pool = new WorkerPool(options, dataset, evenMasks(dataset));
  pool.workspace.parameters.initialise(pool.workspace.memory, 1);
  return pool;
}

async function runEpoch(pool: WorkerPool, { sequences, train: samples }: Dataset, epoch: number): Promise<void> {
  const loaded = { sequences, samples };
  const steps = Math.ceil(samples.count / BATCH);
  for (let from = 0; from < steps; from += STEPS_PER_CHUNK) {
    const to = Math.min(steps, from + STEPS_PER_CHUNK);
    await pool.train(loaded, { epoch, portion: 0, from, to, done: (epoch - 1) * steps, rate: RATE });
  }
}

async function report(length: number): Promise<LengthReport> {
  note(`sequences of ${length} behaviours`);
  const [few, many] = await measure(length, [
    [FEW, "users"],
    [MANY, "users"],
  ]);
  const own_ms = (many - few) / (MANY - FEW);
  return {
    length,
    impressions: await compare(length, IMPRESSIONS),
    every_behaviour: await compare(length, "every behaviour"),
    shared_ms: few - FEW * own_ms,
    own_ms,
  };
}

async function compare(length: number, kind: UserSamples): Promise<UserTimes> {
  const [users, samples] = await measure(length, [
    [kind, "users"],
    [kind, "samples"],
  ]);
  return { users, samples };
}

const reports: LengthReport[] = [];
for (const length of LENGTHS) reports.push(await report(length));

if (process.argv.includes("--json")) print(JSON.stringify({ engine, lengths: reports }));
else show();

function show(): void {
  printMachine();
  print(`Training of DIEN, batch ${BATCH} in ${SHARDS} shards, one thread, ${engine}: milliseconds a user`);
  const head = [`${IMPRESSIONS} impressions`, "every behaviour"].flatMap((kind) =>
    ["users", "samples", "ratio"].map((column) => `${kind}\n${column}`),
  );
  const both = ({ users, samples }: UserTimes) => [users.toFixed(2), samples.toFixed(2), (samples / users).toFixed(1)];
  const rows = reports.map((each) => [each.length, ...both(each.impressions), ...both(each.every_behaviour)]);
  print(table(["behaviours", ...head], rows));
  print("\nOn batches of users: what is once a user, and what each impression adds");
  const us = (ms: number, { length }: LengthReport) => ((1000 * ms) / length).toFixed(2);
  const parts = reports.map((each) => [
    each.length,
    each.shared_ms.toFixed(3),
    us(each.shared_ms, each),
    each.own_ms.toFixed(3),
    us(each.own_ms, each),
  ]);
  print(table(["behaviours", "a user, ms", "us a behaviour", "an impression, ms", "us a behaviour"], parts));
}
