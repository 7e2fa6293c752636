/** metrics.jsonl, the log of a run: a line of losses every so many steps, and a line for each epoch with its validation. */
import { createHash, type Hash } from "node:crypto";
import { truncate } from "node:fs/promises";
import { z } from "zod";
import { failure } from "../errors/failure.ts";
import { flush, writeFileAside } from "../files/aside.ts";
import { hashFile } from "../files/digest.ts";
import { fileError } from "../files/failures.ts";
import { appendLine } from "../files/plain.ts";
import { ENGINES } from "../kernels/load.ts";
import { measuredSchema } from "./losses.ts";
import { runFiles } from "./run-folder.ts";
import { metricsSchema } from "./summary.ts";

/** The kernels that computed up to a line; older runs lack it. */
const engine = z.enum(ENGINES).exactOptional();

/** The mean losses of the steps since the line before and, for a learning curve, those on validation samples. */
export const stepLine = measuredSchema.extend({
  epoch: z.int(),
  step: z.int(),
  valid: measuredSchema.optional(),
  rate: z.number(),
  engine,
});
/** The mean losses of an epoch, and the metrics on validation samples after it. */
export const epochLine = measuredSchema.extend({ epoch: z.int(), valid: metricsSchema, engine });

export type StepLine = z.output<typeof stepLine>;
export type EpochLine = z.output<typeof epochLine>;

/** A log up to a place: its length, and the SHA-256 of these bytes. */
export const logStateSchema = z.object({ bytes: z.int().nonnegative(), sha256: z.string() });
export type LogState = z.output<typeof logStateSchema>;

/** Of a log that holds nothing. */
export const EMPTY_LOG: LogState = { bytes: 0, sha256: createHash("sha256").digest("hex") };

/**
 * The log of a run. Its state is part of a checkpoint, so a resumed run's log is that of an unbroken one, but for the
 * engines that its lines name.
 */
export class MetricsLog {
  readonly #path: string;
  readonly #hash: Hash;
  #bytes: number;

  private constructor(path: string, hash: Hash, bytes: number) {
    this.#path = path;
    this.#hash = hash;
    this.#bytes = bytes;
  }

  /**
   * Opens the log of a run where it was at `state`, dropping what was logged after.
   * @throws UserError where it holds something else up to there
   */
  static async open(run: string, state: LogState): Promise<MetricsLog> {
    const { metrics } = runFiles(run);
    if (state.bytes === 0) {
      await writeFileAside(metrics, "");
      return new MetricsLog(metrics, createHash("sha256"), 0);
    }
    const { bytes, hash } = await hashFile(metrics, state.bytes);
    checkLog(metrics, { bytes, sha256: hash.copy().digest("hex") }, state);
    await truncate(metrics, bytes).catch((error) => {
      throw fileError(error, "write", metrics);
    });
    return new MetricsLog(metrics, hash, bytes);
  }

  async append(record: StepLine | EpochLine): Promise<void> {
    const line = JSON.stringify(record);
    await appendLine(this.#path, line);
    this.#hash.update(`${line}\n`);
    this.#bytes += Buffer.byteLength(line) + 1;
  }

  /** Waits until all lines are on the disk. */
  async flush(): Promise<void> {
    await flush(this.#path).catch((error) => {
      throw fileError(error, "write", this.#path);
    });
  }

  get state(): LogState {
    return { bytes: this.#bytes, sha256: this.#hash.copy().digest("hex") };
  }
}

/** @throws UserError where a log is another than it was */
export function checkLog(path: string, found: LogState, expected: LogState): void {
  if (found.bytes < expected.bytes) {
    throw failure("file.damaged", { path, problem: `expected ${expected.bytes} bytes of log, found ${found.bytes}` });
  }
  if (found.sha256 === expected.sha256) return;
  const problem = "its lines are not those that were logged: it was changed or damaged";
  throw failure("file.damaged", { path, problem });
}
