/**
 * calibration.json of a run, beside the model: what makes calibrated probabilities of its scores (src/calibration). It
 * belongs to certain weights, which it names; with any others it is refused.
 */
import { existsSync } from "node:fs";
import { z } from "zod";
import { CALIBRATION_METHODS, type Calibrator } from "../calibration/calibrator.ts";
import type { Tried } from "../calibration/fit.ts";
import { failure } from "../errors/failure.ts";
import { writeFileAside } from "../files/aside.ts";
import { readSealedJson, sealedJson, sealOf } from "../files/sealed.ts";
import { whatIsWrong } from "../options/problems.ts";
import { checkVersion } from "./format-version.ts";
import { runFiles } from "./run-folder.ts";

const HEADER = { format: "dien-calibration", version: 1 } as const;

/** A fit bends, and never turns. */
const slope = z.number().min(0);
const increasing = z
  .array(z.number())
  .min(1)
  .refine((values) => values.every((value, i) => i === 0 || value > values[i - 1]), "expected increasing numbers");
const haveSameLength = ({ scores, clicks }: { scores: readonly number[]; clicks: readonly number[] }) =>
  scores.length === clicks.length;

const fitSchema = z.discriminatedUnion("method", [
  z.strictObject({ method: z.literal("platt"), slope: z.number().positive(), intercept: z.number() }),
  z.strictObject({ method: z.literal("beta"), a: slope, b: slope, c: z.number() }),
  z
    .strictObject({ method: z.literal("isotonic"), scores: increasing, clicks: increasing })
    .refine(haveSameLength, "expected as many clicks as scores"),
]);

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const documentSchema = z.strictObject({
  format: z.literal(HEADER.format),
  version: z.literal(HEADER.version),
  /** SHA-256 of the weights whose scores it is for, as training reports it. */
  weights_sha256: sha256,
  fit: fitSchema,
  /** Negatives drawn for each one that there was. */
  rate: z.number().positive(),
  /** Of the samples that it was fitted on: how many, and how many of them were clicked. */
  samples: z.int().min(1),
  clicks: z.int().min(1),
  /** Cross-validated logloss of each method that was tried; lowest is best. */
  tried: z.array(z.strictObject({ method: z.enum(CALIBRATION_METHODS), logloss: z.number() })),
});

/** What a calibration says of itself. */
export interface StoredCalibration extends Calibrator {
  readonly weights_sha256: string;
  readonly samples: number;
  readonly clicks: number;
  readonly tried: readonly Tried[];
}

/** A calibration as it lies in a run. */
export interface RunCalibration extends StoredCalibration {
  /** Its seal, which tells it from any other. */
  readonly sha256: string;
}

/** Puts a calibration beside the model of a run, in the place of one before; returns its seal. */
export async function writeCalibration(run: string, calibration: StoredCalibration): Promise<string> {
  const text = sealedJson({ ...HEADER, ...calibration }, 2);
  await writeFileAside(runFiles(run).calibration, text);
  return sealOf(text);
}

/**
 * The calibration of a run.
 * @param weights SHA-256 of the weights that are to be calibrated
 * @throws UserError where there is none, it is damaged, or it belongs to other weights
 */
export async function readCalibration(run: string, weights: string): Promise<RunCalibration> {
  const calibration = await readAnyCalibration(run);
  if (calibration.weights_sha256 === weights) return calibration;
  const { calibration: path } = runFiles(run);
  throw failure("run.other-calibration", { path, expected: weights, found: calibration.weights_sha256 });
}

/** As `readCalibration`, whatever weights it belongs to. */
export async function readAnyCalibration(run: string): Promise<RunCalibration> {
  const { calibration: path } = runFiles(run);
  if (!existsSync(path)) {
    throw failure("run.lacks", { path: run, what: "calibration", reason: "there is no model/calibration.json" });
  }
  const { value, sha256 } = await readSealedJson(path, (value) => checkVersion(path, HEADER, value));
  const { data } = documentSchema.safeParse(value);
  if (data === undefined) throw failure("file.damaged", { path, problem: whatIsWrong(documentSchema, value) });
  const { format: _, version: __, ...calibration } = data;
  return { ...calibration, sha256 };
}
