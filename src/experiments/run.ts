/** Runs an experiment and writes its report. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { failure } from "../errors/failure.ts";
import { fileError, unlessAbsent } from "../files/failures.ts";
import { interruptible, isInterruption, withCurrent } from "../interruption.ts";
import { listener, signal } from "../options/pieces.ts";
import { checkOptions } from "../options/problems.ts";
import type { Report } from "../report/report.ts";
import { writeReport } from "../report/write.ts";
import type { TrainSummary } from "../run/summary.ts";
import { Interrupted, Lab, type LabOptions } from "./lab/lab.ts";
import { RUNS } from "./lab/trials.ts";
import { type Experiment, experimentOptions, experiments, ownData, sharedOptions } from "./list.ts";

/** The folder of data that experiments make, in that of an experiment. */
const DATA = "data";

/** What can be checked of the options by their values. */
const runOptions = z.strictObject({
  ...sharedOptions.shape,
  settings: z.record(z.string(), z.unknown(), "expected settings by dotted key"),
  ...experimentOptions.shape,
  ...{ name: z.string(), signal, onProgress: listener },
});

/** What to run, on what; see `LabOptions` and `experimentOptions`. */
export interface RunExperimentOptions extends LabOptions, Readonly<z.input<typeof experimentOptions>> {
  readonly name: string;
}

export interface ExperimentOutcome {
  readonly report: Report;
  /** Folder of report.html, figures and data. */
  readonly folder: string;
  /** The kernels that computed its runs. */
  readonly engines: TrainSummary["engines"];
  readonly seconds: number;
  readonly interrupted?: undefined;
}

/**
 * Trains whatever of the experiment is not trained yet and writes `OUT/NAME/report.html` with its figures and data.
 * @returns `{interrupted: true}` when the signal was aborted: the same call continues from there
 * @throws UserError for bad input, or folders that hold something else
 */
export async function runExperiment(options: RunExperimentOptions): Promise<ExperimentOutcome | { interrupted: true }> {
  const experiment = experiments.get(options?.name);
  const schema = experiment?.makeData ? runOptions.extend({ data: ownData }) : runOptions;
  const checked = checkOptions("runExperiment", schema, options);
  if (!experiment) throw failure("experiment.unknown", { name: checked.name, known: [...experiments.keys()] });
  const { name: _, signal: __, onProgress: ___, user, model, trials, population, days, ...shared } = checked;
  const start = performance.now();
  const signal = withCurrent(options.signal);
  await checkFolder(shared.out);
  try {
    const data = await interruptible(signal, () => dataOf(experiment, shared, options.onProgress));
    const lab = await Lab.open({ ...options, ...shared, data, signal });
    const produce = await experiment.load();
    const report = await produce(lab, { user, model, trials, population, days });
    const folder = join(shared.out, report.name);
    await writeReport(folder, report);
    return { report, folder, engines: [...lab.engines], seconds: (performance.now() - start) / 1000 };
  } catch (error) {
    const isInterrupted = error instanceof Interrupted || (signal?.aborted && isInterruption(error));
    if (isInterrupted) return { interrupted: true };
    throw error;
  }
}

/** The datasets that are given, or the experiment's own. */
async function dataOf(
  { makeData }: Experiment,
  { data, out }: { readonly data: readonly string[]; readonly out: string },
  onProgress: LabOptions["onProgress"],
): Promise<readonly string[]> {
  if (data.length > 0 || makeData === undefined) return data;
  const folder = join(out, DATA, "shop");
  await makeData(folder, (name, done, total) =>
    onProgress?.({ name, index: 0, count: 0, kind: "step", done, total: total ?? done }),
  );
  return [folder];
}

/** Refuses a folder with things of others: it is empty, or holds runs or data of experiments. */
async function checkFolder(out: string): Promise<void> {
  const names = await readdir(out)
    .catch(unlessAbsent)
    .catch((error) => {
      throw fileError(error, "write", out);
    });
  if (names === undefined || names.length === 0 || names.includes(RUNS) || names.includes(DATA)) return;
  throw failure("file.not-empty", { path: out });
}
