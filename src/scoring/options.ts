/** Options of scoring a dataset with a run. */
import { z } from "zod";
import { SPLITS } from "../dataset/dataset.ts";
import { machineOptions } from "../engine/machine.ts";
import { text, toggle } from "../options/pieces.ts";

export const evaluateOptions = z.strictObject({
  run: text("folder", "run, made by `dien train`"),
  data: text("folder", "dataset with the fields of the one the run was trained on"),
  split: z.enum(SPLITS).describe("which samples").default("test"),
  against: text("run", "another run, to test whether the difference between the two AUCs is significant").optional(),
  calibration: toggle("predicted and observed clicks by score"),
  ...machineOptions.shape,
});
