/**
 * Search over the settings that matter most, for one model on each dataset: random trials, bad ones stopped early, the
 * best few trained again with every seed. The winner, by validation alone, is written as a configuration.
 *
 * A trial stops after an epoch in which its best validation AUC so far lies below the median of what the trials before
 * it had come to at that epoch (Golovin et al. 2017, https://doi.org/10.1145/3097983.3098043, 3.2.1). The defaults are
 * the first trial and always a finalist, so the winner is never worse than they are, on validation.
 */

import { join } from "node:path";
import { stringify } from "yaml";
import { spreadOf } from "../evaluate/spread.ts";
import { makeFolder, writeFileAside } from "../files.ts";
import { metric } from "../format.ts";
import type { Row } from "../report/csv.ts";
import { searchPlot } from "../report/plots/search.ts";
import type { Block, Cell } from "../report/report.ts";
import { modelNamed } from "../train/config.ts";
import type { LabDataset } from "./datasets.ts";
import type { ExperimentRun } from "./experiment.ts";
import type { Lab } from "./lab.ts";
import { repeatCommands } from "./repeat.ts";
import { gatherResults, type Result, Standings } from "./results.ts";
import { type Dimension, drawSettings, spaceOf } from "./search-space.ts";
import { type Run, trialConfig } from "./trials.ts";
import type { Variant } from "./variants.ts";
import { differenceCell, meanAndDeviation } from "./words.ts";

const TRIALS = 20;
/** Trials, the defaults aside, that are trained with every seed. */
const FINALISTS = 3;
/** Nothing is stopped before so many trials have shown what is usual. */
const WARM_UP = 4;

export const tune: ExperimentRun = async (lab, { model = "dien", trials: count = TRIALS }) => {
  const { name } = modelNamed(model);
  const space = spaceOf(name, lab.options.settings);
  const searches: Search[] = [];
  for (const [d, dataset] of lab.datasets.entries()) searches.push(await search(lab, dataset, name, space, count, d));
  for (const found of searches) await writeWinner(lab, name, found);
  const runs = searches.flatMap(({ results }) => results.flatMap((result) => result.runs));
  return {
    name: `tune-${name}`,
    title: `Search for the settings of ${name}`,
    lead: searches.map((found) => winnerSentence(found)).join(" "),
    blocks: searches.flatMap((found) => blocksOf(found, space)),
    data: { trials: searches.flatMap(({ trials }) => trials.map(({ row }) => row)) },
    commands: repeatCommands(lab, "tune", runs, ["--model", name, "--trials", String(count)]),
  };
};

interface TrialOutcome {
  readonly variant: Variant;
  readonly number: number;
  /** Best validation AUC of its epochs. */
  readonly auc: number;
  readonly stopped: boolean;
  readonly row: Row;
}

interface Search {
  readonly dataset: LabDataset;
  readonly trials: readonly TrialOutcome[];
  /** The defaults and the finalists, with every seed; best mean validation AUC first. */
  readonly results: readonly Result[];
}

async function search(
  lab: Lab,
  dataset: LabDataset,
  model: string,
  space: readonly Dimension[],
  count: number,
  place: number,
): Promise<Search> {
  const trials: TrialOutcome[] = [];
  /** Validation AUC by epoch of each trial so far. */
  const curves: (readonly number[])[] = [];
  for (let number = 0; number < count; number++) {
    const variant = variantOf(model, number, space);
    const stop = (validAuc: readonly number[]) => isBelowMedian(validAuc, curves);
    const order = { index: place * count + number, count: lab.datasets.length * count };
    const { validAuc, run } = await lab.trainUntil({ dataset, variant, seed: 1 }, stop, order);
    curves.push(validAuc);
    const auc = Math.max(...validAuc);
    const settings = Object.fromEntries(space.map(({ key }) => [key, settingOf(lab, variant, key)]));
    const row = {
      dataset: dataset.name,
      trial: number,
      ...settings,
      epochs: validAuc.length,
      valid_auc: auc,
      stopped: !run,
    };
    trials.push({ variant, number, auc, stopped: run === undefined, row });
  }
  const [defaults, ...drawn] = trials;
  const best = drawn.filter(({ stopped }) => !stopped).sort((a, b) => b.auc - a.auc);
  const finalists = [defaults, ...best.slice(0, FINALISTS)].map(({ variant }) => variant);
  const results = await gatherResults(await lab.train(lab.trials(finalists, [dataset])));
  return { dataset, trials, results: [...results].sort((a, b) => validAuc(b) - validAuc(a)) };
}

/** Trial 0 is the defaults. */
function variantOf(model: string, number: number, space: readonly Dimension[]): Variant {
  const name = `tune-${model}-${String(number).padStart(2, "0")}`;
  if (number === 0) return { name: model, label: "defaults", settings: { "model.name": model } };
  return { name, label: `trial ${number}`, settings: { "model.name": model, ...drawSettings(space, number) } };
}

/** Whether the best of a trial's epochs so far is below the median of the others' at that epoch. */
export function isBelowMedian(validAuc: readonly number[], others: readonly (readonly number[])[]): boolean {
  const epochs = validAuc.length;
  const rivals = others.filter((curve) => curve.length >= epochs).map((curve) => Math.max(...curve.slice(0, epochs)));
  if (rivals.length < WARM_UP) return false;
  rivals.sort((a, b) => a - b);
  const middle = (rivals.length - 1) / 2;
  const median = (rivals[Math.floor(middle)] + rivals[Math.ceil(middle)]) / 2;
  return Math.max(...validAuc) < median;
}

function validAuc({ runs }: Result): number {
  return spreadOf(runs.map(({ summary }) => summary.valid.auc)).mean;
}

function settingOf(lab: Lab, variant: Variant, key: string): number {
  const config = trialConfig({ variant, seed: 1 }, lab.options.settings);
  return Number(key.split(".").reduce<unknown>((node, step) => (node as Record<string, unknown>)[step], config));
}

/** Writes the winner's configuration, without seed and threads, which are the user's to choose. */
async function writeWinner(lab: Lab, model: string, { dataset, results }: Search): Promise<void> {
  const { model: settings, train } = trialConfig({ variant: results[0].variant, seed: 1 }, lab.options.settings);
  const { seed: _seed, threads: _threads, ...rest } = train;
  const folder = join(lab.options.out, `tune-${model}`);
  await makeFolder(folder);
  await writeFileAside(join(folder, winnerFile(dataset)), stringify({ model: settings, train: rest }));
}

function winnerFile({ name }: LabDataset): string {
  return `best-${name}.yaml`;
}

function winnerSentence({ dataset, results }: Search): string {
  const [winner] = results;
  return `On ${dataset.name} ${winner.variant.label} wins with a validation AUC of ${metric(validAuc(winner))}; it is written to ${winnerFile(dataset)}.`;
}

function blocksOf({ dataset, trials, results }: Search, space: readonly Dimension[]): Block[] {
  const { name, slug } = dataset;
  const standings = new Standings(results);
  const defaults = results.find(({ variant }) => variant.label === "defaults")!;
  const points = trials.flatMap(({ row, auc, stopped }) =>
    space.map(({ key, log }) => ({ parameter: key, value: Number(row[key]), log, score: auc, stopped })),
  );
  return [
    {
      kind: "table",
      name: `finalists-${slug}`,
      caption: `${name}: the defaults and the best trials with every seed, by validation AUC; the test figures were not looked at to choose.`,
      head: ["", "validation AUC", ...space.map(({ key }) => key), "test AUC", "less defaults, on test"],
      rows: results.map((result): Cell[] => {
        const row = trials.find(({ variant }) => variant.name === result.variant.name)!.row;
        return [
          { text: result.variant.label, strong: result === results[0] },
          meanAndDeviation(spreadOf(result.runs.map(({ summary }: Run) => summary.valid.auc))),
          ...space.map(({ key }) => String(row[key])),
          meanAndDeviation(result.auc),
          result === defaults ? null : differenceCell(standings.difference(result, defaults)),
        ];
      }),
    },
    {
      kind: "figure",
      name: `search-${slug}`,
      caption: `${name}: best validation AUC of each trial against what it drew; hollow trials were stopped early.`,
      svg: searchPlot(points, { y: "validation AUC" }),
    },
  ];
}
