/** Numbers in sentences that people repeat: as many digits as they can keep in mind. */

/** A fraction as a percentage without a sign of its own: 12 %, 3.1 %, .25 %. */
export function points(fraction: number): string {
  return `${digits(fraction, decimalsFor(fraction))} %`;
}

/** The interval of a fraction, the lower bound first, with the digits of the fraction or of its reach: "8 to 16 %". */
export function span(low: number, high: number, of: number): string {
  const decimals = decimalsFor(Math.max(Math.abs(of), (high - low) / 2));
  return `${digits(low, decimals)} to ${digits(high, decimals)} %`;
}

function decimalsFor(fraction: number): number {
  const size = Math.abs(fraction);
  return size >= 0.1 ? 0 : size >= 0.01 ? 1 : 2;
}

function digits(fraction: number, decimals: number): string {
  const text = (100 * fraction).toFixed(decimals);
  return Number(text) === 0 ? (0).toFixed(decimals) : text;
}

/** "1 user", "40,112 users". */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}
