/**
 * A server with an experiment is killed while users are shown items and click: what it answered for is in the records, once,
 * and what was asked again after a kill is no more than what an unbroken server would have recorded.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient, type DienClient, type RankingAnswer } from "dien/client";
import { readRecords } from "../../src/ab/records/read.ts";
import { withDuckDB } from "../../src/database/open.ts";
import type { Attack } from "./serving.ts";

export interface RecordsReport {
  readonly kills: number;
  /** Rankings and outcomes that were answered. */
  readonly answered: number;
  /** Requests that a kill left without an answer, and that were sent again. */
  readonly repeated: number;
  /** Files of records in the end. */
  readonly files: number;
  /** Acknowledged rows that are not there. */
  readonly lost: number;
  /** Rows that are there twice, or that nobody asked for, or that say something else than the answer did. */
  readonly wrong: number;
}

const USERS = 20;
const CLIENTS = 6;
const CANDIDATES = ["B1", "B2", "B3"];
const TOP = 2;
/** Answers before a kill; one kill in ten does not wait for any, and one in ten is followed by another within the start. */
const MOST_ANSWERS = 100;
/** Milliseconds after that. */
const MOST_DELAY = 30;
/** Milliseconds of a start within which it may be killed. */
const MOST_START = 1000;

/** What the server is asked by, in the course of its lives. */
class Life {
  client: DienClient | undefined;
  #kill: (() => Promise<unknown>) | undefined;
  #end: (() => Promise<unknown>) | undefined;

  async start(run: string, folder: string): Promise<void> {
    const child = spawn(process.execPath, ["test/chaos/records-server.mjs", run, folder], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "exit");
    const end = (signal: "SIGKILL" | "SIGTERM") => async () => {
      this.client = undefined;
      child.kill(signal);
      await ended;
    };
    [this.#kill, this.#end] = [end("SIGKILL"), end("SIGTERM")];
    for await (const url of createInterface(child.stdout)) {
      this.client = createClient({ url });
      return;
    }
    throw new Error("the server did not start");
  }

  kill = async () => await this.#kill?.();
  end = async () => await this.#end?.();
}

/** Kills a server `times` times, and compares the records with what was answered. */
export async function killedRecords({ run, folder, chance, times, note }: Attack): Promise<RecordsReport> {
  const records = join(folder, "records");
  const life = new Life();
  const shown = new Map<string, RankingAnswer>();
  const clicks = new Map<string, string>();
  let [answered, repeated, asked, isOver] = [0, 0, 0, false];
  /** The answer, from whichever life of the server gives it. */
  const answerOf = async <T>(ask: (client: DienClient) => Promise<T>): Promise<T> => {
    for (;;) {
      const { client } = life;
      try {
        if (client === undefined) await sleep(5);
        else {
          const answer = await ask(client);
          answered++;
          return answer;
        }
      } catch (error) {
        if ((error as { code?: string }).code !== "client.unreachable") throw error;
        repeated++;
        await sleep(5);
      }
    }
  };
  const user = async () => {
    while (!isOver) {
      const n = asked++;
      const request = { user: `u${n % USERS}`, history: [], candidates: CANDIDATES, top: TOP };
      const ranking = await answerOf((client) => client.rank(request, { requestId: `q${n}` }));
      shown.set(`q${n}`, ranking);
      const ids = ranking.ranking.slice(0, n % (TOP + 1)).map(({ impression }) => impression!);
      if (ids.length === 0) continue;
      const outcomes = ids.map((impression) => ({
        id: `c-${impression}`,
        user: request.user,
        type: "click",
        impression,
        value: 1,
      }));
      await answerOf((client) => client.outcomes(outcomes));
      for (const { id, impression } of outcomes) clicks.set(id, impression);
    }
  };
  await life.start(run, records);
  const users = Promise.all(Array.from({ length: CLIENTS }, user));
  for (let kills = 1; kills <= times; kills++) {
    const until = chance.below(10) === 0 ? 0 : answered + 1 + chance.below(MOST_ANSWERS);
    while (answered < until) await Promise.race([sleep(2), users]);
    await sleep(chance.real() * MOST_DELAY);
    await life.kill();
    if (chance.below(10) === 0) {
      const starting = life.start(run, records).catch(() => {});
      await sleep(chance.real() * MOST_START);
      await life.kill();
      await starting;
    }
    await life.start(run, records);
    if (kills % Math.ceil(times / 10) === 0) note(`${kills} kills, ${answered} answers, ${repeated} sent again`);
  }
  isOver = true;
  await users;
  await life.end();
  return { kills: times, answered, repeated, ...(await compared(records, shown, clicks)) };
}

/** The records of a server that has ended, compared with what it answered. */
async function compared(
  records: string,
  shown: ReadonlyMap<string, RankingAnswer>,
  clicks: ReadonlyMap<string, string>,
): Promise<Pick<RecordsReport, "files" | "lost" | "wrong">> {
  const expected = new Map<string, string>();
  for (const [request, { ranking, experiment }] of shown) {
    for (const [i, { candidate, impression }] of ranking.entries()) {
      if (impression !== `${request}.${i + 1}`) throw new Error(`${request} has an impression ${impression}`);
      expected.set(impression, JSON.stringify([userOf(request), experiment!.arm, candidate, i + 1]));
    }
  }
  for (const [id, impression] of clicks) {
    const [request] = impression.split(".");
    expected.set(id, JSON.stringify([userOf(request), shown.get(request)!.experiment!.arm, impression, true]));
  }
  const found = new Map<string, string>();
  let wrong = 0;
  // Of the files themselves: readers would see a row that is there twice once.
  const raw = await withDuckDB(async (connection) => {
    const rows = await connection.runAndReadAll(
      `SELECT id, user, arm, item, position FROM read_parquet('${records}/exposures-*.parquet') UNION ALL BY NAME
       SELECT id, user, arm, impression, attributed FROM read_parquet('${records}/outcomes-*.parquet')`,
    );
    return rows.getRowObjects();
  });
  for (const { id, user, arm, item, position, impression, attributed } of raw) {
    if (found.has(String(id))) wrong++;
    found.set(String(id), JSON.stringify([user, arm, item ?? impression, position ?? attributed]));
  }
  for (const [id, row] of found) if (expected.get(id) !== row) wrong++;
  const lost = [...expected.keys()].filter((id) => !found.has(id)).length;
  // And what readers see is all of it.
  const paths = { exposures: [records], outcomes: [records] };
  const { rows, firsts, files } = await readRecords(paths, async (connection, { files }) => {
    const [[rows, firsts]] = (
      await connection.runAndReadAll(
        `SELECT (SELECT count(*) FROM exposures) + (SELECT count(*) FROM outcomes),
                (SELECT count(DISTINCT split_part(id, '.', 1)) FROM exposures WHERE first)`,
      )
    ).getRows();
    return { rows: Number(rows), firsts: Number(firsts), files: files.exposures + files.outcomes };
  });
  if (rows !== expected.size || firsts !== Math.min(USERS, shown.size)) wrong++;
  return { files, lost, wrong };
}

const userOf = (request: string) => `u${Number(request.slice(1)) % USERS}`;
