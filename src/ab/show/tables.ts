/** A report of an experiment as tables of text, for the terminal and for the page. */
import { count, percent, pValue } from "../../format.ts";
import { type AbMetric, DESCRIBED, METRICS } from "../analysis/metrics.ts";
import type { AbReport, ArmResult, EffectResult, Interval } from "../analysis/result.ts";
import { counted } from "../analysis/words.ts";

export interface ReportTable {
  readonly name: string;
  readonly caption: string;
  /** The first column names the row. */
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const NONE = "n/a";

export function reportTables(report: AbReport): ReportTable[] {
  return [armsTable(report), effectsTable(report), ...(report.segments.length === 0 ? [] : [segmentsTable(report)])];
}

/** Where the numbers are from, in a sentence. */
export function headline({
  experiment,
  from,
  to,
  users,
  arms,
  windowHours,
  attribution,
  usersBefore,
}: AbReport): string {
  const name = experiment === null ? "The experiment" : `Experiment ${experiment}`;
  const impressions = arms.reduce((sum, arm) => sum + arm.impressions, 0);
  const followed = attribution === "impression" ? "the impression that they name" : "their user's latest impression";
  const before =
    usersBefore === null ? "" : ` What ${count(usersBefore)} of them did before is taken out of lifts (CUPED).`;
  return `${name}: ${counted(users, "user")} and ${counted(impressions, "impression")}, ${from.slice(0, 10)} to ${to.slice(0, 10)} (UTC); outcomes within ${windowHours} hours count for ${followed}.${before}`;
}

/** How to read the intervals, and what is recommended. */
export function readingOf({ reading, tuning }: AbReport): string {
  return reading === "fixed"
    ? "Intervals are for one reading, at an end that was set before the start. Whoever looks earlier or more often reads always-valid ones, which is what we recommend."
    : `Intervals are always-valid: they hold however often one looks and whenever one stops. They are narrowest at ${count(tuning)} users.`;
}

function armsTable({ arms, control }: AbReport): ReportTable {
  const titles = METRICS.map((metric) => DESCRIBED[metric].title);
  return {
    name: "arms",
    caption: `Arms, ${control} being the control.`,
    head: ["arm", "users", "impressions", "clicks", "revenue", ...titles],
    rows: arms.map((arm) => [
      arm.arm,
      ...[arm.users, arm.impressions, arm.clicks].map(count),
      amount(arm.revenue),
      ...METRICS.map((metric) => metricText(arm, metric)),
    ]),
  };
}

function effectsTable(report: AbReport): ReportTable {
  const { effects, control, alpha, metric } = report;
  const level = `${Number((100 * (1 - alpha)).toFixed(4))} %`;
  return {
    name: "effects",
    caption: `Lifts over ${control}. By Holm, p allows for all arms: that of ${DESCRIBED[metric].title}, on which the verdict rests, for itself; those of the others together.`,
    head: ["metric", "arm", "lift", `${level} interval`, "p", "p by Holm", "smallest seen"],
    rows: effects.map((one) => [
      DESCRIBED[one.metric].title,
      one.arm,
      percent(one.lift),
      intervalOf(one),
      p(one.p),
      p(one.adjustedP),
      smallest(one),
    ]),
  };
}

function segmentsTable({ segments, metric, control }: AbReport): ReportTable {
  return {
    name: "segments",
    caption: `Exploration: lifts of ${DESCRIBED[metric].title} over ${control} by segment. Among many values some look good by chance: a hint for a next experiment, no result of this one.`,
    head: ["segment", "arm", "users", "lift", "interval", "p by Holm"],
    rows: segments.map((one) => [
      `${one.field} = ${one.value ?? "(none)"}`,
      one.arm,
      count(one.users),
      percent(one.lift),
      intervalOf(one),
      p(one.adjustedP),
    ]),
  };
}

function metricText({ metrics }: ArmResult, metric: AbMetric): string {
  return amount(metrics[metric]);
}

/** Four significant digits: rates and amounts of money are of any size. */
function amount(value: number): string {
  if (!Number.isFinite(value)) return NONE;
  return value >= 10_000 ? count(value) : String(Number(value.toPrecision(4)));
}

function intervalOf({ low, high }: Interval): string {
  return Number.isFinite(low) && Number.isFinite(high) ? `${percent(low)} to ${percent(high)}` : NONE;
}

const p = (value: number) => (Number.isFinite(value) ? pValue(value) : NONE);

function smallest(one: EffectResult): string {
  return Number.isFinite(one.smallest) ? `${(100 * one.smallest).toFixed(2)} %` : NONE;
}
