/** A command line without a process: what a command prints, asks of the jobs, and exits with. */
import { Readable, Writable } from "node:stream";
import type { Context, Terminal } from "../../src/cli/context.ts";
import { type Jobs, jobs } from "../../src/cli/jobs.ts";
import { run } from "../../src/cli/program.ts";
import type { TrainSummary } from "../../src/run/summary.ts";
import type { TrainOptions } from "../../src/training/train.ts";

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface World {
  readonly jobs?: Partial<Jobs>;
  readonly stdin?: string | readonly Buffer[];
  /** Makes stderr a terminal. */
  readonly isTTY?: boolean;
  readonly signal?: AbortSignal;
}

class Capture extends Writable implements Terminal {
  readonly columns = 100;
  readonly isTTY: boolean;
  text = "";

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** Jobs that a test does not give must not be asked for. */
const none: Jobs = { ...jobs };
for (const name of Object.keys(none)) {
  Object.assign(none, {
    [name]: () => {
      throw new Error(`${name} was called`);
    },
  });
}

/** Runs one command line. */
export async function dien(argv: readonly string[], world: World = {}): Promise<Outcome> {
  const stdout = new Capture(false);
  const stderr = new Capture(world.isTTY ?? false);
  const stdin = Readable.from(typeof world.stdin === "string" ? [Buffer.from(world.stdin)] : (world.stdin ?? []));
  const signal = world.signal ?? new AbortController().signal;
  const context: Context = { stdin, stdout, stderr, jobs: { ...none, ...world.jobs }, signal };
  const code = await run(argv, context);
  return { code, stdout: stdout.text, stderr: stderr.text };
}

const metrics = { auc: 0.75, gauc: Number.NaN, logloss: 0.5 };
/** What a job of training returns. */
export const summary: TrainSummary = {
  model: "din",
  seed: 7,
  threads: 2,
  engines: ["wasm"],
  parameters: 12345,
  best_epoch: 2,
  valid: metrics,
  test: metrics,
  epochs: [],
  weights_sha256: "00",
};

/** Runs `dien train` on a job that only remembers what it was asked. */
export async function train(...argv: string[]) {
  let asked: TrainOptions | undefined;
  const job = async (options: TrainOptions) => {
    asked = options;
    return summary;
  };
  const outcome = await dien(["train", ...argv], { jobs: { train: job } });
  return { ...outcome, asked };
}
