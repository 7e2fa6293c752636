/** A plan as a page: its tables, and how power grows with the lift. */
import { count, percent, share } from "../../format.ts";
import { powerPlot } from "../../report/plots/power.ts";
import type { Report, ReportBlock } from "../../report/report.ts";
import { writeReport } from "../../report/write.ts";
import { DESCRIBED } from "../analysis/metrics.ts";
import { counted } from "../analysis/words.ts";
import type { Baseline } from "./baseline.ts";
import { type ExperimentPlan, HORIZONS, powerAfter } from "./plan.ts";
import { clusteringSentence, PLAN_HEAD, planCells } from "./words.ts";

/** Durations whose power is drawn, as parts of that of the plan. */
const DURATIONS = [0.5, 1, 2];
const POINTS = 60;

/**
 * Writes the page and what belongs to it into a folder.
 * @param command that makes it again
 */
export async function writePlan(
  folder: string,
  plan: ExperimentPlan,
  baseline: Baseline,
  command: string,
): Promise<void> {
  await writeReport(folder, planReport(plan, baseline, command));
}

function planReport(plan: ExperimentPlan, baseline: Baseline, command: string): Report {
  const { metrics, days, lift, power, alpha, arms } = plan;
  const rows = metrics.flatMap(({ metric, readings }) => {
    const farthest = Math.max(2 * lift, ...readings.map(({ smallestLift }) => 1.5 * (smallestLift ?? 0)));
    const lifts = Array.from({ length: POINTS + 1 }, (_, i) => (farthest * i) / POINTS);
    return DURATIONS.map((part) => Math.max(1, Math.round(part * days))).flatMap((duration) =>
      HORIZONS.flatMap((horizon) =>
        lifts.map((x) => ({
          ...{ metric, horizon, lift: x, series: counted(duration, "day") },
          power: powerAfter(baseline, plan, metric, horizon, duration, x),
        })),
      ),
    );
  });
  const titled = rows.map((row) => ({ ...row, metric: DESCRIBED[row.metric].title }));
  const comparisons = arms === 2 ? "" : `, in ${arms - 1} comparisons together`;
  return {
    name: "plan",
    title: "Plan of an experiment",
    lead: `In ${counted(days, "day")} ${count(plan.users)} users take part, in ${arms} arms. The table says after how many days a lift of ${percent(lift)} is seen with probability ${share(power)}, and the smallest lift that is seen so after ${days}.`,
    blocks: [
      planTable(plan),
      {
        kind: "figure",
        name: "power",
        caption: `The probability that a lift is seen, with ${share(alpha)} false alarms${comparisons}. Sequential readings may be looked at on any day; theirs is the power of the last look alone.`,
        svg: powerPlot(titled, { lift, power }),
      },
      { kind: "text", text: `From ${plan.source.replaceAll("`", "ˋ")}. ${clusteringSentence(plan)}` },
    ],
    data: { plan: planRows(plan), power: rows },
    commands: [command],
  };
}

function planTable(plan: ExperimentPlan): ReportBlock {
  const { lift, days, power } = plan;
  const caption = `Users and days for a lift of ${percent(lift)}, and the smallest lift in ${counted(days, "day")}, each seen with probability ${share(power)}. With fewer than the least users, intervals do not hold what they promise.`;
  return { kind: "table", name: "plan", caption, head: PLAN_HEAD, rows: planCells(plan) };
}

function planRows({ metrics }: ExperimentPlan) {
  return metrics.flatMap(({ readings, ...metric }) => readings.map((reading) => ({ ...metric, ...reading })));
}
