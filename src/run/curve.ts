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
import { parseOrNull, runFiles } from "./run-folder.ts";

/** A line of metrics.jsonl that tells the losses after a step. The other lines are of whole epochs. */
const stepLine = z.object({
  epoch: z.int(),
  step: z.int(),
  loss: z.number(),
  auxiliary_loss: z.number(),
  valid: z.object({ loss: z.number(), auxiliary_loss: z.number() }).optional(),
  rate: z.number(),
});
const logLine = z.union([stepLine, z.object({ epoch: z.int(), train_loss: z.number() })]);

export type StepLine = z.input<typeof stepLine>;

/** Losses at a place of a run. */
export interface CurvePoint {
  /** The epoch, from 1, and how many of its steps were done. */
  readonly epoch: number;
  readonly step: number;
  readonly part: "training" | "validation";
  /** Mean losses, without weights: the whole loss is target + model.auxiliary.weight * auxiliary. */
  readonly target: number;
  readonly auxiliary: number;
}

/**
 * The learning curve of a run, in the order of its log.
 * @throws UserError naming file and line where the log cannot be understood
 */
export async function readCurve(run: string): Promise<CurvePoint[]> {
  const { metrics } = runFiles(run);
  if (!existsSync(metrics)) throw failure("run.lacks", { path: run, what: "log", reason: "there is no metrics.jsonl" });
  const points: CurvePoint[] = [];
  await readLines(metrics, (line, number) => {
    const { data } = logLine.safeParse(parseOrNull(line));
    if (!data) throw failure("file.wrong-line", { path: metrics, line: number, expected: "a line of a training log" });
    if (!("step" in data)) return;
    const { epoch, step, loss, auxiliary_loss, valid } = data;
    points.push({ epoch, step, part: "training", target: loss, auxiliary: auxiliary_loss });
    if (valid) {
      points.push({ epoch, step, part: "validation", target: valid.loss, auxiliary: valid.auxiliary_loss });
    }
  });
  return points;
}
