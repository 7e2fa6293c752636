/** Trials of a search that ended without a model, as `stopped.json` in the run's folder tells. They are not tried again. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { readJson, writeFileAside } from "../files.ts";
import type { FailureReason } from "../run/failure.ts";
import { epochSchema } from "../run/summary.ts";

/** How a trial ended: given up by the search before its last epoch, or by a failure of its settings. */
export interface Stop {
  readonly reason: "early" | FailureReason;
  /** Validation AUC of the epochs that it finished. */
  readonly validAuc: readonly number[];
}

const stopSchema = z.object({
  valid_auc: z.array(epochSchema.shape.valid_auc),
  reason: z.enum(["early", "diverged", "too large"]).default("early"),
});

const fileOf = (run: string) => join(run, "stopped.json");

/** How the trial in a folder ended; undefined where it did not end like that. */
export async function readStop(run: string): Promise<Stop | undefined> {
  const path = fileOf(run);
  if (!existsSync(path)) return undefined;
  const { data, error } = stopSchema.safeParse(await readJson(path));
  if (!data) throw new UserError(`${path} is damaged: ${error.issues[0].message}`);
  return { reason: data.reason, validAuc: data.valid_auc };
}

export async function writeStop(run: string, { reason, validAuc }: Stop): Promise<void> {
  await writeFileAside(fileOf(run), `${JSON.stringify({ valid_auc: validAuc, reason })}\n`);
}
