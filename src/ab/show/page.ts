/** A report of an experiment as a folder: a page, figures, data. */
import { effectRows, effectTimeline } from "../../report/plots/effects.ts";
import type { Report, ReportBlock } from "../../report/report.ts";
import { writeReport } from "../../report/write.ts";
import { DESCRIBED } from "../analysis/metrics.ts";
import type { AbReport, DayResult } from "../analysis/result.ts";
import { headline, type ReportTable, readingOf, reportTables } from "./tables.ts";

/**
 * Writes the report of an experiment into a folder.
 * @param command what repeats it
 * @throws UserError where that cannot be done
 */
export async function writeAbReport(folder: string, report: AbReport, command: string): Promise<void> {
  await writeReport(folder, abReport(report, command));
}

function abReport(report: AbReport, command: string): Report {
  const { experiment, verdict, arms, effects, segments, upToDay, byDay } = report;
  const table = (name: string) =>
    reportTables(report)
      .filter((one) => one.name === name)
      .map(tableBlock);
  const heading = (text: string): ReportBlock => ({ kind: "heading", text });
  return {
    name: "ab",
    title: experiment === null ? "A/B test" : `A/B test ${literal(experiment)}`,
    lead: literal(capital(verdict.sentence)),
    blocks: [
      { kind: "text", text: literal(headline(report)) },
      findingsBlock(report),
      heading("Arms"),
      ...table("arms"),
      heading("Effects"),
      { kind: "text", text: readingOf(report) },
      ...table("effects"),
      effectsFigure(report),
      heading("Over time"),
      timeFigure(report, "up-to-day", upToDay, "Lift by all impressions up to each day. The last one is the result."),
      timeFigure(report, "by-day", byDay, "Lift by the impressions of each day alone: does what is new wear off?"),
      ...(segments.length === 0 ? [] : [heading("Segments"), segmentsFigure(report), ...table("segments")]),
    ],
    data: {
      arms: arms.map(({ metrics, ...arm }) => ({ ...arm, ...metrics })),
      effects: effects.map(({ fixed, sequential, ...effect }) => ({
        ...effect,
        ...{ fixed_low: fixed.low, fixed_high: fixed.high, fixed_p: fixed.p },
        ...{ sequential_low: sequential.low, sequential_high: sequential.high, sequential_p: sequential.p },
      })),
      "up-to-day": upToDay.map((row) => ({ ...row })),
      "by-day": byDay.map((row) => ({ ...row })),
      segments: segments.map((row) => ({ ...row })),
    },
    commands: [command],
  };
}

const capital = (text: string) => `${text[0].toUpperCase()}${text.slice(1)}`;

/** Backticks mark code in a report; in a name from the data they must not. */
const literal = (text: string) => text.replaceAll("`", "ˋ");

function tableBlock({ name, caption, head, rows }: ReportTable): ReportBlock {
  return { kind: "table", name, caption: literal(caption), head, rows: rows.map((row) => row.map(literal)) };
}

function findingsBlock({ findings }: AbReport): ReportBlock {
  if (findings.length === 0) return { kind: "text", text: "No check found anything." };
  return {
    kind: "table",
    name: "findings",
    caption: "What the checks found, the most severe first. A `grave` finding stops the verdict.",
    head: ["finding", ""],
    rows: findings.map(({ level, message }) => [literal(message), { text: level, strong: level === "grave" }]),
  };
}

function effectsFigure({ effects, control }: AbReport): ReportBlock {
  const rows = effects.map(({ arm, metric, lift, low, high }) => {
    return { group: "", name: DESCRIBED[metric].title, series: arm, value: lift, low, high };
  });
  const svg = effectRows(rows, { x: `lift over ${control}` });
  return { kind: "figure", name: "effects-figure", caption: "Lifts with their intervals.", svg };
}

function timeFigure(report: AbReport, name: string, rows: readonly DayResult[], caption: string): ReportBlock {
  const points = rows.map(({ arm, day, lift, low, high }) => {
    return { series: arm, time: Date.parse(day), value: lift, low, high };
  });
  const y = `lift of ${DESCRIBED[report.metric].title} over ${report.control}`;
  return { kind: "figure", name, caption, svg: effectTimeline(points, { y }) };
}

function segmentsFigure({ segments, metric, control }: AbReport): ReportBlock {
  const rows = segments.map(({ field, value, arm, lift, low, high }) => {
    return { group: field, name: value ?? "(none)", series: arm, value: lift, low, high };
  });
  const x = `lift of ${DESCRIBED[metric].title} over ${control}`;
  const caption = "Exploration: lifts by segment, with intervals that are not adjusted for how many there are.";
  return { kind: "figure", name: "segments-figure", caption, svg: effectRows(rows, { x }) };
}
