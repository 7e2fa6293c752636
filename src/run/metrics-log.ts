/** metrics.jsonl, the log of a run: a line of losses every so many steps, and a line for each epoch with its validation. */
import { existsSync } from "node:fs";
import { stat, truncate } from "node:fs/promises";
import { z } from "zod";
import { failure } from "../errors/failure.ts";
import { writeFileAside } from "../files/aside.ts";
import { appendLine } from "../files/plain.ts";
import { measuredSchema } from "./losses.ts";
import { runFiles } from "./run-folder.ts";
import { metricsSchema } from "./summary.ts";

/** The mean losses of the steps since the line before and, for a learning curve, those on validation samples. */
export const stepLine = measuredSchema.extend({
  epoch: z.int(),
  step: z.int(),
  valid: measuredSchema.optional(),
  rate: z.number(),
});
/** The mean losses of an epoch, and the metrics on validation samples after it. */
export const epochLine = measuredSchema.extend({ epoch: z.int(), valid: metricsSchema });

export type StepLine = z.output<typeof stepLine>;
export type EpochLine = z.output<typeof epochLine>;

/** The log of a run. Its length in bytes is part of a checkpoint, so a resumed run's log is that of an unbroken one. */
export class MetricsLog {
  readonly #path: string;
  bytes: number;

  private constructor(path: string, bytes: number) {
    this.#path = path;
    this.bytes = bytes;
  }

  /**
   * Opens the log of a run at `bytes`, dropping what was logged after.
   * @throws UserError where the log is shorter than that: it belongs to another state of the run
   */
  static async open(run: string, bytes: number): Promise<MetricsLog> {
    const { metrics } = runFiles(run);
    if (bytes === 0) await writeFileAside(metrics, "");
    else {
      const size = existsSync(metrics) ? (await stat(metrics)).size : 0;
      if (size < bytes) {
        throw failure("file.damaged", { path: metrics, problem: `expected ${bytes} bytes of log, found ${size}` });
      }
      await truncate(metrics, bytes);
    }
    return new MetricsLog(metrics, bytes);
  }

  async append(record: StepLine | EpochLine): Promise<void> {
    const line = JSON.stringify(record);
    await appendLine(this.#path, line);
    this.bytes += Buffer.byteLength(line) + 1;
  }
}
