/**
 * What the chaos is made of: commands over and over, and what must hold after each of them, whatever happened to it.
 *
 * The outcome of an unbroken command is known from the beginning. A broken one leaves the state before or that outcome;
 * the same command again, without a fault, leaves that outcome and nothing else.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { dien, type Ended } from "./command.ts";
import { type Contents, contentsOf, difference, unfinishedIn } from "./compare.ts";
import { anyFault, type Chance, type Fault, kill, killAtCall, type Unbroken } from "./faults.ts";
import { Broken, type Scene, type Tally } from "./promise.ts";
import { SmallDisk } from "./small-disk.ts";
import { storeKills } from "./store-kills.ts";

/** Faults before the last, unbroken command. */
const ROUNDS = 2;
/** A model that is learned soon: how large it is makes no difference to what a fault leaves. */
const SMALL = ["--set", "model.embedding.size=4", "--set", "model.head.layers=[8]"];
/** Milliseconds within which a signal ends a command, on a machine that does other things too. */
const PROMPT = 6000;

/** Commands, and what they make of a folder that is not there. */
class Workshop {
  readonly folder: string;
  readonly #outcomes = new Map<string, Promise<Outcome>>();

  constructor(folder: string) {
    this.folder = folder;
  }

  outcomeOf(argv: readonly string[], out: string): Promise<Outcome> {
    const key = argv.join(" ");
    const known =
      this.#outcomes.get(key) ?? this.#make(join(this.folder, `unbroken-${this.#outcomes.size}`), argv, out);
    this.#outcomes.set(key, known);
    return known;
  }

  async #make(folder: string, argv: readonly string[], out: string): Promise<Outcome> {
    mkdirSync(folder);
    const countFile = join(folder, "calls");
    const { milliseconds } = await succeed(folder, argv, countFile);
    const unbroken = { milliseconds, calls: Number(readFileSync(countFile, "utf8")) };
    return { unbroken, contents: contentsOf(join(folder, out)), folder: join(folder, out) };
  }
}

interface Outcome {
  readonly unbroken: Unbroken;
  readonly contents: Contents;
  readonly folder: string;
}

export type SceneMakers = Readonly<Record<string, () => Promise<Scene>>>;

/** The scenes, by name, to be made when they are wanted: each begins with unbroken commands, in `folder`. */
export async function makersOf(folder: string): Promise<SceneMakers> {
  const log = join(folder, "log");
  await succeed(folder, ["prepare", "synthetic", "--users", "60", "--log", log]);
  const tables = ["events", "users", "items"].flatMap((name) => [`--${name}`, join(log, `${name}.csv`)]);
  const prepare = (seed: number, out: string) => [
    ...["prepare", "events", "--config", join(log, "features.yaml"), ...tables],
    ...["--seed", `${seed}`, "--out", out],
  ];
  const events = (seed: number) => prepare(seed, "out");
  const workshop = new Workshop(folder);
  const { folder: data } = await workshop.outcomeOf(events(1), "out");
  const train = [
    ...["train", "--data", data, "--out", "run", "--threads", "2", "--checkpoint-seconds", "0.05"],
    ...["--epochs", "2", "--set", "train.batch_size=32", "--set", "train.patience=9"],
    ...SMALL,
  ];
  const experiment = [
    ...["experiment", "figure2", "--data", data, "--out", "out", "--seeds", "1", "--checkpoint-seconds", "0.05"],
    ...["--set", "train.epochs=1", "--set", "train.batch_size=32", ...SMALL],
  ];
  const synthetic = (seed: number) => ["prepare", "synthetic", "--users", "60", "--seed", `${seed}`, "--out", "out"];
  return {
    "prepare events": () => replacement(workshop, events),
    "prepare synthetic": () => replacement(workshop, synthetic),
    "several prepare": () => several(workshop, events),
    train: () => continued(workshop, "run", (begun) => [...train, ...(begun ? ["--resume"] : [])]),
    "several train": () => severalTrainings(workshop, train),
    experiment: () => continued(workshop, "out", () => experiment),
    store: async () => storeKills(),
    "prepare on a small disk": async () => smallDisk(events(1), 1000),
    "train on a small disk": async () => smallDisk(train, 6000),
  };
}

async function succeed(folder: string, argv: readonly string[], countFile?: string): Promise<Ended> {
  const ended = await dien(folder, argv, undefined, countFile);
  if (ended.code !== 0) throw new Broken(`dien ${argv.join(" ")} ended with ${ended.code}: ${ended.stderr}`);
  return ended;
}

/** What holds after every command, whatever happened to it. */
function checkEnd(ended: Ended, tally: Tally): void {
  tally.commands++;
  if (ended.hung) throw new Broken(`after ${ended.fault} it did not end`);
  if (ended.signal === "SIGKILL") tally.kills++;
  if (/internal error|\n {4}at /.test(ended.stderr))
    throw new Broken(`after ${ended.fault} a stack on stderr: ${ended.stderr}`);
  if (ended.lingered !== undefined && ended.signal !== "SIGKILL") {
    tally.signals++;
    if (ended.lingered > PROMPT)
      throw new Broken(`after ${ended.fault} it ended ${Math.round(ended.lingered)} ms after the signal`);
  }
  if (ended.code === 1) {
    tally.refusals++;
    const errors = ended.stderr.split("\n").filter((line) => line.startsWith("error: "));
    if (errors.length !== 1)
      throw new Broken(`after ${ended.fault} expected one line of error, found: ${ended.stderr}`);
  }
}

/** Nothing lies in the folder but `names`. */
function checkNothingElse(folder: string, after: Ended, ...names: string[]): void {
  const other = readdirSync(folder).find((name) => !names.includes(name));
  if (other !== undefined) throw new Broken(`after ${after.fault} ${other} was left behind`);
}

/** Commands that put a dataset in the place of another one. */
async function replacement(workshop: Workshop, command: (seed: number) => readonly string[]): Promise<Scene> {
  const old = await workshop.outcomeOf(command(1), "out");
  const fresh = await workshop.outcomeOf(command(2), "out");
  return {
    async trial(folder, chance, tally) {
      const out = join(folder, "out");
      const hadOld = chance.real() < 0.6;
      if (hadOld) cpSync(old.folder, out, { recursive: true });
      let isFresh = false;
      for (let round = 0; round < ROUNDS; round++) {
        const before = unfinishedIn(folder);
        const ended = await dien(folder, command(2), anyFault(chance, fresh.unbroken));
        checkEnd(ended, tally);
        const found = contentsOf(out);
        const wasFresh = isFresh;
        isFresh = difference(found, fresh.contents) === undefined;
        if (!isFresh && (ended.code === 0 || wasFresh)) {
          throw new Broken(`after ${ended.fault} exit code ${ended.code}, but ${difference(found, fresh.contents)}`);
        }
        // A kill between two renames may leave OUT absent, where names cannot be exchanged: the next command mends that.
        const isBefore = difference(found, hadOld ? old.contents : {}) === undefined;
        if (!isFresh && !isBefore)
          throw new Broken(`after ${ended.fault} neither the old nor the new dataset: ${JSON.stringify(found)}`);
        checkTidy(folder, before, ended);
      }
      const last = await succeed(folder, command(2));
      const wrong = difference(contentsOf(out), fresh.contents);
      if (wrong !== undefined) throw new Broken(`after the unbroken command ${wrong}`);
      checkNothingElse(folder, last, "out");
    },
  };
}

/** Several processes write to one place at a time, and some of them are killed. */
async function several(workshop: Workshop, command: (seed: number) => readonly string[]): Promise<Scene> {
  const seeds = [1, 2, 1];
  const outcomes: Outcome[] = [];
  for (const seed of seeds) outcomes.push(await workshop.outcomeOf(command(seed), "out"));
  return {
    async trial(folder, chance, tally) {
      const out = join(folder, "out");
      const running = seeds.map(async (seed, i) => {
        const fault = chance.real() < 0.4 ? someKill(chance, outcomes[i].unbroken) : undefined;
        await new Promise((go) => setTimeout(go, chance.real() * 300));
        return await dien(folder, command(seed), fault);
      });
      const ended = await Promise.all(running);
      for (const one of ended) checkEnd(one, tally);
      const found = contentsOf(out);
      const made = outcomes.findIndex(({ contents }) => difference(found, contents) === undefined);
      const isNothing = Object.keys(found).length === 0;
      if (made < 0 && !(isNothing && ended.every(({ code }) => code !== 0))) {
        throw new Broken(`a dataset of none of the processes: ${JSON.stringify(found)}`);
      }
      const last = await succeed(folder, command(1));
      const wrong = difference(contentsOf(out), outcomes[0].contents);
      if (wrong !== undefined) throw new Broken(`after the unbroken command ${wrong}`);
      checkNothingElse(folder, last, "out");
    },
  };
}

const someKill = (chance: Chance, unbroken: Unbroken): Fault => chance.one([kill, killAtCall])(chance, unbroken);

/** Commands that go on where they were stopped. */
async function continued(
  workshop: Workshop,
  out: string,
  command: (begun: boolean) => readonly string[],
): Promise<Scene> {
  const { unbroken, contents } = await workshop.outcomeOf(command(false), out);
  return {
    async trial(folder, chance, tally) {
      const begun = () => existsSync(join(folder, out, "config.yaml"));
      for (let round = 0; round < ROUNDS; round++) {
        const before = unfinishedIn(folder);
        const ended = await dien(folder, command(begun()), anyFault(chance, unbroken));
        checkEnd(ended, tally);
        checkTidy(folder, before, ended);
        if (ended.code === 0) break;
      }
      const last = await succeed(folder, command(begun()));
      const wrong = difference(contentsOf(join(folder, out)), contents);
      if (wrong !== undefined) throw new Broken(`after the unbroken command ${wrong}`);
      checkNothingElse(folder, last, out);
    },
  };
}

/**
 * A command that ended by itself has put away what it had begun. What a killed one left before it may still lie there, with
 * the lock that names its owner: a command that is stopped on its way to the lock does not touch either.
 * @param before what was unfinished when the command began
 */
export function checkTidy(folder: string, before: readonly string[], after: Pick<Ended, "code" | "fault">): void {
  if (after.code === null) return;
  const left = unfinishedIn(folder).find((name) => !before.includes(name));
  if (left !== undefined) throw new Broken(`after ${after.fault} ${left} was left behind`);
}

/** Several processes go on with one run that was killed. */
async function severalTrainings(workshop: Workshop, train: readonly string[]): Promise<Scene> {
  const { unbroken, contents } = await workshop.outcomeOf(train, "run");
  return {
    async trial(folder, chance, tally) {
      const run = join(folder, "run");
      while (!existsSync(join(run, "config.yaml"))) checkEnd(await dien(folder, train, kill(chance, unbroken)), tally);
      const running = [0, 1, 2].map(async () => {
        const fault = chance.real() < 0.3 ? someKill(chance, unbroken) : undefined;
        await new Promise((go) => setTimeout(go, chance.real() * 200));
        return await dien(folder, [...train, "--resume"], fault);
      });
      for (const ended of await Promise.all(running)) checkEnd(ended, tally);
      const last = await succeed(folder, [...train, "--resume"]);
      const wrong = difference(contentsOf(run), contents);
      if (wrong !== undefined) throw new Broken(`after the unbroken command ${wrong}`);
      checkNothingElse(folder, last, "run");
    },
  };
}

/** The disk is full somewhere in the middle: one line of error, nothing left; on a larger disk the command succeeds. */
function smallDisk(command: readonly string[], most: number): Scene {
  return {
    async trial(folder, chance, tally) {
      const disk = new SmallDisk(folder, 40 + chance.below(most));
      try {
        const ended = await dien(folder, command);
        checkEnd(ended, tally);
        if (ended.code === 1) checkTidy(folder, [], ended);
        if (ended.code === 1 && command[0] === "prepare") checkNothingElse(folder, ended);
        disk.grow();
        const begun = existsSync(join(folder, "run", "config.yaml"));
        await succeed(folder, begun ? [...command, "--resume"] : command);
      } finally {
        disk.remove();
      }
    },
  };
}
