/** Options of scoring a dataset with a run. */
import { z } from "zod";
import { CALIBRATION_METHODS } from "../calibration/calibrator.ts";
import { SPLITS } from "../dataset/dataset.ts";
import { machineOptions } from "../engine/machine.ts";
import { text, toggle } from "../options/pieces.ts";

const on = {
  run: text("folder", "run, made by `dien train`"),
  data: text("folder", "dataset with the fields of the one the run was trained on"),
};

/** Of whatever gives probabilities. */
export const calibrated = toggle("calibrated probabilities, of a run that `dien calibrate` has calibrated");

export const evaluateOptions = z.strictObject({
  ...on,
  split: z.enum(SPLITS).describe("which samples").default("test"),
  against: text("run", "another run, to test whether the difference between the two AUCs is significant").optional(),
  calibration: toggle("predicted and observed clicks by score"),
  calibrated,
  ...machineOptions.shape,
});

const share = z.number().gt(0);

export const calibrateOptions = z
  .strictObject({
    ...on,
    method: z
      .enum(["auto", ...CALIBRATION_METHODS])
      .describe("how scores become probabilities; auto takes the best in cross-validation")
      .default("auto"),
    rate: share
      .max(1)
      .describe("negatives in the data for each one that there was, where they were drawn (default: 1)")
      .optional(),
    baseRate: share.lt(1).describe("share of impressions that are clicked, to find the rate by").optional(),
    ...machineOptions.shape,
  })
  .superRefine(({ rate, baseRate }, context) => {
    if (rate === undefined || baseRate === undefined) return;
    const message = "expected none beside a rate, as one follows from the other";
    context.addIssue({ code: "custom", path: ["baseRate"], input: baseRate, message });
  });
