/** Results in a sentence: what a report leads with. */
import { metric, signed } from "../format.ts";
import type { Standings } from "./results.ts";
import type { Variant } from "./variants.ts";
import { pStatement } from "./words.ts";

/** "beauty: DIEN leads with 0.8061, 0.0081 above DIN (p < 0.0001)." */
export function leaderSentence(standings: Standings): string {
  const { dataset, results } = standings;
  const leader = results.reduce((best, result) => (result.auc.mean > best.auc.mean ? result : best));
  const second = standings.bestBut(leader);
  const seeds = leader.runs.length > 1 ? "" : " (one seed)";
  const start = `${dataset.name}: ${leader.variant.label} leads with a test AUC of ${metric(leader.auc.mean)}${seeds}`;
  if (!second) return `${start}.`;
  const { difference, p } = standings.difference(leader, second);
  return `${start}, ${metric(difference)} above ${second.variant.label} (${pStatement(p)}).`;
}

/** What a pair of variants differs by, in words. */
export function differenceWords(standings: Standings, a: Variant, b: Variant): string {
  const { difference, p } = standings.difference(standings.of(a), standings.of(b));
  return `${signed(difference)} (${pStatement(p)}) on ${standings.dataset.name}`;
}
