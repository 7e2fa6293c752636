/** Redis stops and starts again, as a kill has it, while a server whose store it is has much to do. */
import { setTimeout as sleep } from "node:timers/promises";
import { createClient, DienError } from "dien/client";
import { RedisServer } from "../support/redis.ts";
import { ServerProcess } from "../support/server-process.ts";
import { NOTHING, Posted, type PostedReport } from "./posted.ts";
import type { Attack } from "./serving.ts";

export interface AwayReport extends PostedReport {
  readonly outages: number;
  /** Requests without need of the store that were scored while it was away. */
  readonly scored: number;
  /** Answers that are neither right nor a 503 that names the store and says when to come again. */
  readonly unclear: number;
  /** Milliseconds from the start of Redis to the first event that was taken: the longest of all outages. */
  readonly slowestReturn: number;
}

const POSTERS = 4;
const MOST_ANSWERS = 60;
/** Milliseconds that Redis is away, at most; and between two posts of a client that was refused. */
const LONGEST_AWAY = 600;
const PAUSE = 10;

/** Stops and starts Redis `times` times while events are posted, and compares the store with what was answered. */
export async function awayRedis({ run, chance, times, note }: Attack): Promise<AwayReport> {
  const redis = await RedisServer.start();
  const server = await ServerProcess.start("--run", run, "--store", redis.address("away"));
  const { url } = server;
  const client = createClient({ url });
  let posted = NOTHING;
  let [outages, scored, unclear, slowestReturn] = [0, 0, 0, 0];
  try {
    for (; outages < times; outages++) {
      const all = new Posted(outages, chance);
      const answers = async (count: number) => {
        const target = all.answered.length + count;
        while (all.answered.length < target) await sleep(1);
      };
      let isOver = false;
      const posters = Array.from({ length: POSTERS }, async () => {
        while (!isOver) {
          await all.post(client).catch(async (error: unknown) => {
            if (!isClear(error)) unclear++;
            await sleep(PAUSE);
          });
        }
      });
      await answers(1 + chance.below(MOST_ANSWERS));
      await redis.stop();
      const back = performance.now() + chance.below(LONGEST_AWAY);
      do {
        const [given, stored, ready] = await Promise.all([
          fetch(...asked(url, { user: "u", history: ["B1"], candidates: ["B2"] })),
          fetch(...asked(url, { user: "u", candidates: ["B2"] })),
          fetch(`${url}/readyz`),
        ]);
        if (given.status === 200) scored++;
        else unclear++;
        for (const refused of [stored, ready])
          if (refused.status !== 503 || !refused.headers.has("retry-after")) unclear++;
      } while (performance.now() < back);
      await redis.start();
      const start = performance.now();
      await answers(1);
      slowestReturn = Math.max(slowestReturn, Math.round(performance.now() - start));
      await answers(POSTERS);
      isOver = true;
      await Promise.all(posters);
      if ((await fetch(`${url}/readyz`)).status !== 200) unclear++;
      posted = await all.compare(client, posted);
      if ((outages + 1) % Math.ceil(times / 10) === 0) note(JSON.stringify({ outages: outages + 1, ...posted }));
    }
    await server.end("SIGTERM");
  } finally {
    await redis.remove();
  }
  return { outages, ...posted, scored, unclear, slowestReturn };
}

const isClear = (error: unknown) =>
  error instanceof DienError && error.status === 503 && error.code === "store.unavailable";

function asked(url: string, body: object): [string, RequestInit] {
  const headers = { "content-type": "application/json" };
  return [`${url}/v1/score`, { method: "POST", headers, body: JSON.stringify(body) }];
}
