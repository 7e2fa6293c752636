/** Made-up requests for a model that is about to serve: code is compiled and pages are touched before anybody waits. */
import { failure } from "../../errors/failure.ts";
import type { ModelDescription } from "../../run/model-description.ts";
import type { ScoringPool } from "../../scoring/pool/pool.ts";
import type { RankRequest } from "../../scoring/request.ts";

/** Requests that each thread scores; behind them another one takes no less time. */
const ROUNDS = 30;
const CANDIDATES = 64;

/**
 * Lets every thread score full histories.
 * @param path of the run, for errors
 * @throws UserError where a score is no probability, and as `ScoringPool.score`
 */
export async function warm(path: string, pool: ScoringPool, model: ModelDescription, threads: number): Promise<void> {
  const request = madeUp(model);
  for (let round = 0; round < ROUNDS; round++) {
    const scored = await Promise.all(Array.from({ length: threads }, () => pool.score(request)));
    for (const { probabilities } of scored) {
      const wrong = probabilities.find((each) => !(each >= 0 && each <= 1));
      if (wrong !== undefined) throw failure("served.no-probability", { path, found: wrong, expected: "0 to 1" });
    }
  }
}

function madeUp({ schema, catalogue }: ModelDescription): RankRequest {
  const keys = catalogue.values;
  const items = (count: number) => Array.from({ length: count }, (_, i) => keys[i % keys.length]);
  return { user: {}, candidates: items(CANDIDATES), history: items(schema.maxHistory) };
}
