/**
 * Table 5 of the paper (Zhou et al. 2019, https://arxiv.org/abs/1809.03672): what DIN and DIEN earn online over BaseModel.
 * The paper's was display advertising at Taobao; this one is a market of the synthetic shop's users, with a model that
 * knows the truth beside the three, so that it can also be said how much there was to gain.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DESCRIBED } from "../../ab/analysis/metrics.ts";
import type { OnProgress } from "../../dataset/dataset.ts";
import { MANIFEST_FILE } from "../../dataset/layout.ts";
import { count, metric, percent, pValue, rounded, share } from "../../format.ts";
import { prepareSynthetic } from "../../importers/synthetic/prepare.ts";
import { type ArmEffects, effectsOf, type Gain, METRIC_NAMES } from "../../market/effects.ts";
import { runMarket } from "../../market/market.ts";
import { type MarketSettings, marketOptions } from "../../market/options.ts";
import { ORACLE } from "../../market/oracle.ts";
import { shopFrom } from "../../market/shop.ts";
import { evenly } from "../../market/simulate.ts";
import type { ArmTally } from "../../market/tally.ts";
import { intervalPlot } from "../../report/plots/intervals.ts";
import type { Report, ReportBlock, TableCell } from "../../report/report.ts";
import type { LabDataset } from "../lab/datasets.ts";
import type { Lab } from "../lab/lab.ts";
import type { TrainedRun } from "../lab/trials.ts";
import { repeatCommands } from "../results/commands.ts";
import { onlineData } from "./published.ts";
import { base, dien, din } from "./variants.ts";

const VARIANTS = [base, din, dien];
const LABELS = new Map<string, string>([
  ...VARIANTS.map(({ name, label }) => [name, label] as const),
  [ORACLE, "the truth (oracle)"],
]);

/** The dataset that table 5 has where none is given; one that is there stays. */
export async function makeShop(folder: string, onProgress: OnProgress): Promise<void> {
  if (!existsSync(join(folder, MANIFEST_FILE))) await prepareSynthetic({ out: folder }, onProgress);
}

/** @param size of the market: users who may come, and days */
export async function table5(
  lab: Lab,
  { population, days }: Pick<MarketSettings, "population" | "days">,
): Promise<Report> {
  const shops = lab.datasets.map(({ folder, manifest }) => shopFrom(folder, manifest));
  const runs = await lab.train(lab.trials(VARIANTS, lab.datasets, 1));
  const settings = marketOptions.parse({ population, days });
  const experiment = evenly(
    VARIANTS.map(({ name }) => name),
    true,
  );
  const markets: ShopMarket[] = [];
  for (const [i, dataset] of lab.datasets.entries()) {
    const own = runs.filter((run) => run.dataset === dataset);
    const { arms } = await runMarket({
      ...{ shop: shops[i], experiment, settings, threads: lab.options.threads, signal: lab.options.signal },
      runs: own.map(({ variant, folder }) => ({ name: variant.name, run: folder })),
      onProgress: (day, all) => lab.step(`${dataset.name}: the market, days`, day, all),
    });
    markets.push({ dataset, runs: own, arms, effects: effectsOf(arms) });
  }
  const flags = ["--population", String(population), "--days", String(days)];
  return {
    name: "table5",
    title: "Table 5: what the models earn online",
    lead: markets.map(leadOf).join(" "),
    blocks: markets.flatMap((market) => [
      ...(markets.length > 1 ? [{ kind: "heading", text: market.dataset.name } as const] : []),
      ...blocksOf(market, days),
    ]),
    data: { arms: markets.flatMap(armRows), gains: markets.flatMap(gainRows) },
    commands: repeatCommands(lab, "table5", runs, flags),
  };
}

/** What came of the market of a dataset. */
interface ShopMarket {
  readonly dataset: LabDataset;
  readonly runs: readonly TrainedRun[];
  readonly arms: readonly ArmTally[];
  readonly effects: readonly ArmEffects[];
}

function blocksOf(market: ShopMarket, days: number): ReportBlock[] {
  const { effects, dataset } = market;
  const users = effects.reduce((sum, arm) => sum + arm.users, 0);
  const impressions = effects.reduce((sum, arm) => sum + arm.impressions, 0);
  return [
    gainTable(market, `${count(users)} users and ${count(impressions)} impressions in ${days} days`),
    {
      kind: "figure",
      name: `gains-${dataset.slug}`,
      caption: "Gains over BaseModel, in percent, with 95 % intervals.",
      svg: intervalPlot(intervalRows(effects), { x: "gain over BaseModel, %" }),
    },
    { kind: "text", text: orderText(market) },
    powerTable(market),
    orderTable(market),
  ];
}

const labelOf = (name: string) => LABELS.get(name) ?? name;

/** "+12.90 %, 11.20 to 14.60". */
const intervalText = ({ value, low, high }: Gain) => `${percent(value)} (${percent(low)} to ${percent(high)})`;

function leadOf({ arms, effects }: ShopMarket): string {
  const of = (name: string) => effects.find(({ arm }) => arm === name)!;
  const [ours, other, best] = [dien, din].map(({ name }) => of(name)).concat(of(ORACLE));
  const said = [ours, other].map(({ arm, gains }) => {
    return `${labelOf(arm)} has ${intervalText(gains!.ctr)} CTR and ${intervalText(gains!.ecpm)} eCPM over BaseModel`;
  });
  const reached = share(ours.gains!.ecpm.value / best.gains!.ecpm.value);
  return `${said.join(", ")}; ${labelOf(dien.name)} earns ${reached} of what there is to gain. ${verdict(arms)}`;
}

/** Whether each model is ahead of the one before, in what counts; where one is not, by how much that is uncertain. */
function verdict(arms: readonly ArmTally[]): string {
  const pairs = [
    [din, base],
    [dien, din],
  ] as const;
  const problems = pairs.flatMap(([ahead, behind]) => {
    const two = [behind, ahead].map(({ name }) => arms.find(({ arm }) => arm === name)!);
    const [, { gains }] = effectsOf(two);
    return (["ctr", "ecpm"] as const).flatMap((name) => {
      const gain = gains![name];
      if (gain.low > 0) return [];
      const why =
        gain.high < 0
          ? `${ahead.label}'s clicks cost ${percent(gains!.ppc.value)}, and it has ${percent(gains!.ctr.value)} of them`
          : `so many users show a gain of ${percent(gain.smallest)} with a probability of 80 %`;
      return `${ahead.label}'s ${DESCRIBED[name].title} is ${intervalText(gain)} against ${behind.label}'s: ${why}.`;
    });
  });
  if (problems.length === 0) return "DIEN is ahead of DIN, and DIN of BaseModel, in CTR and in eCPM.";
  return `Not every model is ahead for certain: ${problems.join(" ")}`;
}

function gainTable({ effects, dataset }: ShopMarket, size: string): ReportBlock {
  const rows = effects.map(({ arm, values, gains }): TableCell[] => [
    labelOf(arm),
    ...METRIC_NAMES.flatMap((name): TableCell[] => {
      const value = name === "ecpm" ? rounded(values[name], 1) : metric(values[name]);
      const paper = onlineData[arm]?.[name];
      const gain = gains?.[name];
      return [
        value,
        gain ? { text: percent(gain.value), note: `${percent(gain.low)} to ${percent(gain.high)}` } : null,
        paper === undefined ? null : percent(paper),
      ];
    }),
  ]);
  return {
    kind: "table",
    name: `online-${dataset.slug}`,
    caption: `Online metrics and their gains over BaseModel, with 95 % intervals: ${size}. CTR is clicks per impression, PPC revenue per click, eCPM revenue per thousand impressions; ratios of sums over users, their variance by the delta method. The paper's values are of display advertising at Taobao in June and July 2018.`,
    head: ["", ...METRIC_NAMES.flatMap((name) => [DESCRIBED[name].title, "gain", "paper"])],
    rows,
  };
}

function powerTable({ effects, dataset }: ShopMarket): ReportBlock {
  const rows = effects.flatMap(({ arm, gains }) =>
    gains === undefined
      ? []
      : METRIC_NAMES.map((name): TableCell[] => {
          const { value, p, adjusted, smallest } = gains[name];
          return [labelOf(arm), DESCRIBED[name].title, percent(value), pValue(p), pValue(adjusted), percent(smallest)];
        }),
  );
  return {
    kind: "table",
    name: `power-${dataset.slug}`,
    caption:
      "How certain the gains are: Welch's t test, read once at the end; Holm's correction is for all rows together. A gain of the last column is seen with a probability of 80 %.",
    head: ["", "metric", "gain", "p", "p (Holm)", "seen with 80 % power"],
    rows,
  };
}

/** Offline and online, model by model. */
function orderTable({ effects, dataset, runs }: ShopMarket): ReportBlock {
  const best = effects.find(({ arm }) => arm === ORACLE)!;
  const part = (gain: number | undefined, of: number) => (gain === undefined ? null : share(gain / of));
  const rows = effects.map(({ arm, values, trueCtr, gains, trueCtrGain }): TableCell[] => [
    labelOf(arm),
    metric(aucOf(arm, runs, dataset)),
    ...[metric(values.ctr), metric(trueCtr), rounded(values.ecpm, 1)],
    part(trueCtrGain, best.trueCtrGain!),
    part(gains?.ecpm.value, best.gains!.ecpm.value),
  ]);
  return {
    kind: "table",
    name: `order-${dataset.slug}`,
    caption:
      "Offline against online. True CTR is the mean of the true click probabilities of what was shown: CTR without the luck of single clicks. The last two columns are gains over BaseModel as shares of what the oracle gains.",
    head: ["", "test AUC", "CTR", "true CTR", "eCPM", "of the gain in true CTR", "of the gain in eCPM"],
    rows,
  };
}

/** The test AUC of an arm's run; of the oracle that of the true probabilities. */
function aucOf(arm: string, runs: readonly TrainedRun[], { manifest }: LabDataset): number {
  const run = runs.find(({ variant }) => variant.name === arm);
  return run?.summary.test.auc ?? manifest.ceilingAuc ?? Number.NaN;
}

/** Whether the order of the AUC is that of what users do. */
function orderText({ effects, dataset, runs }: ShopMarket): string {
  const by = (value: (one: ArmEffects) => number) =>
    [...effects].sort((a, b) => value(b) - value(a)).map(({ arm }) => labelOf(arm));
  const offline = by(({ arm }) => aucOf(arm, runs, dataset)).join(", ");
  const said = (["ctr", "ecpm"] as const).map((name) => {
    const online = by(({ values }) => values[name]).join(", ");
    return online === offline
      ? `The order by ${DESCRIBED[name].title} is the same.`
      : `By ${DESCRIBED[name].title} it is ${online}.`;
  });
  return `By test AUC the order is ${offline}. ${said.join(" ")}`;
}

function intervalRows(effects: readonly ArmEffects[]) {
  return METRIC_NAMES.flatMap((name) =>
    effects.flatMap(({ arm, gains }) => {
      if (gains === undefined) return [];
      const { value, low, high } = gains[name];
      const row = { mean: 100 * value, low: 100 * low, high: 100 * high, points: [] };
      return [{ group: DESCRIBED[name].title, name: labelOf(arm), ...row }];
    }),
  );
}

function armRows({ dataset, arms, effects, runs }: ShopMarket) {
  return arms.map(({ arm, impressions, clicks, revenue, users }, i) => ({
    ...{ dataset: dataset.name, arm, auc: aucOf(arm, runs, dataset), users: users.length },
    ...{ impressions, clicks, revenue, ...effects[i].values, true_ctr: effects[i].trueCtr },
  }));
}

function gainRows({ dataset, effects }: ShopMarket) {
  return effects.flatMap(({ arm, gains }) =>
    Object.entries(gains ?? {}).map(([name, gain]) => ({ dataset: dataset.name, arm, metric: name, ...gain })),
  );
}
