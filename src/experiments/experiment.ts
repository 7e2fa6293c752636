/** The contract of an experiment: it trains what it needs in a lab and returns a report. One file each. */
import type { Report } from "../report/report.ts";
import type { Lab } from "./lab.ts";

/** What some experiments take beside what all take. */
export interface ExperimentOptions {
  /** figure3: the user to look at, by the key in the data. */
  readonly user?: string;
  /** tune: the model, and how many settings to try. */
  readonly model?: string;
  readonly trials?: number;
}

/** What `tune` takes where nothing is said. */
export const TUNE_DEFAULTS = { model: "dien", trials: 20 };

/** @throws Interrupted when the lab's signal was aborted; the same call goes on from there */
export type ExperimentRun = (lab: Lab, options: ExperimentOptions) => Promise<Report>;

/** An experiment as it is listed, before anything of it is loaded. */
export interface Experiment {
  readonly name: string;
  /** One line for `--help`. */
  readonly summary: string;
  /** A paragraph for the experiment's own help. */
  readonly description: string;
  /** Whether it trains with several seeds; otherwise with seed 1 alone. */
  readonly manySeeds: boolean;
  /** Which of the options it reads; the command offers no others. */
  readonly options: readonly (keyof ExperimentOptions)[];
  load(): Promise<ExperimentRun>;
}
