/**
 * The folder of a run:
 *
 *   config.yaml       everything resolved, seeds included
 *   metrics.jsonl     a line for each logged step and evaluation
 *   checkpoint/       the latest state: weights, moments, position
 *   model/            the best model, all that serving needs, and perhaps its calibration
 *   scores/           the best model's scores on the test samples
 *   summary.json      the outcome
 *   lock              the claim of the process that trains it
 *
 * Every file but the log, which grows, is written aside and renamed, so a kill leaves the old one or the new one. Each
 * carries checksums of all that it holds, and those of the log are in the checkpoint and the summary; whoever reads one
 * checks it.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { failure } from "../errors/failure.ts";
import { writeFileAside } from "../files/aside.ts";
import { namesIn } from "../files/claim.ts";
import { fileError, unlessAbsent } from "../files/failures.ts";
import { makeFolder } from "../files/plain.ts";
import { readSealedYaml, sealedYaml } from "../files/sealed.ts";
import { parseYaml } from "../files/yaml.ts";
import { type RunConfig, resolveStoredConfig } from "./config.ts";

/** Paths of a run's files. */
export const runFiles = (run: string) => ({
  config: join(run, "config.yaml"),
  metrics: join(run, "metrics.jsonl"),
  checkpoint: join(run, "checkpoint", "state.safetensors"),
  model: join(run, "model", "model.json"),
  weights: join(run, "model", "weights.safetensors"),
  calibration: join(run, "model", "calibration.json"),
  scores: join(run, "scores", "test.safetensors"),
  summary: join(run, "summary.json"),
});

/** Refuses the folder of a fresh run where it holds a run, or other files; leaves it as it is. */
export async function checkFresh(run: string): Promise<void> {
  if (!(await holdsFiles(run))) return;
  throw failure(existsSync(runFiles(run).config) ? "run.exists" : "run.other-files", { path: run });
}

/** Creates the folder of a fresh run and writes its configuration. Refuses what `checkFresh` refuses. */
export async function createRun(run: string, config: RunConfig): Promise<void> {
  await makeFolder(run);
  await checkFresh(run);
  await writeFileAside(runFiles(run).config, sealedYaml(stringify(config)));
}

/** Whether a folder holds anything but a claim and what a killed run of this program had half-written. */
export async function holdsFiles(run: string): Promise<boolean> {
  const names = await namesIn(run)
    .catch(unlessAbsent)
    .catch((error) => {
      throw fileError(error, "read", run);
    });
  return names !== undefined && names.length > 0;
}

/** The configuration of the run in a folder. Throws UserError where there is none. */
export async function readRunConfig(run: string): Promise<RunConfig> {
  const { config } = runFiles(run);
  if (!existsSync(config)) throw failure("run.lacks", { path: run, what: "run", reason: "there is no config.yaml" });
  return resolveStoredConfig(parseConfig(await readSealedYaml(config), config), config);
}

function parseConfig(text: string, path: string): unknown {
  try {
    return parseYaml(text);
  } catch (error) {
    throw failure("file.damaged", { path, problem: (error as Error).message }, error);
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
