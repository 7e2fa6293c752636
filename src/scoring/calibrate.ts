/** Calibrating a run: a fit to its scores of the validation samples, kept beside its model and tried on the test samples. */
import type { z } from "zod";
import { type CalibrationMethod, type Calibrator, calibrateAll } from "../calibration/calibrator.ts";
import { bestOf, crossValidate, fitMethod, type Tried } from "../calibration/fit.ts";
import { rateOf } from "../calibration/prior.ts";
import { drawsNegatives } from "../dataset/manifest.ts";
import { failure } from "../errors/failure.ts";
import type { Engine } from "../kernels/load.ts";
import { listener } from "../options/pieces.ts";
import { checkOptions } from "../options/problems.ts";
import { writeCalibration } from "../run/calibration.ts";
import { auc } from "../statistics/auc.ts";
import { calibrateOptions } from "./options.ts";
import { type Reliability, reliabilityOf } from "./reliability.ts";
import { type ScoredRun, type ScoreProgress, withRunOn } from "./scored-run.ts";

const calibrateArguments = calibrateOptions.safeExtend({ onProgress: listener });

export interface CalibrateOptions extends Readonly<z.input<typeof calibrateOptions>> {
  readonly onProgress?: ScoreProgress;
}

/** Probabilities of the test samples before and after, both compared with the clicks of the same traffic. */
export interface CalibrationTest {
  readonly samples: number;
  /** Of both: the order of scores stays. */
  readonly auc: number;
  readonly before: Reliability;
  readonly after: Reliability;
}

export interface CalibratedRun {
  /** The kernels that computed the scores. */
  readonly engine: Engine;
  /** SHA-256 of the calibration, and of the weights that it belongs to. */
  readonly sha256: string;
  readonly weights_sha256: string;
  readonly method: CalibrationMethod;
  readonly rate: number;
  /** Whether the dataset's negatives were drawn, so that probabilities are of the traffic only with the right rate. */
  readonly drawn: boolean;
  /** Validation samples that it was fitted on, and how many of them were clicked. */
  readonly samples: number;
  readonly clicks: number;
  /** Cross-validated on them, where the method was chosen. */
  readonly tried: readonly Tried[];
  /** Null where the dataset has no test samples. */
  readonly test: CalibrationTest | null;
}

/**
 * Fits a calibration to a run's best model on the validation samples of a dataset, and puts it into the run, in the place of
 * one before. Test samples have no part in it.
 * @throws UserError where an option cannot be used; as `scoreRun`; where no validation sample, or each of them, was clicked
 */
export async function calibrateRun(given: CalibrateOptions): Promise<CalibratedRun> {
  const { method: asked, rate, baseRate, ...on } = checkOptions("calibrateRun", calibrateArguments, given);
  const { onProgress } = given;
  return await withRunOn(on, async (opened) => {
    const { counts } = opened.manifest;
    const total = counts.valid + counts.test;
    const progress = (before: number) => (done: number) => onProgress?.(before + done, total);
    const valid = await opened.score("valid", progress(0));
    const clicks = valid.label.reduce((sum, label) => sum + (label > 0 ? 1 : 0), 0);
    const samples = valid.label.length;
    if (clicks === 0 || clicks === samples) {
      throw failure("run.uncalibratable", { path: on.data, clicks, samples });
    }
    const tried = asked === "auto" ? crossValidate(valid) : [];
    const method = asked === "auto" ? bestOf(tried) : asked;
    const calibrator = {
      fit: fitMethod(method, valid),
      rate: rate ?? (baseRate === undefined ? 1 : rateOf(valid, baseRate)),
    };
    const weights = await opened.weightsSha256();
    const document = { weights_sha256: weights, ...calibrator, samples, clicks, tried };
    const sha256 = await writeCalibration(on.run, document);
    const test = counts.test === 0 ? null : await opened.score("test", progress(counts.valid));
    return {
      ...{ sha256, weights_sha256: weights, method, rate: calibrator.rate, drawn: drawsNegatives(opened.manifest) },
      ...{ engine: opened.engine, samples, clicks, tried, test: test && testOf(test, calibrator) },
    };
  });
}

function testOf(scored: ScoredRun, calibrator: Calibrator): CalibrationTest {
  const { label, score, weight } = scored;
  return {
    samples: score.length,
    auc: auc(label, score, undefined, weight),
    before: reliabilityOf(scored, calibrator.rate),
    after: reliabilityOf({ ...scored, score: calibrateAll(calibrator, score) }, calibrator.rate),
  };
}
