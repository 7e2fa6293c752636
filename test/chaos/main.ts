/**
 * `npm run chaos -- --minutes N [--seed N] [--scene NAME]`: commands are killed, signalled and starved at random, until
 * the time is over or a promise is broken. A trial is repeated by its seed: `--seed N --trials 1 --scene NAME`.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Chance } from "./faults.ts";
import { Broken, type Scene, type Tally } from "./promise.ts";
import { makersOf } from "./scenes.ts";
import { canMount } from "./small-disk.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "5" },
    seed: { type: "string", default: "1" },
    trials: { type: "string", default: "1000000" },
    scene: { type: "string" },
  },
});

const workshop = mkdtempSync(join(tmpdir(), "dien-chaos-"));
const makers = await makersOf(workshop);
const wanted = Object.keys(makers).filter((name) => {
  return values.scene === undefined ? canMount() || !name.includes("small disk") : name === values.scene;
});
if (wanted.length === 0) throw new Error(`no scene ${values.scene}: ${Object.keys(makers).join(", ")}`);
const scenes: { readonly name: string; readonly scene: Scene }[] = [];
for (const name of wanted) scenes.push({ name, scene: await makers[name]() });

const end = performance.now() + Number(values.minutes) * 60_000;
const tallies = new Map(
  scenes.map(({ name }) => [name, { trials: 0, commands: 0, kills: 0, signals: 0, refusals: 0 }]),
);
let broken = 0;
for (let i = 0; i < Number(values.trials) && performance.now() < end; i++) {
  const { name, scene } = scenes[i % scenes.length];
  const seed = Number(values.seed) + i;
  const folder = join(workshop, `trial-${seed}`);
  mkdirSync(folder);
  const tally: Tally & { trials: number } = tallies.get(name)!;
  tally.trials++;
  try {
    await scene.trial(folder, new Chance(seed), tally);
    rmSync(folder, { recursive: true });
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    broken++;
    process.stdout.write(`${name}, seed ${seed}: ${error.message}\n  (its folder: ${folder})\n`);
  }
}
console.table(Object.fromEntries(tallies));
process.stdout.write(`${broken} broken promises\n`);
if (broken === 0) rmSync(workshop, { recursive: true });
process.exitCode = broken === 0 ? 0 : 1;
