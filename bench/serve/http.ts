/**
 * `npm run bench -- serve-http`: how soon `dien serve` answers at given rates, and up to which rate it does so within 30 ms.
 * Model, server and generator run on this machine, each of the latter two in a process of its own.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepareSynthetic, resolveConfig, train } from "dien";
import { Random } from "../../src/tensor/random.ts";
import { ServerProcess } from "../../test/support/server-process.ts";
import type { Latencies, Load } from "./generator.ts";

export interface HttpOptions {
  readonly candidates: number;
  readonly behaviours: number;
  /** Of each rate. */
  readonly seconds: number;
  readonly note: (text: string) => void;
}

/** What is measured of one kind of requests. */
export interface HttpReport {
  readonly http_50: Latencies;
  readonly http_100: Latencies;
  readonly http_200: Latencies;
  readonly http_360: Latencies;
  /** The highest rate that was answered without a failure, 99 % of it within 30 ms; 0 where not even 50 was. */
  readonly max_rate: number;
}

const RATES = [50, 100, 200, 360] as const;
const WITHIN_MS = 30;
const CONNECTIONS = 16;
/** Seconds of each rate that are not counted: the generator is a process anew. */
const WARM_UP = 5;
const SHOP = { users: 1000, items: 5000, meanHistory: 60 };
/** Bodies that differ: none of it is answered from a memory of the same one. */
const BODIES = 500;

/** Histories that requests bring, and histories of the store. */
export async function measureHttp(
  options: HttpOptions,
): Promise<{ readonly given: HttpReport; readonly stored: HttpReport }> {
  return await withRun(options.note, async (run, folder) => {
    const server = await ServerProcess.start("--run", run, "--store", `file:${join(folder, "store")}`);
    try {
      await storeHistories(server.url, options.behaviours);
      return {
        given: await measureKind(server.url, "given histories", bodiesOf(options, true), options),
        stored: await measureKind(server.url, "stored histories", bodiesOf(options, false), options),
      };
    } finally {
      await server.end("SIGTERM");
    }
  });
}

/** Trains a model for a synthetic shop, in a folder that is gone afterwards. */
export async function withRun<T>(
  note: HttpOptions["note"],
  body: (run: string, folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "dien-bench-serve-"));
  try {
    const run = join(folder, "run");
    note("a model for a synthetic shop");
    await prepareSynthetic({ out: join(folder, "data"), ...SHOP });
    const config = resolveConfig({ model: { name: "dien" }, train: { epochs: 1 } });
    await train({ data: join(folder, "data"), out: run, config });
    return await body(run, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const itemOf = (random: Random) => `B${`${random.integer(SHOP.items)}`.padStart(9, "0")}`;

/** The items that a user had, the same in requests and in the store. */
function historyOf(user: number, behaviours: number): string[] {
  const random = new Random(user);
  return Array.from({ length: behaviours }, () => itemOf(random));
}

/** @param given whether requests bring their histories */
export function bodiesOf({ candidates, behaviours }: HttpOptions, given: boolean): string[] {
  const random = new Random(7);
  return Array.from({ length: BODIES }, (_, user) => {
    const history = given ? { history: historyOf(user, behaviours) } : {};
    const items = Array.from({ length: candidates }, () => itemOf(random));
    return JSON.stringify({ user: `u${user}`, ...history, candidates: items });
  });
}

export async function storeHistories(url: string, behaviours: number): Promise<void> {
  for (let user = 0; user < BODIES; user++) {
    const events = historyOf(user, behaviours).map((item, i) => {
      return { id: `e${i}`, user: `u${user}`, item, time: 1_700_000_000 + i };
    });
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${url}/v1/events`, { method: "POST", headers, body: JSON.stringify({ events }) });
    if (!answer.ok) throw new Error(await answer.text());
  }
}

async function measureKind(url: string, kind: string, bodies: string[], options: HttpOptions): Promise<HttpReport> {
  const { candidates, seconds, note } = options;
  const measure = async (rate: number): Promise<Latencies> => {
    const found = await measureRate(url, bodies, { path: "/v1/score", answers: candidates, rate, seconds });
    const { p50_ms, p99_ms, failed } = found;
    note(`${kind}, ${rate}/s: p50 ${p50_ms.toFixed(1)} ms, p99 ${p99_ms.toFixed(1)} ms, ${failed} failed`);
    return found;
  };
  const at: Record<number, Latencies> = {};
  for (const rate of RATES) at[rate] = await measure(rate);
  const holds = ({ p99_ms, failed }: Latencies) => failed === 0 && p99_ms < WITHIN_MS;
  const max_rate = await highestRate(RATES.filter((rate) => holds(at[rate])).at(-1) ?? 0, async (rate) =>
    holds(at[rate] ?? (await measure(rate))),
  );
  return { http_50: at[50], http_100: at[100], http_200: at[200], http_360: at[360], max_rate };
}

/** Asks at one rate. */
export async function measureRate(
  url: string,
  bodies: readonly string[],
  load: Pick<Load, "path" | "answers" | "rate" | "seconds">,
): Promise<Latencies> {
  return await generate({ url, bodies, ...load, warmUp: WARM_UP, seed: load.rate, connections: CONNECTIONS });
}

/** The highest rate that holds, to a sixteenth; `low` is one that does. */
async function highestRate(low: number, holds: (rate: number) => Promise<boolean>): Promise<number> {
  if (low === 0) return 0;
  let high = low * 2;
  while (await holds(high)) [low, high] = [high, high * 2];
  while (high - low > low / 16) {
    const middle = Math.round((low + high) / 2);
    if (await holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** Runs the generator in a process of its own. */
async function generate(load: Load): Promise<Latencies> {
  const child = fork(new URL("./generator.js", import.meta.url));
  child.send(load);
  const message = once(child, "message");
  // Its end may be seen before what it said last.
  const end = once(child, "exit").then(([code]) => {
    if (code !== 0) throw new Error(`the generator ended with ${code}`);
    return message;
  });
  const [found] = await Promise.race([message, end]);
  return found as Latencies;
}
