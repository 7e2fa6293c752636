/**
 * The folder of a run:
 *
 *   config.yaml       everything resolved, seeds included
 *   metrics.jsonl     a line for each logged step and evaluation
 *   checkpoint/       the latest state: weights, moments, position
 *   model/            the best model, all that serving needs
 *   scores/           the best model's scores on the test samples
 *   summary.json      the outcome
 *   lock              the process that trains it, as long as it does
 *
 * Every file is written aside and renamed, so a kill leaves the old one or the new one.
 */
import { existsSync } from "node:fs";
import { readdir, rm, stat, truncate } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { failure } from "../errors/failure.ts";
import { appendLine, fileError, makeFolder, readText, writeFileAside } from "../files.ts";
import { type RunConfig, resolveStoredConfig } from "./config.ts";
import { dtypeOf, encode, type StoredTensor } from "./safetensors.ts";
import { openTensorFile } from "./safetensors-file.ts";
import { weightsSha256 } from "./sha256.ts";

const LOCK = "lock";
/** The name of a file that was not finished. */
const LEFTOVER = /\.tmp-\d+$/;

/** Paths of a run's files. */
export const runFiles = (run: string) => ({
  config: join(run, "config.yaml"),
  metrics: join(run, "metrics.jsonl"),
  checkpoint: join(run, "checkpoint", "state.safetensors"),
  model: join(run, "model", "model.json"),
  weights: join(run, "model", "weights.safetensors"),
  scores: join(run, "scores", "test.safetensors"),
  summary: join(run, "summary.json"),
  lock: join(run, LOCK),
});

/**
 * Creates the folder of a fresh run and writes its configuration. Refuses a folder that holds a run, or other files.
 */
export async function createRun(run: string, config: RunConfig): Promise<void> {
  const files = runFiles(run);
  await makeFolder(run);
  await removeLeftovers(run);
  if (await holdsFiles(run)) {
    throw failure(existsSync(files.config) ? "run.exists" : "run.other-files", { path: run });
  }
  await writeFileAside(files.config, stringify(config));
}

/** Whether a folder holds anything but a lock and what a killed run of this program had half-written. */
export async function holdsFiles(run: string): Promise<boolean> {
  if (!existsSync(run)) return false;
  const names = await readdir(run).catch((error) => {
    throw fileError(error, "read", run);
  });
  return names.some((name) => name !== LOCK && !LEFTOVER.test(name));
}

/** Removes what a killed run of this program had half-written aside. */
export async function removeLeftovers(run: string): Promise<void> {
  const { checkpoint, model, scores } = runFiles(run);
  for (const folder of [run, ...[checkpoint, model, scores].map(dirname)]) {
    if (!existsSync(folder)) continue;
    const leftovers = (await readdir(folder)).filter((name) => LEFTOVER.test(name));
    for (const name of leftovers) await rm(join(folder, name), { force: true });
  }
}

/** The configuration of the run in a folder. Throws UserError where there is none. */
export async function readRunConfig(run: string): Promise<RunConfig> {
  const { config } = runFiles(run);
  if (!existsSync(config)) throw failure("run.lacks", { path: run, what: "run", reason: "there is no config.yaml" });
  const text = await readText(config);
  try {
    return resolveStoredConfig(parse(text));
  } catch (error) {
    throw failure("file.damaged", { path: config, problem: (error as Error).message.split("\n")[0] });
  }
}

/** Writes tensors and a JSON document about them into one file. */
export async function writeTensors(
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  about: unknown,
): Promise<void> {
  await makeFolder(dirname(path));
  const sums = Object.fromEntries([...tensors].map(([name, tensor]) => [name, checksum(name, tensor)]));
  await writeFileAside(path, encode(tensors, { dien: JSON.stringify(about), sha256: JSON.stringify(sums) }));
}

function checksum(name: string, tensor: StoredTensor): string {
  return weightsSha256(new Map([[name, tensor]]));
}

/** Reads a file of `writeTensors` into `tensors`, each in place; calls `check` with the document first. */
export async function readTensors<About>(
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  check: (about: unknown) => About,
): Promise<About> {
  const file = await openTensorFile(path);
  try {
    const about = check(parseOrNull(file.metadata.dien));
    const sums = z.record(z.string(), z.string()).catch({}).parse(parseOrNull(file.metadata.sha256));
    for (const [name, tensor] of tensors) {
      const place = file.tensors.get(name);
      const dtype = dtypeOf(tensor.data);
      if (place?.shape.join() !== tensor.shape.join() || place.dtype !== dtype) {
        const found = place ? `${place.dtype} [${place.shape}]` : "none";
        throw failure("run.wrong-tensor", { path, tensor: name, expected: `${dtype} [${tensor.shape}]`, found });
      }
      await file.readInto(name, tensor.data);
      if (checksum(name, tensor) !== sums[name]) {
        throw failure("file.damaged", { path, problem: `tensor ${name} has another checksum` });
      }
    }
    return about;
  } finally {
    await file.close();
  }
}

/** The value of a JSON text; null where it is none. */
export function parseOrNull(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

/** The log of a run. Its length in bytes is part of a checkpoint, so a resumed run's log is that of an unbroken one. */
export class MetricsLog {
  readonly #path: string;
  bytes: number;

  private constructor(path: string, bytes: number) {
    this.#path = path;
    this.bytes = bytes;
  }

  /**
   * Opens the log of a run at `bytes`, dropping what was logged after.
   * @throws UserError where the log is shorter than that: it belongs to another state of the run
   */
  static async open(run: string, bytes: number): Promise<MetricsLog> {
    const { metrics } = runFiles(run);
    if (bytes === 0) await writeFileAside(metrics, "");
    else {
      const size = existsSync(metrics) ? (await stat(metrics)).size : 0;
      if (size < bytes) {
        throw failure("file.damaged", { path: metrics, problem: `expected ${bytes} bytes of log, found ${size}` });
      }
      await truncate(metrics, bytes);
    }
    return new MetricsLog(metrics, bytes);
  }

  async append(record: unknown): Promise<void> {
    const line = JSON.stringify(record);
    await appendLine(this.#path, line);
    this.bytes += Buffer.byteLength(line) + 1;
  }
}
