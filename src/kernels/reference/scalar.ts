/** The scalar functions of the contract, in double precision. */

/** e^x as the contract bounds it: 0 below the smallest normal float32, finite at the upper end. NaN stays NaN. */
export function exp(x: number): number {
  return x < -87.33 ? 0 : Math.exp(Math.min(x, 88.37));
}

/** 1 / (1 + e^-x). */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
