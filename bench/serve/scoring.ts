/** Scoring alone, on one thread: raw requests of one user in, probabilities out. */
import { madeModel, madeRequest } from "./made-model.ts";

const CANDIDATES = [1, 10, 100, 1000];
const BEHAVIOURS = [10, 50, 100];
/** Measured for each size at least so long, and so often. */
const LEAST_MS = 600;
const LEAST_CALLS = 40;

/** Times of one call. */
export interface Percentiles {
  readonly p50_ms: number;
  readonly p99_ms: number;
}

export interface ScoringTime extends Percentiles {
  readonly candidates: number;
  readonly behaviours: number;
}

function percentilesOf(times: number[]): Percentiles {
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(share * times.length))];
  return { p50_ms: at(0.5), p99_ms: at(0.99) };
}

/** All sizes, each with another request every time. */
export function measureScoring(): ScoringTime[] {
  return BEHAVIOURS.flatMap((behaviours) => {
    const model = madeModel(behaviours);
    return CANDIDATES.map((candidates) => {
      const requests = Array.from({ length: 8 }, (_, i) => madeRequest(i, candidates, behaviours));
      const times: number[] = [];
      let total = 0;
      // The first calls warm up: the engine compiles the kernels anew.
      for (let call = -20; total < LEAST_MS || call < LEAST_CALLS; call++) {
        const start = performance.now();
        model.rank(requests[call & 7]);
        const time = performance.now() - start;
        if (call < 0) continue;
        times.push(time);
        total += time;
      }
      return { candidates, behaviours, ...percentilesOf(times) };
    });
  });
}
