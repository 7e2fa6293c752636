import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { calibrationOf } from "../../src/statistics/calibration.ts";
import { Random } from "../../src/tensor/random.ts";

/** Few distinct scores, so that ties lie on borders. */
const samples = fc.array(
  fc.record({ label: fc.constantFrom(0, 1), score: fc.integer({ min: 0, max: 12 }).map((k) => k / 12) }),
  { minLength: 1, maxLength: 60 },
);
type Rows = readonly { label: number; score: number }[];

const calibrationOfRows = (rows: Rows, bins?: number) =>
  calibrationOf(
    rows.map(({ label }) => label),
    rows.map(({ score }) => score),
    bins,
  );

describe("calibration", () => {
  it("is what can be counted by hand", () => {
    const { bins, ece, ratio } = calibrationOf([1, 0, 1, 0], [0.9, 0.1, 0.8, 0.3], 2);
    expect(bins.map(({ count, observed }) => ({ count, observed }))).toEqual([
      { count: 2, observed: 0 },
      { count: 2, observed: 1 },
    ]);
    expect(bins[0].predicted).toBeCloseTo(0.2, 12);
    expect(bins[1].predicted).toBeCloseTo(0.85, 12);
    expect(ece).toBeCloseTo((0.2 + 0.15) / 2, 12);
    expect(ratio).toBeCloseTo(2.1 / 2, 12);
  });

  it("has ten bins of equal counts where scores differ", () => {
    const score = Array.from({ length: 1005 }, (_, i) => ((i * 389) % 1005) / 1005);
    const { bins } = calibrationOf(new Uint8Array(1005), score);
    expect(bins).toHaveLength(10);
    for (const { count } of bins) expect(Math.abs(count - 100.5)).toBeLessThan(1);
    expect(bins.map((bin) => bin.predicted)).toEqual(bins.map((bin) => bin.predicted).sort());
  });

  it("does not depend on the order of samples, and keeps equal scores together", () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: 1, max: 12 }), (rows, bins) => {
        const calibration = calibrationOfRows(rows, bins);
        expect(calibrationOfRows(rows.toReversed(), bins)).toEqual(calibration);
        const sorted = rows.toSorted((a, b) => a.score - b.score);
        let end = 0;
        let error = 0;
        for (const { count, predicted, observed } of calibration.bins) {
          const own = sorted.slice(end, end + count);
          end += count;
          expect(own.at(-1)!.score).not.toBe(sorted[end]?.score);
          expect(predicted).toBeCloseTo(own.reduce((sum, row) => sum + row.score, 0) / count, 12);
          expect(observed).toBe(own.filter((row) => row.label === 1).length / count);
          error += (count / rows.length) * Math.abs(predicted - observed);
        }
        expect(end).toBe(rows.length);
        expect(calibration.bins.length).toBeLessThanOrEqual(bins);
        expect(calibration.ece).toBeCloseTo(error, 12);
      }),
    );
  });

  it("distinguishes true probabilities from exaggerated ones", () => {
    const random = new Random(7);
    const truth = Float64Array.from({ length: 20_000 }, () => random.uniform());
    const label = truth.map((probability) => (random.uniform() < probability ? 1 : 0));
    const honest = calibrationOf(label, truth);
    expect(honest.ece).toBeLessThan(0.015);
    expect(honest.ratio).toBeCloseTo(1, 1);
    const exaggerated = calibrationOf(
      label,
      truth.map((probability) => probability ** 0.5),
    );
    // The mean of sqrt(p) - p is 1/6, and its sign never changes.
    expect(exaggerated.ece).toBeCloseTo(1 / 6, 1);
    expect(exaggerated.ratio).toBeCloseTo(4 / 3, 1);
  });

  it("of one score is one bin; of no samples there is none", () => {
    expect(calibrationOf([1, 0, 0, 1], [0.25, 0.25, 0.25, 0.25])).toEqual({
      bins: [{ count: 4, predicted: 0.25, observed: 0.5 }],
      ece: 0.25,
      ratio: 0.5,
    });
    expect(calibrationOf([], [])).toEqual({ bins: [], ece: Number.NaN, ratio: Number.NaN });
    expect(calibrationOf([0], [0.5]).ratio).toBe(Number.POSITIVE_INFINITY);
  });

  it("refuses NaN scores", () => {
    expect(() => calibrationOf([0, 1], [0.1, Number.NaN])).toThrow("score 1 is NaN");
  });
});
