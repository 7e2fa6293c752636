/**
 * `npm run bench -- threads [DATASET...] [--history 10,50,100] [--engine native] [--rounds 30] [--json]`: what a second thread gains in
 * training, and where the rest goes.
 *
 * In each round the same steps are made by one thread, by two, and by two trainings of one thread each that have nothing in
 * common, which is the machine's limit. Rounds are told apart by where the two cores were meanwhile (`distance.ts`). A step's
 * time is its median over rounds: what interrupts a step now and then does not count. Whole rounds, with all that interrupts
 * them and the messages between the threads, are compared beside it.
 */
import { parseArgs } from "node:util";
import { chooseMachine } from "../../src/engine/machine.ts";
import type { Engine } from "../../src/kernels/load.ts";
import { median } from "../roofline/breakdown.ts";
import { machine, note, percent, print, printMachine, table } from "../show.ts";
import { Distance } from "./distance.ts";
import { Lane, STAGES, type ThreadTimes } from "./lane.ts";
import { type Work, workOnDataset, workOnHistories } from "./work.ts";

const { positionals, values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    history: { type: "string" },
    engine: { type: "string" },
    rounds: { type: "string", default: "30" },
    json: { type: "boolean", default: false },
  },
  allowPositionals: true,
});

/** Steps that each training makes before it is measured: until then code is compiled meanwhile, on the same two cores. */
const WARM_STEPS = 500;
/** Above so many nanoseconds two cores have no cache in common. */
const FAR = 100;
/** Where two trainings make less than so many times the steps of one, they share a core, or other programs take theirs. */
const LEAST_GAIN = 1.5;

const PLACES = ["near", "far", "shared or busy"] as const;

interface Round {
  readonly one: ThreadTimes[];
  readonly two: ThreadTimes[];
  /** Of the whole round: seconds with one thread over those with two. */
  readonly whole: number;
  /** Of two trainings at once, each of one thread. */
  readonly apart: ThreadTimes[];
  readonly nanoseconds: number;
}

interface Report {
  readonly name: string;
  readonly place: (typeof PLACES)[number];
  readonly rounds: number;
  readonly nanoseconds: number;
  /** Milliseconds a step. */
  readonly one_ms: number;
  readonly two_ms: number;
  /** Speed over that of one thread: of two threads, also in whole rounds, and of two trainings. */
  readonly two_threads: number;
  readonly whole_rounds: number;
  readonly two_trainings: number;
  /** By stage, milliseconds a step: at work with one thread, the longest work of two, and what both wait together. */
  readonly stages: readonly { readonly one: number; readonly longest: number; readonly waiting: number }[];
}

/** A positive whole number. */
function counted(name: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`--${name} takes positive whole numbers, not "${text}"`);
  return Number(text);
}

const rounds = counted("rounds", values.rounds);
const lengths = (values.history ?? "10,50,100").split(",").map((text) => counted("history", text));
if (positionals.length > 0 && values.history !== undefined)
  throw new Error("--history is for where no dataset is named");

const { engine } = chooseMachine(values.engine === undefined ? {} : { engine: values.engine as Engine });
const reports: Report[] = [];
for (const directory of positionals) reports.push(...(await measure(await workOnDataset(directory))));
if (positionals.length === 0) {
  for (const length of lengths) reports.push(...(await measure(workOnHistories(length))));
}
if (values.json) print(JSON.stringify({ machine: machine(), engine, reports }));
else show();

async function measure(work: Work): Promise<Report[]> {
  note(work.name);
  const distance = new Distance();
  const [one, two, left, right] = [1, 2, 1, 1].map((threads) => new Lane(work, engine, threads));
  try {
    for (let steps = 0; steps < WARM_STEPS; steps += work.steps) {
      for (const lane of [one, two, left, right]) await lane.run();
    }
    const seen: Round[] = [];
    for (let round = 0; round < rounds; round++) {
      const before = await distance.nanoseconds();
      const begun = performance.now();
      const both = await two.run();
      const ended = performance.now();
      const nanoseconds = Math.max(before, await distance.nanoseconds());
      const begunAlone = performance.now();
      const single = await one.run();
      const whole = (performance.now() - begunAlone) / (ended - begun);
      const apart = (await Promise.all([left.run(), right.run()])).flat();
      seen.push({ one: single, two: both, whole, apart, nanoseconds });
    }
    return PLACES.flatMap((place) => {
      const there = seen.filter((round) => placeOf(round) === place);
      return there.length === 0 ? [] : [reportOf(work, place, there)];
    });
  } finally {
    for (const each of [one, two, left, right, distance]) await each.close();
  }
}

function placeOf({ one, apart, nanoseconds }: Round): (typeof PLACES)[number] {
  const gain = (4 * total(one[0])) / (total(apart[0]) + total(apart[1]));
  if (gain < LEAST_GAIN || nanoseconds === Number.POSITIVE_INFINITY) return "shared or busy";
  return nanoseconds > FAR ? "far" : "near";
}

function total({ working, waiting }: ThreadTimes): number {
  return [...working, ...waiting].reduce((sum, ms) => sum + ms, 0);
}

function reportOf({ name, steps }: Work, place: Report["place"], rounds: readonly Round[]): Report {
  /** The median over rounds of each step, and of those the mean. */
  const typical = (ofStep: (round: Round, step: number) => number) => {
    let sum = 0;
    for (let step = 0; step < steps; step++) sum += median(rounds.map((round) => ofStep(round, step)));
    return sum / steps;
  };
  const stages = STAGES.map((_, stage) => {
    const at = (step: number) => step * STAGES.length + stage;
    return {
      one: typical(({ one }, step) => one[0].working[at(step)]),
      longest: typical(({ two }, step) => Math.max(...two.map(({ working }) => working[at(step)]))),
      waiting: typical(({ two }, step) => two.reduce((sum, { waiting }) => sum + waiting[at(step)], 0)),
    };
  });
  const ofStep = ({ working, waiting }: ThreadTimes, step: number) => {
    let ms = 0;
    for (let i = step * STAGES.length; i < (step + 1) * STAGES.length; i++) ms += working[i] + waiting[i];
    return ms;
  };
  const one_ms = typical(({ one }, step) => ofStep(one[0], step));
  const two_ms = typical(({ two }, step) => ofStep(two[0], step));
  const apart_ms = typical(({ apart }, step) => (ofStep(apart[0], step) + ofStep(apart[1], step)) / 2);
  return {
    name,
    place,
    rounds: rounds.length,
    nanoseconds: median(rounds.map(({ nanoseconds }) => nanoseconds)),
    one_ms,
    two_ms,
    two_threads: one_ms / two_ms,
    whole_rounds: median(rounds.map(({ whole }) => whole)),
    two_trainings: (2 * one_ms) / apart_ms,
    stages,
  };
}

function show(): void {
  printMachine();
  print(`Training steps of DIEN, ${engine}; speed over that of one thread`);
  const head = [
    "training on",
    "cores",
    "ns apart",
    "rounds",
    "one thread, ms a step",
    "two, ms",
    "two threads",
    "in whole rounds",
    "two trainings",
  ];
  const rows = reports.map((each) => [
    each.name,
    each.place,
    Number.isFinite(each.nanoseconds) ? Math.round(each.nanoseconds) : "",
    each.rounds,
    each.one_ms.toFixed(2),
    each.two_ms.toFixed(2),
    each.two_threads.toFixed(2),
    each.whole_rounds.toFixed(2),
    each.two_trainings.toFixed(2),
  ]);
  print(table(head, rows));
  print("near: the cores share a cache; far: they do not; shared or busy: two trainings gain less than 1.5 times");
  print(
    "\nBy stage of a step: the slower of two threads / half of what one needs; share of the step that a thread waits",
  );
  const parts = reports.map(({ name, place, two_ms, stages }) => [
    name,
    place,
    ...stages.flatMap(({ one, longest, waiting }) => [
      `${(1000 * longest).toFixed(0)} / ${(500 * one).toFixed(0)} us`,
      percent(waiting / 2 / two_ms),
    ]),
  ]);
  print(table(["training on", "cores", ...STAGES.flatMap((stage) => [stage, "waiting"])], parts));
}
