/**
 * The folder of a run:
 *
 *   config.yaml       everything resolved, seeds included      metrics.jsonl   a line for each logged step and evaluation
 *   checkpoint/       the latest state: weights, moments, position        model/   the best model, all that serving needs
 *   summary.json      the outcome
 *
 * Every file is written aside and renamed, so a kill leaves the old one or the new one.
 */
import { existsSync } from "node:fs";
import { readdir, truncate } from "node:fs/promises";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { openTensorFile } from "../checkpoint/file.ts";
import { encode, type Tensor } from "../checkpoint/safetensors.ts";
import { UserError } from "../errors.ts";
import { appendLine, makeFolder, readText, writeFileAside } from "../files.ts";
import { type RunConfig, resolveConfig } from "./config.ts";

export const runFiles = (run: string) => ({
  config: join(run, "config.yaml"),
  metrics: join(run, "metrics.jsonl"),
  checkpoint: join(run, "checkpoint", "state.safetensors"),
  model: join(run, "model", "model.json"),
  weights: join(run, "model", "weights.safetensors"),
  summary: join(run, "summary.json"),
});

/** Creates the folder of a fresh run and writes its configuration. Refuses a folder that holds a run, or other files. */
export async function createRun(run: string, config: RunConfig): Promise<void> {
  const files = runFiles(run);
  if (existsSync(run)) {
    const found = await readdir(run);
    if (found.length > 0) {
      const what = existsSync(files.config) ? "holds a run already: go on with --resume" : "is not empty";
      throw new UserError(`${run} ${what}, or choose another --out`);
    }
  }
  await makeFolder(join(run, "checkpoint"));
  await makeFolder(join(run, "model"));
  await writeFileAside(files.config, stringify(config));
}

/** The configuration of the run in a folder. Throws UserError where there is none. */
export async function readRunConfig(run: string): Promise<RunConfig> {
  const { config } = runFiles(run);
  if (!existsSync(config)) throw new UserError(`${run} holds no run: there is no config.yaml`);
  const text = await readText(config);
  try {
    return resolveConfig(parse(text));
  } catch (error) {
    throw new UserError(`${config}: ${(error as Error).message.split("\n")[0]}`);
  }
}

/** Writes tensors and a JSON document about them into one file. */
export async function writeTensors(path: string, tensors: ReadonlyMap<string, Tensor>, about: unknown): Promise<void> {
  await writeFileAside(path, encode(tensors, { dien: JSON.stringify(about) }));
}

/** Reads a file of `writeTensors` into `tensors`, each in place; calls `check` with the document first. */
export async function readTensors<About>(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  check: (about: unknown) => About,
): Promise<About> {
  const file = await openTensorFile(path);
  try {
    let document: unknown;
    try {
      document = JSON.parse(file.metadata.dien ?? "null");
    } catch {
      document = null;
    }
    const about = check(document);
    for (const [name, tensor] of tensors) {
      const place = file.tensors.get(name);
      if (place?.shape.join() !== tensor.shape.join()) {
        const found = place ? `[${place.shape}]` : "none";
        throw new UserError(`${path} does not fit: expected tensor ${name} of shape [${tensor.shape}], found ${found}`);
      }
      await file.readInto(name, tensor.data);
    }
    return about;
  } finally {
    await file.close();
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

  /** Opens the log of a run at `bytes`, dropping what was logged after. */
  static async open(run: string, bytes: number): Promise<MetricsLog> {
    const { metrics } = runFiles(run);
    if (bytes === 0) await writeFileAside(metrics, "");
    else await truncate(metrics, bytes);
    return new MetricsLog(metrics, bytes);
  }

  async append(record: unknown): Promise<void> {
    const line = JSON.stringify(record);
    await appendLine(this.#path, line);
    this.bytes += Buffer.byteLength(line) + 1;
  }
}
