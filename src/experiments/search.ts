/**
 * A search on one dataset. Every variant is tried with seed 1, bad trials are stopped early, and the first variant and the
 * best of the others are trained with the other seeds. Those judge: the best of many with one seed owes part of its lead to
 * that seed.
 *
 * The first variant, the defaults, must succeed. Of the others a trial may fail by its settings: it drops out.
 */
import { spreadOf } from "../statistics/spread.ts";
import type { LabDataset } from "./datasets.ts";
import type { Attempt, Lab } from "./lab.ts";
import { isBelowMedian } from "./median-rule.ts";
import { gatherResults, type Result } from "./results.ts";
import type { Stop } from "./stops.ts";
import type { Run, Trial } from "./trials.ts";
import type { Variant } from "./variants.ts";

/** Variants, the first aside, that are trained with every seed. */
const FINALISTS = 3;

/** What is to be tried on a dataset, and what of it is not done yet. */
export interface SearchPlan {
  readonly dataset: LabDataset;
  readonly trials: readonly Trial[];
  readonly untrained: readonly Trial[];
  /** Runs of finalists to be trained, if those that have runs already are the finalists again. */
  readonly finalRuns: number;
}

export interface SearchTrial {
  readonly variant: Variant;
  readonly epochs: number;
  /** Best validation AUC of its epochs; NaN where it failed. */
  readonly auc: number;
  /** Why it has no model; null where it has one. */
  readonly stopped: Stop["reason"] | null;
}

export interface Search {
  readonly dataset: LabDataset;
  /** In the order of the variants. */
  readonly trials: readonly SearchTrial[];
  /** Of the finalists, the first variant among them, with the seeds that judge; best mean validation AUC first. */
  readonly results: readonly Result[];
  /** Finalists that failed with a seed that judges. */
  readonly dropped: readonly Variant[];
}

/** @throws UserError where a folder of a trial holds something else */
export async function planSearch(lab: Lab, dataset: LabDataset, variants: readonly Variant[]): Promise<SearchPlan> {
  const trials = lab.trials(variants, [dataset], 1);
  const judging = lab.trials(variants, [dataset]).filter(({ seed }) => seed > 1);
  const trained = judging.length - (await lab.untrained(judging)).length;
  const finalRuns = Math.min(1 + FINALISTS, trials.length) * (lab.options.seeds - 1) - trained;
  return { dataset, trials, untrained: await lab.untrained(trials), finalRuns: Math.max(0, finalRuns) };
}

/** How many runs a search will train, as far as is known before. */
export function expectedRuns({ untrained, finalRuns }: SearchPlan): number {
  return untrained.length + finalRuns;
}

/** @param later runs that are known to come after this search */
export async function search(lab: Lab, plan: SearchPlan, later: number): Promise<Search> {
  const { dataset } = plan;
  const left = new Set(plan.untrained);
  const trials: SearchTrial[] = [];
  const runs: Run[] = [];
  /** Validation AUC by epoch of each trial so far that did not fail. */
  const curves: (readonly number[])[] = [];
  for (const trial of plan.trials) {
    left.delete(trial);
    const isHopeless = (validAuc: readonly number[]) => isBelowMedian(validAuc, curves);
    const ahead = left.size + plan.finalRuns + later;
    const { run, stop } = await tryOut(lab, trial, plan, ahead, isHopeless);
    const validAuc = run ? run.summary.epochs.map(({ valid_auc }) => valid_auc) : stop.validAuc;
    const stopped = stop?.reason ?? null;
    const failed = stopped !== null && stopped !== "early";
    if (run) runs.push(run);
    if (!failed) curves.push(validAuc);
    const auc = failed ? Number.NaN : Math.max(...validAuc);
    trials.push({ variant: trial.variant, epochs: validAuc.length, auc, stopped });
  }
  const [first, ...others] = runs;
  const best = others.sort((a, b) => b.summary.valid.auc - a.summary.valid.auc).slice(0, FINALISTS);
  const { judges, dropped } = await judge(lab, plan, [first, ...best], later);
  const results = await gatherResults(judges);
  return { dataset, trials, results: results.sort((a, b) => meanValidAuc(b) - meanValidAuc(a)), dropped };
}

/** Trains the finalists with the seeds that judge: all but the first, which chose them, where there are others. */
async function judge(lab: Lab, plan: SearchPlan, finalists: readonly Run[], later: number) {
  if (lab.options.seeds === 1) return { judges: finalists, dropped: [] };
  const trials = finalists.map(({ variant }) => lab.trials([variant], [plan.dataset]).slice(1));
  const left = new Set(await lab.untrained(trials.flat()));
  const judges: Run[] = [];
  const dropped: Variant[] = [];
  for (const own of trials) {
    const runs: Run[] = [];
    for (const trial of own) {
      left.delete(trial);
      const { run } = await tryOut(lab, trial, plan, left.size + later, () => false);
      if (run === undefined) break;
      runs.push(run);
    }
    for (const trial of own) left.delete(trial);
    if (runs.length === own.length) judges.push(...runs);
    else dropped.push(own[0].variant);
  }
  return { judges, dropped };
}

async function tryOut(
  lab: Lab,
  trial: Trial,
  { trials: [first] }: SearchPlan,
  ahead: number,
  isHopeless: (validAuc: readonly number[]) => boolean,
): Promise<Attempt> {
  if (trial.variant !== first.variant) return await lab.attempt(trial, isHopeless, ahead);
  const [run] = await lab.train([trial], ahead);
  return { run };
}

/** What finalists are ranked by. */
export function meanValidAuc({ runs }: Result): number {
  return spreadOf(runs.map(({ summary }) => summary.valid.auc)).mean;
}
