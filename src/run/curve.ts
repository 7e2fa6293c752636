/**
 * Learning curves: the losses over a run, on training and on validation samples, as its log has them (figure 2 of
 * https://arxiv.org/abs/1809.03672).
 *
 * A training loss is a mean over the steps since the point before, each with the weights of its time; a validation loss
 * is that of all validation samples with the weights at the point. Validation has them where the run was trained with
 * `train.curve_steps`.
 */

import { existsSync } from "node:fs";
import { z } from "zod";
import { failure } from "../errors/failure.ts";
import { readLines } from "../lines.ts";
import { checkPath } from "../options/problems.ts";
import type { Losses } from "./losses.ts";
import { epochLine, stepLine } from "./metrics-log.ts";
import { parseOrNull, runFiles } from "./run-folder.ts";
import { checkFinished } from "./summary.ts";

const logLine = z.union([stepLine, epochLine]);

/** Losses at a place of a run. */
export interface CurvePoint {
  /** The epoch, from 1, and how many of its steps were done. */
  readonly epoch: number;
  readonly step: number;
  readonly part: "training" | "validation";
  /** Mean losses, without their weights. */
  readonly losses: Losses;
  /** Their weighted sum, which training minimises. */
  readonly total: number;
}

/**
 * The learning curve of a run, in the order of its log.
 * @throws UserError naming file and line where the log cannot be understood
 */
export async function readCurve(run: string): Promise<CurvePoint[]> {
  checkPath("readCurve", "run", run);
  const { metrics } = runFiles(run);
  if (!existsSync(metrics)) throw failure("run.lacks", { path: run, what: "log", reason: "there is no metrics.jsonl" });
  const points: CurvePoint[] = [];
  const { sha256 } = await readLines(metrics, ({ text, number }) => {
    const { data } = logLine.safeParse(parseOrNull(text));
    if (!data) throw failure("file.wrong-line", { path: metrics, line: number, expected: "a line of a training log" });
    if (!("step" in data)) return;
    const { epoch, step, losses, total_loss: total, valid } = data;
    points.push({ epoch, step, part: "training", losses, total });
    if (valid) points.push({ epoch, step, part: "validation", losses: valid.losses, total: valid.total_loss });
  });
  await checkFinished(run, "metrics", sha256);
  return points;
}
