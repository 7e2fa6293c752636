/**
 * Search over the settings that matter most, for one model on each dataset: the defaults, then random trials
 * (search.ts). The winner, chosen by validation alone, is written as a configuration as soon as it is known. The
 * defaults are always a finalist, so the winner is never worse than they are on validation.
 */
import { join } from "node:path";
import { stringify } from "yaml";
import { failure } from "../../errors/failure.ts";
import { writeFileAside } from "../../files/aside.ts";
import { makeFolder } from "../../files/plain.ts";
import { metric } from "../../format.ts";
import type { DataRow } from "../../report/csv.ts";
import { searchPlot } from "../../report/plots/search.ts";
import type { Report, ReportBlock, TableCell } from "../../report/report.ts";
import { modelNamed } from "../../run/config.ts";
import { spreadOf } from "../../statistics/spread.ts";
import type { LabDataset } from "../lab/datasets.ts";
import type { Lab } from "../lab/lab.ts";
import { numberOf, trialConfig, type Variant } from "../lab/trials.ts";
import { differenceText, meanAndDeviation } from "../results/blocks.ts";
import { repeatCommands, seedsFlag } from "../results/commands.ts";
import { DatasetResults } from "../results/results.ts";
import { expectedRuns, meanValidAuc, planSearch, type Search, search } from "./search.ts";
import { type Dimension, sampleSettings, spaceOf } from "./space.ts";

export interface TuneOptions {
  /** The model, and how many settings to try, the defaults among them. */
  readonly model: string;
  readonly trials: number;
}

/** @throws UserError where the settings of the lab leave nothing to search */
export async function tune(lab: Lab, { model, trials: count }: TuneOptions): Promise<Report> {
  const { name } = modelNamed(model);
  const space = spaceOf(name, lab.options.settings);
  if (space.length === 0) throw failure("experiment.nothing-to-search", { name });
  const variants = Array.from({ length: count }, (_, number) => variantOf(name, number, space));
  const plans = [];
  for (const dataset of lab.datasets) plans.push(await planSearch(lab, dataset, variants));
  const searches: Search[] = [];
  for (const [i, plan] of plans.entries()) {
    const later = plans.slice(i + 1).reduce((sum, plan) => sum + expectedRuns(plan), 0);
    const done = await search(lab, plan, later);
    await writeWinner(lab, name, done);
    searches.push(done);
  }
  return {
    name: `tune-${name}`,
    title: `Search for the settings of ${name}`,
    lead: searches.map(winnerSentence).join(" "),
    blocks: searches.flatMap((done) => blocksOf(lab, done, space)),
    data: { trials: searches.flatMap((done) => rowsOf(lab, done, space)) },
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
}

/** Trial 0 is the defaults. */
function variantOf(model: string, number: number, space: readonly Dimension[]): Variant {
  const name = `tune-${model}-${String(number).padStart(2, "0")}`;
  if (number === 0) return { name: model, label: "defaults", settings: { "model.name": model } };
  return { name, label: `trial ${number}`, settings: { "model.name": model, ...sampleSettings(space, number) } };
}

function rowsOf(lab: Lab, { dataset, trials }: Search, space: readonly Dimension[]): DataRow[] {
  return trials.map(({ variant, epochs, auc, stopped }, trial) => ({
    dataset: dataset.name,
    trial,
    ...Object.fromEntries(space.map(({ key }) => [key, numberOf(variant, lab.options.settings, key)])),
    epochs,
    valid_auc: auc,
    stopped,
  }));
}

/** Writes the winner's configuration, without the seed, which the user chooses. */
async function writeWinner(lab: Lab, model: string, { dataset, results }: Search): Promise<void> {
  const { model: settings, train } = trialConfig({ variant: results[0].variant, seed: 1 }, lab.options.settings);
  const { seed: _seed, ...rest } = train;
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

function blocksOf(lab: Lab, done: Search, space: readonly Dimension[]): ReportBlock[] {
  const { dataset, trials, results } = done;
  const { name, slug } = dataset;
  const own = new DatasetResults(results);
  const defaults = own.of(trials[0].variant);
  const points = trials.flatMap(({ variant, auc, stopped }) =>
    space.map(({ key, log }) => ({
      parameter: key,
      value: numberOf(variant, lab.options.settings, key),
      log,
      score: auc,
      stopped: stopped !== null,
    })),
  );
  return [
    {
      kind: "table",
      name: `finalists-${slug}`,
      caption: `${name}: the defaults and the best trials, ${ranking(lab, done)} Test metrics were not used to choose.`,
      head: ["", "validation AUC", "test AUC", "test AUC minus defaults", ...space.map(({ key }) => key)],
      rows: results.map((result): TableCell[] => [
        { text: result.variant.label, strong: result === results[0] },
        meanAndDeviation(spreadOf(result.runs.map(({ summary }) => summary.valid.auc))),
        meanAndDeviation(result.auc),
        result === defaults ? null : differenceText(own.difference(result, defaults)),
        ...space.map(({ key }) => String(numberOf(result.variant, lab.options.settings, key))),
      ]),
    },
    {
      kind: "figure",
      name: `search-${slug}`,
      caption: `${name}: best validation AUC of each trial (seed 1) against its settings; hollow dots are trials that were stopped early.${failures(done)}`,
      svg: searchPlot(points, { y: "validation AUC" }),
    },
  ];
}

/** By which seeds the finalists are ranked, as the end of a sentence. */
function ranking(lab: Lab, { dropped }: Search): string {
  const { seeds } = lab.options;
  if (seeds === 1)
    return "ranked by the validation AUC of seed 1, which also chose them; --seeds 2 or more ranks them by other seeds.";
  const others = seeds === 2 ? "seed 2" : `seeds 2 to ${seeds}`;
  const without = dropped.map(({ label }) => ` ${label} failed with one of these and is omitted.`).join("");
  return `ranked by the mean validation AUC of ${others}, without seed 1, which chose them.${without}`;
}

function failures({ trials }: Search): string {
  const failed = trials.filter(({ stopped }) => stopped !== null && stopped !== "early");
  return failed.map(({ variant, stopped }) => ` Not shown: ${variant.label} (${stopped}).`).join("");
}
