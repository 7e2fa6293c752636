/** The stated error bounds of exp, sigmoid and tanh over dense sweeps, and what happens at the ends of the range. */
import { describe, expect, it } from "vitest";
import { BUILDS, Stage } from "./stage.ts";

const CHUNK = 16_384;

/** Largest error over about a million evenly spaced points. */
function worst(
  stage: Stage,
  name: "exp" | "sigmoid" | "tanh",
  low: number,
  high: number,
  error: (got: number, x: number) => number,
): number {
  const at = stage.reset(1).room(CHUNK);
  const x = new Float32Array(CHUNK);
  let largest = 0;
  for (let chunk = 0; chunk < 64; chunk++) {
    for (let i = 0; i < CHUNK; i++) x[i] = low + ((high - low) * (chunk * CHUNK + i)) / (64 * CHUNK);
    stage.f32.set(x, at / 4);
    stage.kernels[name](CHUNK, at, at);
    for (let i = 0; i < CHUNK; i++) largest = Math.max(largest, error(stage.f32[at / 4 + i], x[i]));
  }
  return largest;
}

describe.each(BUILDS)("transcendental functions of build %s", (build) => {
  const stage = new Stage(build);
  const evaluate = (name: "exp" | "sigmoid" | "tanh", values: number[]): number[] => {
    const at = stage.reset(1).floats(values);
    stage.kernels[name](values.length, at, at);
    return Array.from(stage.read(at, values.length));
  };

  it.each([
    [-87, 88],
    [-1, 1],
  ])("exp has a relative error below 2^-22 from %d to %d", (low, high) => {
    const error = (got: number, x: number): number => Math.abs(got / Math.exp(x) - 1);
    expect(worst(stage, "exp", low, high, error)).toBeLessThan(2 ** -22);
  });

  it.each([
    [-100, 100],
    [-6, 6],
  ])("sigmoid has an absolute error below 2^-22 from %d to %d", (low, high) => {
    const error = (got: number, x: number): number => Math.abs(got - 1 / (1 + Math.exp(-x)));
    expect(worst(stage, "sigmoid", low, high, error)).toBeLessThan(2 ** -22);
  });

  it.each([
    [-50, 50],
    [-2, 2],
  ])("tanh has an absolute error below 2^-21 from %d to %d", (low, high) => {
    const error = (got: number, x: number): number => Math.abs(got - Math.tanh(x));
    expect(worst(stage, "tanh", low, high, error)).toBeLessThan(2 ** -21);
  });

  it("exp is 0 far below, finite far above, 1 at 0", () => {
    const [below, smallest, zero, large, infinite] = evaluate("exp", [
      -88,
      Number.NEGATIVE_INFINITY,
      0,
      1e30,
      Infinity,
    ]);
    expect([below, smallest, zero]).toEqual([0, 0, 1]);
    expect(large).toBeGreaterThan(2e38);
    expect(infinite).toBe(large);
    expect(large).toBeLessThan(Infinity);
  });

  it("sigmoid and tanh are exact at 0 and saturate", () => {
    const ends = [0, Infinity, Number.NEGATIVE_INFINITY];
    const [half, one, none] = evaluate("sigmoid", ends);
    expect([half, one]).toEqual([0.5, 1]);
    expect(none).toBeLessThan(1e-37);
    expect(evaluate("tanh", ends)).toEqual([0, 1, -1]);
  });

  it("NaN stays NaN", () => {
    for (const name of ["exp", "sigmoid", "tanh"] as const) expect(evaluate(name, [1, Number.NaN])[1]).toBeNaN();
  });
});
