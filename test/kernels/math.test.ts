/**
 * The stated error bounds of e^x, sigmoid and tanh over dense sweeps, and what happens at the ends of the range. The
 * exponential is seen in softmax, tanh in the candidate of a recurrent step.
 */
import { describe, expect, it } from "vitest";
import { Gate } from "../../src/kernels/contract.ts";
import { BUILDS, Stage } from "./stage.ts";

const CHUNK = 8192;

/** f of each of the values, as a build computes it. */
type Evaluate = (stage: Stage, values: ArrayLike<number>) => ArrayLike<number>;

const sigmoid: Evaluate = (stage, values) => {
  const at = stage.reset(1).floats(values);
  stage.kernels.sigmoid(values.length, at, at);
  return stage.read(at, values.length);
};

/** e^x for x <= 0: the ratio of the weights of a score x and of the score 0, of one sample for each value. */
const exponential: Evaluate = (stage, values) => {
  const count = values.length;
  stage.reset(1);
  const scores = stage.floats([...new Array<number>(count).fill(0), ...Array.from(values)]);
  const [offsets, active] = [stage.integers([0, count]), stage.integers([count, count])];
  stage.kernels.softmaxSteps(count, 2, offsets, active, scores, scores, stage.room(2 * count));
  const [ofZero, ofValue] = [stage.read(scores, count), stage.read(scores + 4 * count, count)];
  return Array.from(ofValue, (weight, i) => weight / ofZero[i]);
};

/** The candidates of one step of one sample whose gates let nothing else in. */
const tanh: Evaluate = (stage, values) => {
  const count = values.length;
  stage.reset(1);
  const gates = stage.floats([...new Array<number>(2 * count).fill(0), ...Array.from(values)]);
  const [offsets, active] = [stage.integers([0]), stage.integers([1])];
  const [products, states] = [stage.room(count), stage.room(count)];
  // There is no product with U before the second step.
  stage.kernels.gruForward(1, count, Gate.gru, offsets, active, gates, 0, 0, 0, 0, states, 0, gates, products, 0);
  return stage.read(gates + 8 * count, count);
};

/** Largest error over about a million evenly spaced points. */
function worst(
  stage: Stage,
  evaluate: Evaluate,
  low: number,
  high: number,
  error: (got: number, x: number) => number,
): number {
  const chunks = 128;
  const x = new Float32Array(CHUNK);
  let largest = 0;
  for (let chunk = 0; chunk < chunks; chunk++) {
    for (let i = 0; i < CHUNK; i++) x[i] = low + ((high - low) * (chunk * CHUNK + i)) / (chunks * CHUNK);
    const got = evaluate(stage, x);
    for (let i = 0; i < CHUNK; i++) largest = Math.max(largest, error(got[i], x[i]));
  }
  return largest;
}

describe.each(BUILDS)("transcendental functions of build %s", (build) => {
  const stage = new Stage(build);

  it.each([
    [-87, 0],
    [-1, 0],
  ])("e^x has a relative error below 2^-22 from %d to %d", (low, high) => {
    const error = (got: number, x: number): number => Math.abs(got / Math.exp(x) - 1);
    // The two divisions of softmax add up to 2^-23.
    expect(worst(stage, exponential, low, high, error)).toBeLessThan(2 ** -22 + 2 ** -23);
  });

  it.each([
    [-100, 100],
    [-6, 6],
  ])("sigmoid has an absolute error below 2^-22 from %d to %d", (low, high) => {
    const error = (got: number, x: number): number => Math.abs(got - 1 / (1 + Math.exp(-x)));
    expect(worst(stage, sigmoid, low, high, error)).toBeLessThan(2 ** -22);
  });

  it.each([
    [-50, 50],
    [-2, 2],
  ])("tanh has an absolute error below 2^-21 from %d to %d", (low, high) => {
    const error = (got: number, x: number): number => Math.abs(got - Math.tanh(x));
    expect(worst(stage, tanh, low, high, error)).toBeLessThan(2 ** -21);
  });

  it("e^x is 0 far below and 1 at 0", () => {
    expect(exponential(stage, [-88, Number.NEGATIVE_INFINITY, 0])).toEqual([0, 0, 1]);
  });

  it("sigmoid and tanh are exact at 0 and saturate", () => {
    const ends = [0, Infinity, Number.NEGATIVE_INFINITY];
    const [half, one, none] = Array.from(sigmoid(stage, ends));
    expect([half, one]).toEqual([0.5, 1]);
    expect(none).toBeLessThan(1e-37);
    expect(Array.from(tanh(stage, ends))).toEqual([0, 1, -1]);
  });

  it("NaN stays NaN", () => {
    for (const evaluate of [exponential, sigmoid, tanh]) expect(evaluate(stage, [-1, Number.NaN])[1]).toBeNaN();
  });
});
