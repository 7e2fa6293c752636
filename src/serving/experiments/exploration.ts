/** Rankings that explore, under an experiment that asks for it. */
import { type Explored, explore } from "../../ab/bandit/explore.ts";
import { hashString, Random } from "../../tensor/random.ts";
import type { Participation } from "./running.ts";

/**
 * The places of a ranking in the order in which they are shown, and with which probability; undefined where nothing is
 * left to chance. The same request id gives the same order, so that a request that is sent again is answered alike.
 */
export function exploration(part: Participation | undefined, ranked: number, id: string): Explored | undefined {
  if (part === undefined || part.explore === 0) return undefined;
  const places = Array.from({ length: ranked }, (_, rank) => rank);
  return explore(places, part.explore, new Random(hashString(`${part.experiment}:${id}`)));
}
