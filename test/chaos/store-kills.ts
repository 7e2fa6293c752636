/** A process that posts events into a store is killed again and again: what it acknowledged is there, once. */
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { openStore } from "../../src/store/open.ts";
import type { Chance } from "./faults.ts";
import { Broken, type Scene, type Tally } from "./promise.ts";

const WRITER = resolve("test/chaos/store-writer.mjs");
/** Kills of one store. */
const KILLS = 5;
/** Milliseconds after the opening in which it is killed; some are killed before. */
const MOST_DELAY = 400;

interface Acknowledged {
  readonly ids: Set<string>;
  readonly erased: Set<string>;
}

export function storeKills(): Scene {
  return {
    async trial(folder: string, chance: Chance, tally: Tally): Promise<void> {
      const store = join(folder, "store");
      const acknowledged: Acknowledged = { ids: new Set(), erased: new Set() };
      for (let i = 0; i < KILLS; i++) {
        // Numbers of events go on where no process before can have been.
        const lines = await killedWriter(store, String(i * 1_000_000), chance);
        tally.commands++;
        tally.kills++;
        for (const line of lines) {
          const [kind, ...what] = line.split(" ");
          if (kind === "+") for (const n of what) acknowledged.ids.add(`e${n}`);
          if (kind === "-") acknowledged.erased.add(what[0]);
        }
        await checkStore(store, acknowledged);
      }
      if (acknowledged.ids.size === 0) throw new Broken("no event was acknowledged in all that time");
      rmSync(store, { recursive: true });
    },
  };
}

/** The lines of a writer that was killed at a random moment. */
async function killedWriter(store: string, first: string, chance: Chance): Promise<string[]> {
  const child = spawn(process.execPath, [WRITER, store, first], { stdio: ["ignore", "pipe", "pipe"] });
  let [said, complained] = ["", ""];
  const delay = chance.real() * MOST_DELAY;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    // One in ten dies while it opens.
    if (said === "") setTimeout(() => child.kill("SIGKILL"), delay);
    said += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complained += text;
  });
  const early = chance.below(10) === 0 ? setTimeout(() => child.kill("SIGKILL"), 100 + delay) : undefined;
  const signal = await new Promise((done) => child.once("close", (_, signal) => done(signal)));
  clearTimeout(early);
  if (signal !== "SIGKILL") throw new Broken(`a writer ended by itself: ${complained}`);
  // The last line may be cut off.
  return said.split("\n").slice(0, -1);
}

async function checkStore(folder: string, { ids, erased }: Acknowledged): Promise<void> {
  const store = await openStore(`file:${folder}`, { most: 1000 });
  try {
    const found = new Set<string>();
    let events = 0;
    for await (const own of store.all()) {
      if (erased.has(own[0].user)) throw new Broken(`${own[0].user}, who was erased, is there`);
      if (own[0].user.startsWith("erased")) continue;
      events += own.length;
      for (const { id } of own) found.add(id);
      if (own.some(({ time }, i) => i > 0 && time < own[i - 1].time))
        throw new Broken(`${own[0].user} is not in order`);
    }
    if (found.size !== events) throw new Broken(`${events - found.size} events are there twice`);
    const lost = [...ids].filter((id) => !found.has(id));
    if (lost.length > 0) throw new Broken(`${lost.length} acknowledged events are lost, such as ${lost[0]}`);
  } finally {
    await store.close();
  }
}
