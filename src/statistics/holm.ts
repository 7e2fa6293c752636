/**
 * Holm's step-down procedure (Scandinavian Journal of Statistics 1979, https://www.jstor.org/stable/4615733): of several
 * comparisons, how likely any false alarm is, whatever depends on whatever.
 */

/**
 * p-values adjusted for all of them, in their order: with those below alpha, any false alarm has at most that probability.
 * NaN, no comparison, is not counted and stays.
 */
export function holm(ps: readonly number[]): number[] {
  const order = [...ps.keys()].filter((i) => !Number.isNaN(ps[i])).sort((i, j) => ps[i] - ps[j]);
  const adjusted = ps.map(() => Number.NaN);
  let largest = 0;
  for (const [rank, i] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (order.length - rank) * ps[i]));
    adjusted[i] = largest;
  }
  return adjusted;
}
