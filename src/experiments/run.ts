/** Runs an experiment and writes its report. */
import { join } from "node:path";
import type { z } from "zod";
import { failure } from "../errors/failure.ts";
import { checkOptions } from "../options/problems.ts";
import type { Report } from "../report/report.ts";
import { writeReport } from "../report/write.ts";
import { Interrupted, Lab, type LabOptions } from "./lab/lab.ts";
import { experimentOptions, experiments } from "./list.ts";

/** What to run, on what; see `LabOptions` and `experimentOptions`. */
export interface RunExperimentOptions extends LabOptions, Readonly<z.input<typeof experimentOptions>> {
  readonly name: string;
}

export interface ExperimentOutcome {
  readonly report: Report;
  /** Folder of report.html, figures and data. */
  readonly folder: string;
  readonly seconds: number;
  readonly interrupted?: undefined;
}

/**
 * Trains whatever of the experiment is not trained yet and writes `OUT/NAME/report.html` with its figures and data.
 * @returns `{interrupted: true}` when the signal was aborted: the same call continues from there
 * @throws UserError for bad input, or folders that hold something else
 */
export async function runExperiment(options: RunExperimentOptions): Promise<ExperimentOutcome | { interrupted: true }> {
  const experiment = experiments.get(options.name);
  if (!experiment) {
    throw failure("experiment.unknown", { name: options.name, known: [...experiments.keys()] });
  }
  const { user, model, trials } = options;
  const own = checkOptions("runExperiment", experimentOptions, { user, model, trials });
  const start = performance.now();
  const lab = await Lab.open(options);
  try {
    const produce = await experiment.load();
    const report = await produce(lab, own);
    const folder = join(options.out, report.name);
    await writeReport(folder, report);
    return { report, folder, seconds: (performance.now() - start) / 1000 };
  } catch (error) {
    if (error instanceof Interrupted) return { interrupted: true };
    throw error;
  }
}
