/** Fits against independent numbers, and what must hold of each: the order of scores stays. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CALIBRATION_METHODS, type Calibrator, calibrateAll, calibrateWith } from "../../src/calibration/calibrator.ts";
import { bestOf, crossValidate, fitMethod } from "../../src/calibration/fit.ts";
import { poolAdjacent } from "../../src/calibration/isotonic.ts";
import { LEAST_SLOPE } from "../../src/calibration/logistic.ts";
import { rateOf, trafficWeights } from "../../src/calibration/prior.ts";
import type { LabelledScores } from "../../src/calibration/samples.ts";
import { auc } from "../../src/statistics/auc.ts";
import { calibrationOf } from "../../src/statistics/calibration.ts";
import { logloss } from "../../src/statistics/logloss.ts";
import { Random } from "../../src/tensor/random.ts";
import { readGolden } from "../support/golden.ts";

interface GoldenFit {
  readonly fit: readonly number[];
  readonly calibrated: readonly number[];
}

interface GoldenCase {
  readonly name: string;
  readonly score: readonly number[];
  readonly label: readonly number[];
  readonly weight: readonly number[];
  readonly platt: GoldenFit;
  readonly beta: GoldenFit;
  readonly isotonic: {
    readonly distinct: readonly number[];
    readonly steps: readonly number[];
    readonly calibrated: readonly number[];
  };
}

const golden = readGolden<{
  readonly grid: readonly number[];
  readonly cases: readonly GoldenCase[];
  readonly rates: readonly { readonly rate: number; readonly before: number; readonly after: number }[];
}>("calibration");

const farthest = (found: ArrayLike<number>, expected: readonly number[]) => {
  expect(found).toHaveLength(expected.length);
  return Math.max(...expected.map((each, i) => Math.abs(each - found[i])));
};

/** Samples, each a user of its own. */
const samplesOf = ({ label, score, weight }: Omit<LabelledScores, "group">): LabelledScores => ({
  ...{ label, score, weight },
  group: Int32Array.from(label, (_, i) => i),
});

/** As a model gives them. */
const f32 = (score: number) => Math.fround(score);

describe.each(golden.cases)("as scikit-learn has it, $name:", (given) => {
  const samples = samplesOf(given);

  it.each(["platt", "beta"] as const)("%s", (method) => {
    const fit = fitMethod(method, samples);
    const found =
      fit.method === "platt" ? [fit.slope, fit.intercept] : fit.method === "beta" ? [fit.a, fit.b, fit.c] : [];
    expect(farthest(found, given[method].fit)).toBeLessThan(2e-6);
    expect(farthest(calibrateAll({ fit, rate: 1 }, golden.grid), given[method].calibrated)).toBeLessThan(1e-6);
  });

  it("isotonic", () => {
    const steps = poolAdjacent(samples).map(({ clicks, weight }) => clicks / weight);
    expect(farthest(steps, [...new Set(given.isotonic.steps)])).toBeLessThan(1e-10);
    const calibrator = { fit: fitMethod("isotonic", samples), rate: 1 };
    expect(farthest(calibrateAll(calibrator, golden.grid), given.isotonic.calibrated)).toBeLessThan(1e-9);
  });
});

it("drawn negatives are corrected for as He et al. do", () => {
  const identity = { method: "platt", slope: 1, intercept: 0 } as const;
  for (const { rate, before, after } of golden.rates) {
    expect(calibrateWith({ fit: identity, rate })(before)).toBeCloseTo(after, 14);
  }
});

describe("the rate of negatives", () => {
  const label = [1, 1, 0, 0, 0, 0];

  it("follows from the share of clicks in the traffic", () => {
    expect(rateOf({ label }, 1 / 3)).toBeCloseTo(1, 15);
    // Of 100 impressions 2 are clicked, and 4 of the 98 others are among the samples.
    expect(rateOf({ label }, 0.02)).toBeCloseTo(4 / 98, 15);
    expect(rateOf({ label, weight: [3, 1, 1, 1, 1, 1] }, 0.5)).toBeCloseTo(1, 15);
  });

  it("makes a negative stand for all that it was drawn from", () => {
    expect([...trafficWeights({ label }, 0.25)]).toEqual([1, 1, 4, 4, 4, 4]);
    expect([...trafficWeights({ label, weight: [2, 1, 1, 1, 1, 3] }, 0.5)]).toEqual([2, 1, 2, 2, 2, 6]);
  });
});

const finite = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const score = fc.float({ min: 0, max: 1, noNaN: true });
const rows = fc.array(fc.record({ label: fc.constantFrom(0, 1), score, weight: fc.constantFrom(0.25, 1, 3) }), {
  minLength: 1,
  maxLength: 60,
});
const column = (all: readonly { label: number; score: number; weight: number }[]): LabelledScores =>
  samplesOf({
    label: all.map(({ label }) => label),
    score: all.map(({ score }) => score),
    weight: all.map(({ weight }) => weight),
  });

/** Where float64 tells the probabilities of neighbouring scores. */
const [LEAST, MOST] = [1e-300, 1 - 1e-6];

function expectSameOrder(calibrator: Calibrator, scores: readonly number[]): void {
  const calibrate = calibrateWith(calibrator);
  const sorted = [...new Set(scores.map((each) => (each === 0 ? 0 : each)))].sort((a, b) => a - b);
  const found = sorted.map((each) => calibrate(each));
  const wrong = found.findIndex((high, i) => {
    const low = i === 0 ? 0 : found[i - 1];
    return !(high >= low && high <= 1) || (i > 0 && high > LEAST && high < MOST && low === high);
  });
  expect(wrong < 0 ? undefined : { score: sorted[wrong], low: found[wrong - 1], high: found[wrong] }).toBeUndefined();
}

/** A float32 and those beside it. */
function neighbours(value: number): number[] {
  const bits = new Int32Array(Float32Array.of(value).buffer);
  const floats = new Float32Array(bits.buffer);
  const [at] = bits;
  return [at - 1, at, at + 1].flatMap((each) => {
    bits[0] = each;
    return each >= 0 && floats[0] <= 1 ? [floats[0]] : [];
  });
}

describe("the order of scores", () => {
  const fits = fc.oneof(
    fc.record({ method: fc.constant("platt" as const), slope: finite(LEAST_SLOPE, 8), intercept: finite(-9, 9) }),
    fc.record({
      method: fc.constant("beta" as const),
      ...{ a: finite(LEAST_SLOPE, 8), b: finite(LEAST_SLOPE, 8), c: finite(-9, 9) },
    }),
  );

  it("stays, down to neighbouring floats, zero and one", () => {
    fc.assert(
      fc.property(fits, finite(1e-6, 1), fc.array(score, { maxLength: 20 }), (fit, rate, scores) => {
        expectSameOrder({ fit, rate }, [0, 1, ...scores].flatMap(neighbours));
      }),
    );
  });

  it("stays whatever a fit is made of", () => {
    fc.assert(
      fc.property(rows, fc.constantFrom(...CALIBRATION_METHODS), fc.array(score), (all, method, scores) => {
        const samples = column(all);
        const fit = fitMethod(method, samples);
        expectSameOrder({ fit, rate: 1 }, [0, 1, ...scores, ...Array.from(samples.score)].flatMap(neighbours));
      }),
    );
  });

  it("is that of the scores, and so is AUC, to the bit", () => {
    const random = new Random(5);
    const given = Array.from({ length: 2000 }, () => f32(random.uniform() ** 3));
    const label = given.map((each) => (random.uniform() < each ? 1 : 0));
    for (const method of CALIBRATION_METHODS) {
      const fit = fitMethod(method, samplesOf({ label, score: given }));
      expect(auc(label, calibrateAll({ fit, rate: 0.03 }, given))).toBe(auc(label, given));
    }
  });
});

/** Clicks that follow the odds of a score, bent in some way. */
function clicksOf(bent: (odds: number) => number, count: number, seed: number) {
  const random = new Random(seed);
  const given = Array.from({ length: count }, () => f32(0.02 + 0.96 * random.uniform()));
  const label = given.map((p) => (random.uniform() < 1 / (1 + Math.exp(-bent(Math.log(p / (1 - p))))) ? 1 : 0));
  return samplesOf({ label, score: given });
}

describe("a calibration", () => {
  it.each(CALIBRATION_METHODS)(
    "by %s brings a model that is too sure near to its clicks on other samples",
    (method) => {
      const tooSure = (odds: number) => 0.5 * odds - 1;
      const other = clicksOf(tooSure, 4000, 2);
      const calibrated = calibrateAll({ fit: fitMethod(method, clicksOf(tooSure, 4000, 1)), rate: 1 }, other.score);
      expect(calibrationOf(other.label, other.score).ece).toBeGreaterThan(0.15);
      expect(calibrationOf(other.label, calibrated).ece).toBeLessThan(0.03);
    },
  );

  it("of the traffic has the right share of clicks, from samples with few of its negatives", () => {
    const traffic = clicksOf((odds) => odds - 3, 20_000, 3);
    const random = new Random(4);
    const kept = Array.from(traffic.label, (_, i) => i).filter((i) => traffic.label[i] > 0 || random.uniform() < 0.1);
    const at = (values: ArrayLike<number>) => kept.map((i) => values[i]);
    const drawn = samplesOf({ label: at(traffic.label), score: at(traffic.score) });
    const fit = fitMethod("platt", drawn);
    const ratio = (rate: number) => calibrationOf(traffic.label, calibrateAll({ fit, rate }, traffic.score)).ratio;
    expect(ratio(1)).toBeGreaterThan(3);
    expect(ratio(0.1)).toBeCloseTo(1, 1);
    const ofDrawn = calibrationOf(
      drawn.label,
      calibrateAll({ fit, rate: 0.1 }, drawn.score),
      10,
      trafficWeights(drawn, 0.1),
    );
    expect(ofDrawn.ece).toBeLessThan(0.01);
  });

  it.each(CALIBRATION_METHODS)("by %s is finite where scores separate the clicks", (method) => {
    const label = [0, 0, 0, 1, 1];
    const calibrated = calibrateAll(
      { fit: fitMethod(method, samplesOf({ label, score: [0.1, 0.2, 0.3, 0.4, 0.5] })), rate: 1 },
      [0.1, 0.3, 0.4, 0.5],
    );
    for (const each of calibrated) expect(each > 0.005 && each < 0.995).toBe(true);
  });

  it.each(CALIBRATION_METHODS)("by %s of scores that are upside down gives nearly one probability to all", (method) => {
    const samples = clicksOf((odds) => -odds, 2000, 5);
    const [low, high] = calibrateAll({ fit: fitMethod(method, samples), rate: 1 }, [0.1, 0.9]);
    expect(high - low).toBeGreaterThan(0);
    expect(high - low).toBeLessThan(method === "isotonic" ? 0.9 : 0.05);
  });
});

describe("the choice of a method", () => {
  it.each([
    ["platt", (odds: number) => 0.5 * odds - 1],
    ["isotonic", (odds: number) => 2.5 * Math.sign(odds) * (Math.abs(odds) > 1 ? 1 : 0.1)],
  ] as const)("takes %s where that is the truth", (expected, bent) => {
    const tried = crossValidate(clicksOf(bent, 6000, 6));
    expect(tried.map(({ method }) => method)).toEqual([...CALIBRATION_METHODS]);
    if (expected === "isotonic") expect(bestOf(tried)).toBe("isotonic");
    // A beta fit holds every Platt fit.
    else expect(bestOf(tried)).not.toBe("isotonic");
  });

  it("judges each sample by a fit that has not seen its user", () => {
    const all = clicksOf((odds) => 0.7 * odds, 400, 8);
    const group = Array.from(all.label, (_, i) => Math.floor(i / 4));
    const part = (ours: (user: number) => boolean) => {
      const places = group.flatMap((user, i) => (ours(user) ? [i] : []));
      return samplesOf({ label: places.map((i) => all.label[i]), score: places.map((i) => all.score[i]) });
    };
    for (const { method, logloss: found } of crossValidate({ ...all, group })) {
      const sums = [0, 1, 2, 3, 4].map((fold) => {
        const fit = fitMethod(
          method,
          part((user) => user % 5 !== fold),
        );
        const held = part((user) => user % 5 === fold);
        return held.score.length * logloss(held.label, calibrateAll({ fit, rate: 1 }, held.score));
      });
      expect(found).toBeCloseTo(sums.reduce((sum, each) => sum + each) / 400, 12);
    }
  });

  it("prefers the simpler of equal ones, and has an answer for few samples", () => {
    expect(
      bestOf([
        { method: "platt", logloss: 0.5 },
        { method: "isotonic", logloss: 0.5 },
      ]),
    ).toBe("platt");
    for (const { logloss } of crossValidate(samplesOf({ label: [0, 1], score: [0.2, 0.4] }))) {
      expect(Number.isFinite(logloss)).toBe(true);
    }
  });
});
