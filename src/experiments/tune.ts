/**
 * Search over the settings that matter most, for one model on each dataset: the defaults, then random trials (search.ts,
 * median-rule.ts). The winner, by validation alone, is written as a configuration as soon as it is known. The defaults are
 * always a finalist, so the winner is never worse than they are, on validation.
 */
import { join } from "node:path";
import { stringify } from "yaml";
import { UserError } from "../errors.ts";
import { makeFolder, writeFileAside } from "../files.ts";
import { metric } from "../format.ts";
import type { Row } from "../report/csv.ts";
import { searchPlot } from "../report/plots/search.ts";
import type { Block, Cell } from "../report/report.ts";
import { modelNamed } from "../run/config.ts";
import { spreadOf } from "../statistics/spread.ts";
import type { LabDataset } from "./datasets.ts";
import { type ExperimentRun, TUNE_DEFAULTS } from "./experiment.ts";
import type { Lab } from "./lab.ts";
import { repeatCommands, seedsFlag } from "./repeat.ts";
import { Standings } from "./results.ts";
import { expectedRuns, meanValidAuc, planSearch, type Search, search } from "./search.ts";
import { type Dimension, drawSettings, spaceOf } from "./search-space.ts";
import { trialConfig } from "./trials.ts";
import type { Variant } from "./variants.ts";
import { differenceCell, meanAndDeviation } from "./words.ts";

export const tune: ExperimentRun = async (
  lab,
  { model = TUNE_DEFAULTS.model, trials: count = TUNE_DEFAULTS.trials },
) => {
  const { name } = modelNamed(model);
  const space = spaceOf(name, lab.options.settings);
  if (space.length === 0) throw new UserError("there is nothing to search: --set settles all that a search would vary");
  const variants = Array.from({ length: count }, (_, number) => variantOf(name, number, space));
  const plans = [];
  for (const dataset of lab.datasets) plans.push(await planSearch(lab, dataset, variants));
  const searches: Search[] = [];
  for (const [i, plan] of plans.entries()) {
    const later = plans.slice(i + 1).reduce((sum, plan) => sum + expectedRuns(plan), 0);
    const found = await search(lab, plan, later);
    await writeWinner(lab, name, found);
    searches.push(found);
  }
  return {
    name: `tune-${name}`,
    title: `Search for the settings of ${name}`,
    lead: searches.map((found) => winnerSentence(found)).join(" "),
    blocks: searches.flatMap((found) => blocksOf(lab, name, found, space)),
    data: { trials: searches.flatMap((found) => rowsOf(lab, found, space)) },
    commands: repeatCommands(
      lab,
      "tune",
      searches.flatMap(({ dataset, results }) =>
        lab.trials(
          results.map(({ variant }) => variant),
          [dataset],
        ),
      ),
      [...seedsFlag(lab), "--model", name, "--trials", String(count)],
    ),
  };
};

/** Trial 0 is the defaults. */
function variantOf(model: string, number: number, space: readonly Dimension[]): Variant {
  const name = `tune-${model}-${String(number).padStart(2, "0")}`;
  if (number === 0) return { name: model, label: "defaults", settings: { "model.name": model } };
  return { name, label: `trial ${number}`, settings: { "model.name": model, ...drawSettings(space, number) } };
}

function rowsOf(lab: Lab, { dataset, trials }: Search, space: readonly Dimension[]): Row[] {
  return trials.map(({ variant, epochs, auc, stopped }, trial) => ({
    dataset: dataset.name,
    trial,
    ...Object.fromEntries(space.map(({ key }) => [key, settingOf(lab, variant, key)])),
    epochs,
    valid_auc: auc,
    stopped,
  }));
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
  return `On ${dataset.name} the winner is ${winner.variant.label}, with a validation AUC of ${metric(meanValidAuc(winner))}; its configuration is ${winnerFile(dataset)} beside this report.`;
}

function blocksOf(lab: Lab, model: string, found: Search, space: readonly Dimension[]): Block[] {
  const { dataset, trials, results } = found;
  const { name, slug } = dataset;
  const standings = new Standings(results);
  const defaults = results.find(({ variant }) => variant.name === model)!;
  const points = trials.flatMap(({ variant, auc, stopped }) =>
    space.map(({ key, log }) => ({
      parameter: key,
      value: settingOf(lab, variant, key),
      log,
      score: auc,
      stopped: stopped !== null,
    })),
  );
  return [
    {
      kind: "table",
      name: `finalists-${slug}`,
      caption: `${name}: the defaults and the best trials, ${judgement(lab, found)} The test figures were not looked at to choose.`,
      head: ["", "validation AUC", "test AUC", "less defaults, on test", ...space.map(({ key }) => key)],
      rows: results.map((result): Cell[] => [
        { text: result.variant.label, strong: result === results[0] },
        meanAndDeviation(spreadOf(result.runs.map(({ summary }) => summary.valid.auc))),
        meanAndDeviation(result.auc),
        result === defaults ? null : differenceCell(standings.difference(result, defaults)),
        ...space.map(({ key }) => String(settingOf(lab, result.variant, key))),
      ]),
    },
    {
      kind: "figure",
      name: `search-${slug}`,
      caption: `${name}: best validation AUC of each trial (seed 1) against what it drew; hollow trials were stopped early.${failures(found)}`,
      svg: searchPlot(points, { y: "validation AUC" }),
    },
  ];
}

/** By which seeds the finalists are ranked. */
function judgement(lab: Lab, { dropped }: Search): string {
  const { seeds } = lab.options;
  if (seeds === 1)
    return "by the validation AUC of seed 1, which also chose them: --seeds 2 or more judges without that.";
  const others = seeds === 2 ? "seed 2" : `seeds 2 to ${seeds}`;
  const without = dropped.map(({ label }) => ` ${label} failed with one of these and is left out.`).join("");
  return `by the mean validation AUC of ${others}; seed 1 chose them, so it does not judge.${without}`;
}

function failures({ trials }: Search): string {
  const failed = trials.filter(({ stopped }) => stopped !== null && stopped !== "early");
  return failed.map(({ variant, stopped }) => ` Not shown is ${variant.label}: ${stopped}.`).join("");
}
