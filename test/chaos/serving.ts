/** What happens to a server while it is asked: kills while events are posted, and requests of all kinds by the thousand. */
import { join } from "node:path";
import { createClient } from "dien/client";
import { ServerProcess } from "../support/server-process.ts";
import type { Chance } from "./faults.ts";
import { NOTHING, Posted, type PostedReport } from "./posted.ts";

export interface Attack {
  readonly run: string;
  /** An empty folder. */
  readonly folder: string;
  readonly chance: Chance;
  readonly times: number;
  readonly note: (text: string) => void;
}

export interface KillReport extends PostedReport {
  readonly kills: number;
}

const POSTERS = 4;
const MOST_ANSWERS = 100;

/** Kills a server `times` times while events are posted; after each start the store is compared with what was answered. */
export async function killedServer({ run, folder, chance, times, note }: Attack): Promise<KillReport> {
  let report: KillReport = { kills: 0, ...NOTHING };
  const start = () => ServerProcess.start("--run", run, "--store", `file:${join(folder, "store")}`);
  let server = await start();
  for (let round = 0; round < times; round++) {
    const { url } = server;
    const posted = new Posted(round, chance);
    // At a random answer, in the middle of other requests.
    const last = 1 + chance.below(MOST_ANSWERS);
    let killed: Promise<unknown> | undefined;
    const poster = async () => {
      for (const client = createClient({ url }); ; ) {
        try {
          await posted.post(client);
        } catch {
          return;
        }
        if (posted.answered.length >= last) killed ??= server.end("SIGKILL");
      }
    };
    await Promise.all(Array.from({ length: POSTERS }, poster));
    await killed;
    server = await start();
    const again = createClient({ url: server.url });
    // What was answered is known already: posted once more, it is there once.
    for (const events of posted.answered.slice(-POSTERS)) await again.events(events);
    report = { kills: round + 1, ...(await posted.compare(again, report)) };
    if ((round + 1) % Math.ceil(times / 10) === 0) note(JSON.stringify(report));
  }
  await server.end("SIGTERM");
  return report;
}

export interface MixedReport {
  /** Answers by kind of request and status; 0 of requests that were left, -1 of those without an answer. */
  readonly answers: Readonly<Record<string, number>>;
  /** Answers with another status than that of their kind. */
  readonly wrong: number;
  /** Mebibytes of the process, at intervals. */
  readonly rss: readonly number[];
}

interface Kind {
  readonly path: string;
  readonly method?: string;
  readonly body?: string;
  readonly status: number;
  readonly left?: boolean;
}

const CLIENTS = 16;
const INTERVALS = 20;

/** Sends `times` requests, right and wrong ones, large ones, and some that are left before their answer. */
export async function mixedRequests({ run, folder, chance, times, note }: Attack): Promise<MixedReport> {
  const server = await ServerProcess.start("--run", run, "--store", `file:${join(folder, "store")}`);
  const answers: Record<string, number> = {};
  const rss: number[] = [];
  let wrong = 0;
  let sent = 0;
  const client = async () => {
    while (sent < times) {
      const [name, kind] = oneOf(chance);
      if (++sent % Math.ceil(times / INTERVALS) === 0) {
        rss.push(server.rss);
        note(`${sent} requests, ${server.rss} MiB`);
      }
      const status = await statusOf(server.url, kind, chance);
      answers[`${name} ${status}`] = (answers[`${name} ${status}`] ?? 0) + 1;
      if (status !== kind.status && !(kind.left && status === 0)) wrong++;
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  await server.end("SIGTERM");
  return { answers, wrong, rss };
}

/** One of the kinds of requests; only its own body is made. */
function oneOf(chance: Chance): [name: string, Kind] {
  const user = `u${chance.below(1000)}`;
  const items = (count: number) => Array.from({ length: count }, () => `B${`${chance.below(1200)}`.padStart(9, "0")}`);
  const scored = () => JSON.stringify({ user, history: items(chance.below(60)), candidates: items(20) });
  const post = (path: string, body: object, status: number): Kind => ({ path, body: JSON.stringify(body), status });
  const time = 1_700_000_000 + chance.below(1_000_000);
  const history = `/v1/users/${user}/history`;
  // It takes as long as fifty others.
  if (chance.below(100) === 0) {
    return ["large", post("/v1/score", { user, history: items(5000), candidates: items(500) }, 200)];
  }
  const kinds: Record<string, () => Kind> = {
    score: () => ({ path: "/v1/score", body: scored(), status: 200 }),
    "rank of the store": () => post("/v1/rank", { user, candidates: items(20), top: 3 }, 200),
    explain: () => post("/v1/explain", { user, candidate: items(1)[0] }, 200),
    events: () => post("/v1/events", { events: items(3).map((item) => ({ user, item, time })) }, 200),
    history: () => ({ path: history, status: 200 }),
    erase: () => ({ path: history, method: "DELETE", status: 200 }),
    "no JSON": () => ({ path: "/v1/score", body: scored().slice(0, -2), status: 400 }),
    "unknown key": () => post("/v1/rank", { user, candidate: "B" }, 400),
    "too many": () => post("/v1/score", { user, candidates: items(1001) }, 413),
    "no route": () => ({ path: "/v1/nothing", status: 404 }),
    "wrong method": () => ({ path: "/v1/score", status: 405 }),
    left: () => ({ path: "/v1/score", body: scored(), status: 200, left: true }),
  };
  const [name, make] = chance.one(Object.entries(kinds));
  return [name, make()];
}

/** The status of an answer, which is read to its end; 0 where it was left, -1 where there is none for another reason. */
async function statusOf(url: string, { path, method, body, left }: Kind, chance: Chance): Promise<number> {
  const signal = left ? AbortSignal.timeout(1 + chance.below(10)) : null;
  const post = body === undefined ? {} : { method: "POST", body, headers: { "content-type": "application/json" } };
  try {
    const response = await fetch(url + path, { ...post, ...(method === undefined ? {} : { method }), signal });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return signal?.aborted ? 0 : -1;
  }
}
