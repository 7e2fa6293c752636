/**
 * What an online experiment costs: the same requests to a server that runs one and to one that does not, in turns, so that
 * both meet the same moods of the machine. Both arms get the one model, so that nothing but the experiment differs: who gets
 * which arm is found, and what a ranking shows is recorded before the answer goes out.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ServerProcess } from "../../test/support/server-process.ts";
import type { Latencies } from "./generator.ts";
import { bodiesOf, type HttpOptions, measureRate, storeHistories, withRun } from "./http.ts";

/** Requests a second. */
const RATE = 360;
/** Places of a page: what is shown, and recorded, of a ranking. */
const TOP = 5;

/** A turn of each server. */
export interface Pair {
  readonly without: Latencies;
  readonly under: Latencies;
}

export interface ExperimentCost {
  readonly pairs: readonly Pair[];
  /** Medians over the pairs of the latency under the experiment, divided by that without it. */
  readonly p50_ratio: number;
  readonly p99_ratio: number;
}

/** @param options `seconds` are those of each turn; histories are those of the store */
export async function measureExperiment(options: HttpOptions & { readonly pairs: number }): Promise<ExperimentCost> {
  return await withRun(options.note, async (run, folder) => {
    const definition = join(folder, "ab.yaml");
    writeFileSync(definition, "{name: cost, arms: [{name: a, model: run}, {name: b, model: run}]}");
    const start = async (name: string, ...more: string[]) => {
      const server = await ServerProcess.start("--run", run, "--store", `file:${join(folder, name)}`, ...more);
      await storeHistories(server.url, options.behaviours);
      return server;
    };
    const without = await start("without");
    const under = await start("under", "--experiment", definition, "--records", join(folder, "records"));
    const bodies = bodiesOf(options, false).map((body) => JSON.stringify({ ...JSON.parse(body), top: TOP }));
    const load = { path: "/v1/rank", answers: TOP, rate: RATE, seconds: options.seconds } as const;
    const measure = ({ url }: ServerProcess) => measureRate(url, bodies, load);
    const pairs: Pair[] = [];
    try {
      for (let i = 0; i < options.pairs; i++) {
        // Each is first every other time.
        const [first, second] = i % 2 === 0 ? [without, under] : [under, without];
        const [one, other] = [await measure(first), await measure(second)];
        const pair = i % 2 === 0 ? { without: one, under: other } : { without: other, under: one };
        const shown = Object.entries(pair).map(([name, { p50_ms, p99_ms, failed }]) => {
          return `${name} p50 ${p50_ms.toFixed(2)} ms, p99 ${p99_ms.toFixed(2)} ms, ${failed} failed`;
        });
        options.note(`pair ${i + 1}: ${shown.join("; ")}`);
        pairs.push(pair);
      }
    } finally {
      await without.end("SIGTERM");
      await under.end("SIGTERM");
    }
    const ratio = (key: "p50_ms" | "p99_ms") => median(pairs.map((pair) => pair.under[key] / pair.without[key]));
    return { pairs, p50_ratio: ratio("p50_ms"), p99_ratio: ratio("p99_ms") };
  });
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  const middle = values.length >> 1;
  return values.length % 2 === 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}
