/**
 * Losses go by their names: a loss that this project does not know is found by its name in everything that a run writes
 * and reports, and nothing there had to learn of it. A module that is loaded into every thread gives DIEN a third loss.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { readCurve, resolveConfig, type TrainSummary } from "dien";
import { beforeAll, describe, expect, it } from "vitest";
import { readSummary } from "../../src/run/summary.ts";
import type { EpochEvent, StepEvent } from "../../src/training/events.ts";
import { addLosses, addShares, meanLosses, noLosses, sumOfSteps } from "../../src/training/losses.ts";
import { writeSmallDataset } from "../support/dataset.ts";
import { temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();
const data = join(folder, "data");
const out = join(folder, "run");
const NAMES = ["target", "auxiliary", "hint"];
const built = (file: string) => JSON.stringify(pathToFileURL(resolve("dist", file)).href);

/** The hint predicts whether the sample is a click from the logit alone; it weighs a half. */
const HINT = `
  import { crossEntropy } from ${built("autograd/loss.js")};
  import { models } from ${built("models/registry.js")};
  import { linear } from ${built("nn/linear.js")};
  const dien = models.get("dien");
  models.set("dien", {
    ...dien,
    logits(tape, batch, config) {
      const logits = dien.logits(tape, batch, config);
      if (tape.supervised) {
        const loss = tape.loss("hint", 0.5, "samples");
        crossEntropy(tape, loss, linear(tape, "hint", logits, 1), batch.labels);
      }
      return logits;
    },
  });`;

/** Runs Node with the hint in every thread. */
async function withHint(...argv: string[]): Promise<{ stdout: string; stderr: string }> {
  const NODE_OPTIONS = `--import=${pathToFileURL(join(folder, "hint.mjs")).href}`;
  const child = spawn(process.execPath, argv, { env: { ...process.env, NODE_OPTIONS } });
  const outputs = Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  const [stdout, stderr, [code]] = await outputs;
  if (code !== 0) throw new Error(stderr);
  return { stdout, stderr };
}

const config = resolveConfig({
  model: { name: "dien", auxiliary: { weight: 2 } },
  train: { epochs: 2, batch_size: 32, learning_rate: 0.01, curve_steps: 8 },
});

interface Outcome {
  readonly events: readonly (StepEvent | EpochEvent)[];
  readonly checkpoint: { readonly epochLosses: { readonly sums: object; readonly steps: number } };
  readonly summary: TrainSummary;
}

/** Trains with a break in the first epoch. */
async function trainWithBreak(): Promise<Outcome> {
  const { stdout } = await withHint(
    "--input-type=module",
    "-e",
    `import { readTensorFile, train } from "dien";
     const events = [];
     const stop = new AbortController();
     const options = ${JSON.stringify({ data, out, config, threads: 2 })};
     const onProgress = (event) => {
       if (event.kind !== "note") events.push(event);
       if (events.length === 2) stop.abort();
     };
     await train({ ...options, signal: stop.signal, onProgress });
     const { metadata } = await readTensorFile(options.out + "/checkpoint/state.safetensors");
     const summary = await train({ ...options, resume: true, onProgress });
     console.log(JSON.stringify({ events, checkpoint: JSON.parse(metadata.dien), summary }));`,
  );
  return JSON.parse(stdout);
}

describe("a third loss", () => {
  let outcome: Outcome;
  beforeAll(async () => {
    writeFileSync(join(folder, "hint.mjs"), HINT);
    await writeSmallDataset(data);
    outcome = await trainWithBreak();
  });

  const whole = ({ target, auxiliary, hint }: Readonly<Record<string, number>>) => target + 2 * auxiliary + 0.5 * hint;

  it("is in every event, and in the total by its weight", () => {
    expect(outcome.events.map(({ kind }) => kind)).toContain("epoch");
    for (const { losses, total_loss } of outcome.events) {
      expect(Object.keys(losses)).toEqual(NAMES);
      expect(total_loss).toBeCloseTo(whole(losses), 12);
    }
  });

  it("is in the checkpoint, the log, the curve and the summary", async () => {
    expect(Object.keys(outcome.checkpoint.epochLosses.sums)).toEqual(NAMES);
    const lines = readFileSync(join(out, "metrics.jsonl"), "utf8").trim().split("\n");
    for (const line of lines) expect(Object.keys(JSON.parse(line).losses)).toEqual(NAMES);
    const points = await readCurve(out);
    expect(points.map(({ part }) => part)).toContain("validation");
    for (const { losses, total } of points) expect(total).toBeCloseTo(whole(losses), 12);
    const stored = (await readSummary(out))!;
    expect(stored).toEqual(outcome.summary);
    for (const { losses } of stored.epochs) expect(Object.keys(losses)).toEqual(NAMES);
  });

  it("keeps its own sums over a break: the mean of an epoch is that of its steps", () => {
    const { losses } = outcome.summary.epochs[0];
    const chunks = outcome.events.filter((event) => event.kind === "step" && event.epoch === 1) as StepEvent[];
    let [sum, from] = [0, 0];
    for (const { losses, step } of chunks) {
      sum += losses.hint * (step - from);
      from = step;
    }
    expect(losses.hint).toBeCloseTo(sum / from, 12);
    expect(losses.hint).not.toBeCloseTo(losses.auxiliary, 2);
  });

  it("is shown by the command line", async () => {
    const argv = ["train", "--data", data, "--out", join(folder, "shown"), "--epochs", "1"];
    const { stderr } = await withHint("dist/cli/main.js", ...argv);
    expect(stderr).toMatch(/epoch 1: loss \d\.\d+ \(target \d\.\d+, auxiliary \d\.\d+, hint \d\.\d+\); validation AUC/);
  });
});

describe("sums of losses", () => {
  const terms = [
    { name: "a", weight: 1 },
    { name: "b", weight: 3 },
  ];
  const never = (step: number): never => {
    throw new Error(`broken at ${step}`);
  };

  it("are of each loss over steps and shards; means are over steps, the total by weights", () => {
    // [steps, shards, losses]
    const shares = Float64Array.of(1, 10, 2, 20, 3, 30, 4, 40, 500, 500);
    const sums = sumOfSteps(terms, 2, shares, 2, never);
    expect(sums).toEqual({ sums: { a: 10, b: 100 }, steps: 2 });
    expect(meanLosses(sums, terms)).toEqual({ losses: { a: 5, b: 50 }, total_loss: 155 });
    const more = noLosses(terms);
    addShares(more, terms, Float64Array.of(1, 2));
    addLosses(sums, { ...more, steps: 3 });
    expect(sums).toEqual({ sums: { a: 11, b: 102 }, steps: 5 });
  });

  it("that are not finite name the step", () => {
    const shares = Float64Array.of(1, 1, 1, 1, 1, Number.NaN, 1, 1, Number.POSITIVE_INFINITY, 1, 1, 1);
    expect(() => sumOfSteps(terms, 2, shares, 3, never)).toThrow("broken at 2");
    expect(() => sumOfSteps(terms, 2, shares.subarray(8), 1, never)).toThrow("broken at 1");
  });
});
