/** The library as a program in JavaScript may call it: whatever it is given, errors are those of the catalogue. */
import { join } from "node:path";
import * as dien from "dien";
import { beforeAll, describe, expect, it } from "vitest";
import { writeSmallDataset } from "./support/dataset.ts";
import { temporaryFolder } from "./support/source.ts";

const folder = temporaryFolder();
const data = join(folder, "data");
const run = join(folder, "run");

beforeAll(async () => {
  await writeSmallDataset(data, { samples: 200 });
  const config = dien.resolveConfig({ model: { name: "dien" }, train: { epochs: 1, batch_size: 50 } });
  await dien.train({ data, out: run, config, threads: 1 });
});

type Callable = (...all: unknown[]) => unknown;

/** What a call throws, at once or later; undefined where it returns. */
async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return undefined;
}

const functions = Object.entries(dien).filter(([name, value]) => typeof value === "function" && name !== "UserError");

/** Takes anything that was thrown. */
const TAKES_ANYTHING = ["failureReason"];

const nowhere = join(folder, "nowhere");
const JUNK: readonly unknown[] = [
  undefined,
  null,
  5,
  Number.NaN,
  "",
  "a\0b",
  nowhere,
  true,
  {},
  [],
  [{}],
  () => {},
  5n,
  Symbol("x"),
];

describe.each(functions as unknown as [string, Callable][])("%s", (name, call) => {
  it("refuses what it cannot use with an error of the catalogue", async () => {
    for (const junk of JUNK) {
      for (const all of [
        [junk],
        [junk, junk],
        [nowhere, junk],
        [junk, junk, junk],
        [{ data: junk, run: junk, out: junk }],
      ]) {
        const error = await thrownBy(() => call(...all));
        if (TAKES_ANYTHING.includes(name)) expect(error).toBeUndefined();
        else if (error !== undefined) expect(error, String(error)).toBeInstanceOf(dien.UserError);
      }
    }
  });
});

describe("arguments that look right", () => {
  const config = dien.resolveConfig({ model: { name: "base" } });
  const label = [1, 0];
  it.each<[string, Callable, unknown[], string]>([
    [
      "a folder that is a number",
      dien.train as Callable,
      [{ data: 5, out: run, config }],
      "train: data: expected a text, found 5",
    ],
    [
      "a mistyped option",
      dien.train as Callable,
      [{ data, out: run, config, onProgres: 1 }],
      "train: unknown key 'onProgres'; did you mean 'onProgress'?",
    ],
    [
      "a listener that is none",
      dien.inspectDataset as Callable,
      [data, 5],
      "inspectDataset: onProgress: expected a function, found 5",
    ],
    [
      "a signal that is none",
      dien.train as Callable,
      [{ data, out: run, config, signal: {} }],
      "train: signal: expected an AbortSignal",
    ],
    [
      "a text among scores",
      dien.evaluateScores as Callable,
      [{ label, score: [0.5, "0.4"], group: new Int32Array(2) }],
      "evaluateScores: score: expected a list of numbers",
    ],
    [
      "too few scores",
      dien.evaluateScores as Callable,
      [{ label, score: [0.5], group: new Int32Array(2) }],
      "evaluateScores: score: expected 2 of them, one for each label, found 1",
    ],
    [
      "no runs of a side",
      dien.compareAuc as Callable,
      [{ label, group: new Int32Array(2), a: [], b: [[1, 2]] }],
      "compareAuc: a: expected a list of 1 or more, found []",
    ],
    [
      "a count that is none",
      dien.readScores as Callable,
      [run, -1],
      "readScores: count: expected a whole number, 0 to 2147483647, found -1",
    ],
    [
      "an engine that is none",
      dien.loadScorer as Callable,
      [run, { engine: "gpu" }],
      "loadScorer: options.engine: expected one of wasm",
    ],
  ])("%s", async (_, call, all, message) => {
    const error = await thrownBy(() => call(...all));
    expect(error).toBeInstanceOf(dien.UserError);
    expect((error as Error).message).toContain(message);
  });

  it("give what they gave before", () => {
    const group = Int32Array.from([0, 0, 1]);
    const metrics = dien.evaluateScores({ label: [1, 0, 1], score: Float32Array.from([0.9, 0.1, 0.4]), group });
    expect(metrics).toMatchObject({ auc: 1, samples: 3 });
    expect(dien.relaImpr(0.6, 0.55)).toBeCloseTo(1);
    expect(dien.spreadOf([1, 3]).mean).toBe(2);
    expect(dien.calibrationOf([1, 0], [0.9, 0.1], 2).bins).toHaveLength(2);
  });
});

describe("a scorer", () => {
  const sound = { user: "user 1", candidate: "i1", history: ["i2"] };
  it.each<[unknown, string]>([
    [{}, "score: requests: expected a list of requests, found {}"],
    [undefined, "score: requests is missing: expected a list of requests"],
    [[sound, undefined], "request 1 is missing: expected keys and their values"],
    [[sound, "x"], 'request 1: expected keys and their values, found "x"'],
    [[{ ...sound, candidate: undefined }], "request 0.candidate is missing: expected a value"],
    [[{ ...sound, candidate: ["i1"] }], "request 0.candidate: expected a value, or an object of values by field"],
    [[{ user: "u", candidate: "i" }], "request 0.history is missing: expected a list"],
    [[{ ...sound, history: "i1" }], 'request 0.history: expected a list, found "i1"'],
    [[{ ...sound, history: ["i1", undefined] }], "request 0.history.1 is missing: expected a value"],
    [[{ ...sound, history: [{ item: {} }] }], "request 0.history.0: expected a value, or an object of values"],
    [[{ ...sound, context: "x" }], "request 0.context: expected"],
    [[{ ...sound, time: {} }], "request 0.time: expected a string, a number, true, false or null"],
    [[...Array.from({ length: 70 }, () => sound), 7], "request 70: expected keys and their values, found 7"],
  ])("refuses %j", async (requests, message) => {
    const scorer = await dien.loadScorer(run);
    const error = await thrownBy(() => (scorer.score as Callable)(requests));
    expect(error).toBeInstanceOf(dien.UserError);
    expect((error as Error).message).toContain(message);
    // What it refused leaves nothing behind, and keys of the caller's own are no mistake.
    expect(scorer.score([{ ...sound, id: 1 } as typeof sound])).toHaveLength(1);
  });

  it.each<[object, string]>([
    [{}, "user: expected a list of 1 ids, found undefined"],
    [{ candidate: 10_000 }, "candidate.0: expected a whole number, 0 to "],
    [{ candidate: 1.5 }, "candidate.0: expected a whole number"],
    [{ history: [-1] }, "history.0: expected a whole number, 0 to "],
    [{ history: 5 }, "history: expected a list of rows, found 5"],
  ])("and an explainer refuses ids %j", async (wrong, message) => {
    const explainer = await dien.loadExplainer(run);
    const { user, context } = (await dien.openDataset(data)).schema;
    const coded = { user: user.map(() => 0), context: context.map(() => 0), candidate: 1, history: [1] };
    expect(explainer.explainCoded(coded).attention).toHaveLength(1);
    const given = Object.keys(wrong).length === 0 ? wrong : { ...coded, ...wrong };
    const error = await thrownBy(() => (explainer.explainCoded as Callable)(given));
    expect(error).toBeInstanceOf(dien.UserError);
    expect((error as Error).message).toContain(message);
  });
});
