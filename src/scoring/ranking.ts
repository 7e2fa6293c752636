/** The order of candidates, and with bids what a click on each costs. */
export interface RankedCandidate<C> {
  readonly candidate: C;
  /** Its place among the candidates given. */
  readonly index: number;
  readonly probability: number;
  /** Of a click; where there are bids. */
  readonly price?: number;
}

/**
 * Candidates by falling probability, or by probability x bid; equal ones in the order given.
 *
 * A click costs what would have been enough to keep the place: the next candidate's probability x bid, divided by the own
 * probability (the generalized second-price auction, Edelman, Ostrovsky and Schwarz 2007,
 * https://doi.org/10.1257/aer.97.1.242). The last one has no competitor and costs nothing.
 */
export function ranked<C>(
  candidates: readonly C[],
  probabilities: ArrayLike<number>,
  bids?: readonly number[],
): readonly RankedCandidate<C>[] {
  const value = (index: number) => probabilities[index] * (bids?.[index] ?? 1);
  const order = Array.from(candidates, (_, index) => index).sort((a, b) => value(b) - value(a));
  return order.map((index, place) => {
    const probability = probabilities[index];
    const own = { candidate: candidates[index], index, probability };
    if (bids === undefined) return own;
    const next = place + 1 < order.length ? value(order[place + 1]) : 0;
    return { ...own, price: next > 0 ? next / probability : 0 };
  });
}
