/**
 * A process that posts events into a store until it is killed: `node store-writer.mjs FOLDER FIRST`. A line tells what was
 * acknowledged: `+ NUMBER...` of events, `- USER` of a user who was erased, `compacted`.
 */
import { writeSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, first] = process.argv.slice(2);
const { openStore } = await import(pathToFileURL(resolve("dist/store/open.js")).href);
const store = await openStore(`file:${folder}`, { most: 1000 });
const tell = (line) => writeSync(1, `${line}\n`);
tell("opened");

const USERS = 300;
/** Event `n` is always the same one. */
const event = (n) => ({ user: `u${n % USERS}`, id: `e${n}`, time: (n * 7919) % 100_000, item: `i${n % 50}` });
let next = Number(first);

async function post() {
  for (;;) {
    // A few new ones, and one that was posted before, as by a client that saw no answer.
    const numbers = Array.from({ length: 1 + (next % 4) }, () => next++);
    const again = Math.max(0, numbers[0] - 20);
    await store.append([...numbers, again].map(event));
    tell(`+ ${numbers.join(" ")} ${again}`);
  }
}

async function tidy() {
  for (let i = 0; ; i++) {
    await new Promise((done) => setTimeout(done, 60));
    // Nobody posts events of this user while it is erased: it has its own.
    const user = `erased${first}-${i}`;
    await store.append([{ user, id: "e", time: 0, item: "i" }]);
    await store.erase(user);
    tell(`- ${user}`);
    if (i % 4 === 3) {
      await store.compact();
      tell("compacted");
    }
  }
}

await Promise.all([post(), post(), post(), post(), tidy()]);
