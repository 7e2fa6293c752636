/** A replay as a folder: a page, a figure, data. */
import { effectRows } from "../../report/plots/effects.ts";
import type { ReportBlock } from "../../report/report.ts";
import { writeReport } from "../../report/write.ts";
import type { ReplayResult } from "./result.ts";
import { ESTIMATOR, REWARD, replayTables } from "./show.ts";

/**
 * Writes a replay into a folder.
 * @param command what repeats it
 * @throws UserError where that cannot be done
 */
export async function writeReplay(folder: string, result: ReplayResult, command: string): Promise<void> {
  const { verdict, findings, rewards, weights } = result;
  const rows = rewards.flatMap(({ reward, estimates }) =>
    estimates.map(({ estimator, lift }) => {
      return { group: "", name: REWARD[reward].title, series: ESTIMATOR[estimator], ...lift };
    }),
  );
  const figure: ReportBlock = {
    ...{ kind: "figure", name: "lifts", caption: "Lifts over the log, with 95 % intervals." },
    svg: effectRows(rows, { x: "lift over the log" }),
  };
  await writeReport(folder, {
    ...{ name: "replay", title: "What another policy would have earned", lead: sentence(verdict) },
    blocks: [
      ...findings.map(({ level, message }): ReportBlock => ({ kind: "text", text: sentence(`${level}: ${message}`) })),
      ...replayTables(result).map((one): ReportBlock => ({ kind: "table", ...one })),
      figure,
    ],
    data: {
      estimates: rewards.flatMap(({ reward, logged, estimates }) => [
        { reward, estimator: "logged", ...logged },
        ...estimates.map(({ estimator, lift, ...value }) => {
          return { reward, estimator, ...value, lift: lift.value, lift_low: lift.low, lift_high: lift.high, p: lift.p };
        }),
      ]),
      weights: [{ ...weights, mean: weights.mean.value }],
    },
    commands: [command],
  });
}

const sentence = (text: string) => `${text[0].toUpperCase()}${text.slice(1)}.`;
