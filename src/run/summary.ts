/** summary.json: the outcome of a run. A run that has one is finished. */
import { existsSync } from "node:fs";
import { z } from "zod";
import { failure } from "../errors/failure.ts";
import { writeFileAside } from "../files/aside.ts";
import { readSealedJson, sealedJson } from "../files/sealed.ts";
import { ENGINES } from "../kernels/load.ts";
import { whatIsWrong } from "../options/problems.ts";
import { lossesSchema } from "./losses.ts";
import { runFiles } from "./run-folder.ts";
import { warmStartSchema } from "./warm-start.ts";

/** JSON has no NaN: a metric that is not defined is null there. */
const metric = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
/**
 * AUC, GAUC and logloss as they are reported; and the AUC of the samples whose candidate training knows, where some are of
 * others (older runs lack it).
 */
export const metricsSchema = z.object({
  ...{ auc: metric, gauc: metric, logloss: metric },
  known: z.object({ auc: metric, samples: z.int() }).exactOptional(),
});

export const epochSchema = z.object({
  /** Means over the epoch's steps. */
  losses: lossesSchema,
  valid_auc: metric,
  seconds: z.number(),
  /** Of them, those in which the threads waited for samples. */
  loading_seconds: z.number(),
  samples_per_s: z.number(),
});

export type EpochSummary = z.output<typeof epochSchema>;

/** The kernels that computed a run. Older runs call `wasm` `simd`, or have `relaxed`, which rounded otherwise. */
export const enginesSchema = z.array(
  z.enum([...ENGINES, "simd", "relaxed"]).transform((name) => (name === "simd" ? "wasm" : name)),
);

const summarySchema = z.object({
  model: z.string(),
  from: warmStartSchema.exactOptional(),
  seed: z.int(),
  /** Of the latest call that trained the run. */
  threads: z.int(),
  /** All that did. */
  engines: enginesSchema,
  /** Number of trained values. */
  parameters: z.int(),
  /** From 1; `valid` and `test` are those of this epoch. */
  best_epoch: z.int(),
  valid: metricsSchema,
  test: metricsSchema,
  epochs: z.array(epochSchema),
  weights_sha256: z.string(),
});

/** What the other files of the run hold, each as a checksum: the seal of a document, of tensors that of their header. */
const filesSchema = z.object({ model: z.string(), weights: z.string(), scores: z.string(), metrics: z.string() });
export type FinishedFiles = z.output<typeof filesSchema>;

const storedSchema = summarySchema.extend({ files: filesSchema });

/** NaN where a metric is not defined. */
export type ReportedMetrics = z.output<typeof metricsSchema>;

export interface TrainSummary extends Readonly<z.output<typeof summarySchema>> {
  /** Never there: it distinguishes a summary from an `Interruption`. */
  readonly interrupted?: undefined;
}

export async function writeSummary(run: string, summary: TrainSummary, files: FinishedFiles): Promise<void> {
  await writeFileAside(runFiles(run).summary, sealedJson({ ...summary, files }, 2));
}

/** The outcome of a finished run; undefined where it is not finished. Throws UserError where the file is damaged. */
export async function readSummary(run: string): Promise<TrainSummary | undefined> {
  const stored = await readStored(run);
  if (stored === undefined) return undefined;
  const { files: _, ...summary } = stored;
  return summary;
}

/**
 * Looks whether a file of a run is the one that its summary is about, given its checksum; of a run that has not finished it
 * may be any.
 * @throws UserError where it is another
 */
export async function checkFinished(run: string, file: keyof FinishedFiles, sum: string): Promise<void> {
  const stored = await readStored(run);
  if (stored === undefined || stored.files[file] === sum) return;
  const { [file]: path, summary } = runFiles(run);
  throw failure("file.damaged", { path, problem: `it is not the file that ${summary} is about` });
}

async function readStored(run: string): Promise<z.output<typeof storedSchema> | undefined> {
  const { summary: path } = runFiles(run);
  if (!existsSync(path)) return undefined;
  const { value } = await readSealedJson(path);
  const parsed = storedSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw failure("file.damaged", { path, problem: whatIsWrong(storedSchema, value) });
}
