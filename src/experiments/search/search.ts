/**
 * A search on one dataset. Every variant is tried with seed 1 and bad trials are stopped early. The first variant and
 * the best of the others, the finalists, are then trained with the other seeds, and those decide: the best of many
 * trials with one seed owes part of its lead to that seed.
 *
 * The first variant, the defaults, must succeed. A trial of another variant may fail by its settings; the search goes
 * on without it.
 *
 * Trials are stopped by the median stopping rule of Golovin et al. 2017 (https://doi.org/10.1145/3097983.3098043),
 * changed. As there, a trial ends when its best objective so far is below the median of the other trials at the same
 * epoch. Unlike there, the other trials count with their best so far, not with their running average, since early
 * epochs of a run are usually below later ones; stopped trials count for the epochs that they finished; and no trial is
 * stopped while there are few others, nor after its first epoch, in which a low learning rate looks worse than it is.
 */
import { spreadOf } from "../../statistics/spread.ts";
import type { LabDataset } from "../lab/datasets.ts";
import type { Attempt, Lab } from "../lab/lab.ts";
import type { Stop, TrainedRun, Trial, Variant } from "../lab/trials.ts";
import { gatherResults, type Result } from "../results/results.ts";

/** How many variants beside the first are trained with every seed. */
const FINALISTS = 3;
/** No trial is stopped before so many others have reached its epoch. */
const WARM_UP = 4;
const FIRST_JUDGED_EPOCH = 2;

/** The trials of a search on a dataset, and which of them are still to be trained. */
export interface SearchPlan {
  readonly dataset: LabDataset;
  readonly trials: readonly Trial[];
  readonly untrained: readonly Trial[];
  /** How many runs of finalists are to be trained, assuming that variants with such runs are the finalists again. */
  readonly finalRuns: number;
}

interface SearchTrial {
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
  /** Of the finalists, the first variant among them, with the deciding seeds; best mean validation AUC first. */
  readonly results: readonly Result[];
  /** Finalists that failed with a deciding seed. */
  readonly dropped: readonly Variant[];
}

/** @throws UserError where a folder of a trial holds something else */
export async function planSearch(lab: Lab, dataset: LabDataset, variants: readonly Variant[]): Promise<SearchPlan> {
  const trials = lab.trials(variants, [dataset], 1);
  const decidingTrials = lab.trials(variants, [dataset]).filter(({ seed }) => seed > 1);
  const trained = decidingTrials.length - (await lab.untrained(decidingTrials)).length;
  const finalRuns = Math.min(1 + FINALISTS, trials.length) * (lab.options.seeds - 1) - trained;
  return { dataset, trials, untrained: await lab.untrained(trials), finalRuns: Math.max(0, finalRuns) };
}

/** How many runs a search will train, as far as is known before it starts. */
export function expectedRuns({ untrained, finalRuns }: SearchPlan): number {
  return untrained.length + finalRuns;
}

/** @param later runs that are known to come after this search */
export async function search(lab: Lab, plan: SearchPlan, later: number): Promise<Search> {
  const { dataset } = plan;
  const left = new Set(plan.untrained);
  const trials: SearchTrial[] = [];
  const runs: TrainedRun[] = [];
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
  const { deciding, dropped } = await trainFinalists(lab, plan, [first, ...best], later);
  const results = await gatherResults(deciding);
  return { dataset, trials, results: results.sort((a, b) => meanValidAuc(b) - meanValidAuc(a)), dropped };
}

/** Trains the finalists with the deciding seeds: all but the first, which chose them, if there are others. */
async function trainFinalists(lab: Lab, plan: SearchPlan, finalists: readonly TrainedRun[], later: number) {
  if (lab.options.seeds === 1) return { deciding: finalists, dropped: [] };
  const trials = finalists.map(({ variant }) => lab.trials([variant], [plan.dataset]).slice(1));
  const left = new Set(await lab.untrained(trials.flat()));
  const deciding: TrainedRun[] = [];
  const dropped: Variant[] = [];
  for (const own of trials) {
    const runs: TrainedRun[] = [];
    for (const trial of own) {
      left.delete(trial);
      const { run } = await tryOut(lab, trial, plan, left.size + later, () => false);
      if (run === undefined) break;
      runs.push(run);
    }
    for (const trial of own) left.delete(trial);
    if (runs.length === own.length) deciding.push(...runs);
    else dropped.push(own[0].variant);
  }
  return { deciding, dropped };
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

/** The mean validation AUC of a result, by which finalists are ranked. */
export function meanValidAuc({ runs }: Result): number {
  return spreadOf(runs.map(({ summary }) => summary.valid.auc)).mean;
}

/** Whether to stop a trial, given the validation AUC of its epochs so far and of those of the trials before it. */
export function isBelowMedian(validAuc: readonly number[], others: readonly (readonly number[])[]): boolean {
  const epochs = validAuc.length;
  if (epochs < FIRST_JUDGED_EPOCH) return false;
  const rivals = others.filter((curve) => curve.length >= epochs).map((curve) => Math.max(...curve.slice(0, epochs)));
  if (rivals.length < WARM_UP) return false;
  rivals.sort((a, b) => a - b);
  const middle = (rivals.length - 1) / 2;
  const median = (rivals[Math.floor(middle)] + rivals[Math.ceil(middle)]) / 2;
  return Math.max(...validAuc) < median;
}
