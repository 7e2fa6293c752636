/**
 * A ranking that leaves something to chance, so that its log can say what another ranking would have earned: with
 * probability `share` all orders of the candidates are equally likely, else they come as ranked.
 */
import type { Random } from "../../tensor/random.ts";

export interface Explored {
  /** Of each place from the first, which candidate it shows. */
  readonly order: readonly number[];
  /** Of each place, the probability with which it shows what it shows; whether chance was asked or not. */
  readonly propensities: readonly number[];
}

/**
 * The candidate at place p was to be there with (1 - share) [ranked p-th] + share / candidates. Only what is seen of all
 * this, an order, depends on the draw: an order that is as ranked by chance has the same probabilities.
 * @param ranked candidates by rank
 * @param share of requests, 0 to 1
 * @param random which decides; with the same state it decides the same
 */
export function explore(ranked: readonly number[], share: number, random: Random): Explored {
  const drawn = Int32Array.from(ranked);
  if (random.uniform() < share) random.shuffle(drawn);
  const order = Array.from(drawn);
  const evenly = share / order.length;
  return { order, propensities: order.map((candidate, p) => evenly + (candidate === ranked[p] ? 1 - share : 0)) };
}
