/** Raw requests have the scores of the samples that were prepared from the same values, to the bit. */
import { join } from "node:path";
import {
  loadExplainer,
  loadScorer,
  openDataset,
  type PredictRequest,
  type RankRequest,
  resolveConfig,
  type Scorer,
  scoreRun,
  train,
  UserError,
} from "dien";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { readModelDescription } from "../../src/run/model-folder.ts";
import { behavioursOf, historyOf, historyQuery, type PostedEvent } from "../../src/scoring/behaviours.ts";
import { RequestEncoder } from "../../src/scoring/encode.ts";
import type { Value, Values } from "../../src/scoring/request.ts";
import { saidOf } from "../../src/serving/refusal.ts";
import { openStore } from "../../src/store/open.ts";
import { type RawLog, writeRawLog } from "../support/raw-log.ts";
import { temporaryFolder } from "../support/source.ts";

const HOUR = 3_600_000;
const folder = temporaryFolder();

async function trainOn(name: string, log: RawLog, settings: { readonly max_history?: number } = {}) {
  const [data, run] = [join(folder, name), join(folder, `${name}-run`)];
  const requests = await writeRawLog(data, log);
  const model = { name: "dien", embedding: { size: 4 }, head: { layers: [8] } };
  const config = resolveConfig({
    model,
    train: { epochs: 1, batch_size: 32, learning_rate: 0.05, ...settings },
  });
  await train({ data, out: run, config, threads: 1 });
  return { data, run, requests };
}

it.each<[string, RawLog, { readonly max_history?: number }?]>([
  ["whole-histories", { seed: 1, maxHistory: 20, utcOffset: 0 }],
  ["latest-few", { seed: 2, maxHistory: 4, utcOffset: 480 }],
  ["window", { seed: 3, maxHistory: 20, window: 12 * HOUR, utcOffset: -210 }],
  ["window-and-few", { seed: 4, maxHistory: 3, window: 24 * HOUR, utcOffset: 60 }],
  ["fewer-than-prepared", { seed: 7, maxHistory: 20, utcOffset: 0 }, { max_history: 2 }],
])("%s", async (name, log, settings) => {
  const { data, run, requests } = await trainOn(name, log, settings);
  const { score } = await scoreRun({ run, data, split: "test", threads: 1 });
  const scorer = await loadScorer(run);
  expect(scorer.score(requests)).toEqual([...score]);
  await checkStored(run, requests);
  const { test, sequences, schema } = await openDataset(data);
  const { explainCoded } = await loadExplainer(run);
  const coded = Array.from(test.item, (candidate, i) => {
    const end = sequences.offsets[test.sequence[i]] + test.position[i];
    const history = Array.from(sequences.items.subarray(end - test.length[i], end));
    const [user, context] = (["user", "context"] as const).map((kind) =>
      schema[kind].flatMap(({ list }, f) => {
        const width = list?.most ?? 1;
        return [...test[kind][f].subarray(i * width, (i + 1) * width)];
      }),
    );
    return explainCoded({ user, context, candidate, history }).score;
  });
  expect(coded).toEqual([...score]);
  // There is something to see: samples differ, and so do their histories.
  expect(new Set(score).size).toBeGreaterThan(100);
  const most = Math.min(log.maxHistory, settings?.max_history ?? log.maxHistory);
  const lengths = test.length.map((length) => Math.min(length, most));
  expect(lengths).toContain(0);
  expect(lengths).toContain(Math.min(most, 3));
  expect(scorer.counts.behaviours).toBe(lengths.reduce((sum, length) => sum + length, 0));
  expect(scorer.counts.unknown.behaviours).toBeGreaterThan(0);
});

/** Histories that went through a store, in any order and some behaviours twice, give the scores of those that were given. */
async function checkStored(run: string, requests: readonly PredictRequest[]): Promise<void> {
  const scorer = await loadScorer(run);
  const description = await readModelDescription(run);
  // Of what is no item at all nobody tells a server.
  const named = requests.map((request) => ({
    ...request,
    history: request.history.filter((behaviour) => !isEmpty(behaviour)),
  }));
  const timed = named.filter(({ history }) =>
    history.every((one) => typeof one === "object" && one?.time !== undefined),
  );
  expect(timed.length).toBeGreaterThan(20);
  const stored: PredictRequest[] = [];
  for (const [i, request] of timed.entries()) {
    const store = await openStore("memory:", { most: 100 });
    const posted = request.history.map((one): PostedEvent => {
      const { time, ...item } = one as Values;
      return { user: `u${i}`, item, time: time as Value };
    });
    for (const event of [...posted.toReversed(), ...posted.slice(i % 3)]) {
      await store.append(behavioursOf([description], [event]).events);
    }
    const found = await store.history(`u${i}`, historyQuery(description, request.time));
    expect(found.length).toBeLessThanOrEqual(description.schema.maxHistory);
    stored.push({ ...request, history: historyOf(description, found) });
    await store.close();
  }
  expect(scorer.score(stored)).toEqual(scorer.score(timed));
}

function isEmpty(behaviour: Value | Values): boolean {
  const values =
    typeof behaviour === "object" && behaviour !== null ? Object.entries(behaviour) : [["item", behaviour]];
  return values.every(([name, value]) => name === "time" || value === null || value === "" || String(value) === "[]");
}

describe("a request", () => {
  let scorer: Scorer;
  let requests: PredictRequest[];
  const scoreOf = (request: PredictRequest) => scorer.score([request])[0];
  const plain: PredictRequest = {
    user: { user: "u3", age: 33.5, member: true },
    candidate: "i7",
    history: ["i5", 4, "i9"],
    context: { scene: "home", waited: 2 },
    time: "2017-11-26T08:30Z",
  };

  beforeAll(async () => {
    const made = await trainOn("model", { seed: 5, maxHistory: 5, window: 48 * HOUR, utcOffset: 0 });
    requests = made.requests;
    scorer = await loadScorer(made.run);
  });

  it.each<[string, Partial<PredictRequest>, Partial<PredictRequest>]>([
    ["has the value of the first user field alone", { user: "u3" }, { user: { user: "u3" } }],
    ["has nothing in null and empty text", { user: { user: "u3", age: null, member: "" } }, { user: "u3" }],
    ["may have no user", { user: null }, { user: {} }],
    [
      "takes a list for its text",
      { user: { interests: ["jazz", "rock"] } },
      { user: { interests: " jazz|rock|jazz" } },
    ],
    ["takes a value for a list of one", { user: { interests: "rock" } }, { user: { interests: ["rock"] } }],
    ["has nothing in an empty list", { user: { interests: [null, ""] } }, { user: {} }],
    ["takes a JSON text for its list", { candidate: { tags: '["b", 7]' } }, { candidate: { tags: ["b", 7] } }],
    ["takes no number for the mean", { context: { patience: "long" } }, { context: {} }],
    ["cuts numbers far away", { candidate: { weight: 1e9 } }, { candidate: { weight: "7" } }],
    ["takes numbers for their text", { candidate: 4 }, { candidate: "4" }],
    ["takes true for its text", { user: { member: true } }, { user: { member: "true" } }],
    ["knows what a bucket holds", { user: { age: 59 } }, { user: { age: "4e1" } }],
    ["takes no number for none", { user: { age: "old" } }, { user: {} }],
    ["has no context where none is given", { context: undefined }, { context: {} }],
    ["has no time where none is given", { time: null }, { time: undefined }],
    ["takes the fields of a known item", { candidate: { item: "i7", brand: null } }, { candidate: "i7" }],
    ["takes an item for its fields", { candidate: { item: "new", price: 3 } }, { candidate: { price: 3 } }],
    ["counts the latest", { history: ["i1", "i3", 4, "i9", "i5", "i7"] }, { history: ["i3", 4, "i9", "i5", "i7"] }],
    [
      "leaves out what is not before it, or older than the window",
      {
        history: [
          { item: "i1", time: "2017-11-24T08:29:59.999" },
          { item: "i3", time: "2017-11-24T08:30" },
          "i5",
          { item: "i7", time: "2017-11-26T08:29:59.999" },
          { item: "i9", time: "2017-11-26T08:30" },
        ],
      },
      { history: ["i3", "i5", "i7"] },
    ],
    [
      "sorts by time, and keeps the order of equal times, and what has none behind what it follows",
      {
        history: [
          { item: "i9", time: "2017-11-26T08:00Z" },
          "i11",
          { item: "i1", time: "2017-11-25" },
          { item: "i3", time: "2017-11-25T00:00+00" },
        ],
      },
      { history: ["i1", "i3", "i9", "i11"] },
    ],
    [
      "without a time leaves out nothing",
      {
        time: null,
        history: [
          { item: "i9", time: "2099-01-01" },
          { item: "i3", time: 5 },
        ],
      },
      { time: null, history: ["i3", "i9"] },
    ],
  ])("%s", (_, a, b) => {
    expect(scoreOf({ ...plain, ...a })).toBe(scoreOf({ ...plain, ...b }));
  });

  it.each<[string, Partial<PredictRequest>]>([
    ["a number's bucket", { user: { user: "u3", age: 17, member: true } }],
    ["a field given beside a known item's key", { candidate: { item: "i7", price: 1e9 } }],
    ["a behaviour's field", { history: ["i5", { item: 4, price: 1e9 }, "i9"] }],
    ["a value of a list", { user: { user: "u3", age: 33.5, member: true, interests: ["rock"] } }],
    ["a number as it is", { context: { scene: "home", waited: 2, patience: 3 } }],
    ["the hour", { time: "2017-11-26T09:30Z" }],
    ["no time", { time: undefined }],
    ["context", { context: { scene: "search", waited: 2 } }],
    ["the order of the history", { history: [4, "i5", "i9"] }],
  ])("sees %s", (_, change) => {
    expect(scoreOf({ ...plain, ...change })).not.toBe(scoreOf(plain));
  });

  it("with candidates has their scores, in their order", () => {
    const candidates: RankRequest["candidates"] = ["i7", { item: "new", price: 3 }, null, 4, "i7", { brand: "b1" }];
    const { candidate: _, ...user } = plain;
    const each = candidates.map((candidate) => scoreOf({ ...plain, candidate }));
    expect(scorer.rank({ ...user, candidates })).toEqual(each);
    const mixed = [plain, { ...user, candidates }, { ...plain, history: [] }, { ...user, history: [], candidates: [] }];
    expect(scorer.score(mixed)).toEqual([scoreOf(plain), each, scoreOf({ ...plain, history: [] }), []]);
    expect(new Set(each).size).toBeGreaterThan(3);
  });

  it("counts the behaviours of a request with candidates once", () => {
    const before = structuredClone(scorer.counts);
    const { candidate: _, ...user } = plain;
    scorer.rank({ ...user, candidates: ["i7", "new", "newer"], history: ["i1", "new"] });
    expect(scorer.counts).toEqual({
      candidates: before.candidates + 3,
      behaviours: before.behaviours + 2,
      users: before.users + 1,
      unknown: {
        candidates: before.unknown.candidates + 2,
        behaviours: before.unknown.behaviours + 1,
        users: before.unknown.users,
      },
    });
  });

  it.each<[object, string]>([
    [{}, "candidates is missing: expected a list"],
    [{ candidates: "i7" }, 'candidates: expected a list, found "i7"'],
    [{ candidates: ["i7", ["i7"]] }, "candidates.1: expected a value, or an object of values by field"],
    [{ candidates: ["i7"], candidate: "i7" }, 'candidate: expected none beside candidates, found "i7"'],
    [{ candidates: ["i7", { colour: 1 }] }, 'unknown item field "colour"'],
  ])("is no ranking with %j", (change, message) => {
    const { candidate: _, ...user } = plain;
    expect(() => scorer.rank({ ...user, ...change } as RankRequest)).toThrow(message);
    expect(() => scorer.rank({ ...user, ...change } as RankRequest)).toThrow(UserError);
  });

  it("knows which items training saw", async () => {
    const encoder = new RequestEncoder(await readModelDescription(join(folder, "model-run")));
    expect(["i7", { item: "i7", brand: "?" }, { brand: "b1" }].map((item) => encoder.knowsItem(item))).toEqual([
      true,
      true,
      true,
    ]);
    expect(["new", { item: "new", brand: "b1" }].map((item) => encoder.knowsItem(item))).toEqual([false, false]);
  });

  it("counts items with keys that training never saw", async () => {
    const before = structuredClone(scorer.counts);
    scorer.score([
      { ...plain, candidate: "new", history: ["new", { item: "new", brand: "b1" }, { brand: "b1" }, null, "i3"] },
      { ...plain, history: ["new", "i1", "i1", "i1", "i1", "i1"] },
    ]);
    expect(scorer.counts).toEqual({
      candidates: before.candidates + 2,
      behaviours: before.behaviours + 10,
      users: before.users + 2,
      unknown: {
        candidates: before.unknown.candidates + 1,
        behaviours: before.unknown.behaviours + 2,
        users: before.unknown.users,
      },
    });
  });

  it.each<[PredictRequest["user"], number, number]>([
    ["u3", 1, 0],
    ["nobody", 1, 1],
    [{ user: "u3", age: 33.5 }, 1, 0],
    [{ user: "nobody", age: 33.5 }, 1, 1],
    [{ age: 33.5 }, 0, 0],
    [{ user: null }, 0, 0],
    [null, 0, 0],
    ["", 0, 0],
  ])("counts user %j as %d, of which training never saw %d", (user, users, unknown) => {
    const before = structuredClone(scorer.counts);
    scorer.score([{ ...plain, user }]);
    const { counts } = scorer;
    expect([counts.users - before.users, counts.unknown.users - before.unknown.users]).toEqual([users, unknown]);
  });

  it.each<[Partial<PredictRequest>, string]>([
    [{ user: { name: "u3" } }, 'unknown user field "name": the model knows user, age, member, interests'],
    [{ candidate: { colour: 1 } }, 'unknown item field "colour": the model knows item, brand, price, tags, weight'],
    [{ candidate: { item: "i7", time: 1 } }, 'unknown item field "time"'],
    [{ history: ["i1", { constructor: 1 } as never] }, 'unknown item field "constructor"'],
    [
      { context: { page: null } },
      'unknown context field "page": the model knows scene, hour, weekday, waited, nearby, patience',
    ],
    [{ context: { hour: 8 } }, `context field "hour" is not given by name: it is that of the request's "time"`],
    [{ user: { user: ["u3"] } }, 'user: expected one value, found ["u3"]'],
    [{ candidate: { item: ["i7"] } }, 'item: expected one value, found ["i7"]'],
    [{ history: [{ item: "i7", time: [1] }] }, "history.0.time: expected a date"],
    [{ user: { interests: [["rock"]] as never } }, "request 0.user: expected a value, or an object of values by field"],
    [{ time: "yesterday" }, "time: expected a date or a date and time (ISO 8601), or a number of seconds"],
    [{ time: true }, "time: expected a date or a date and time"],
    [{ history: ["i1", { item: "i2", time: "25.11.2017" }] }, "history.1.time: expected a date"],
    [
      { candidate: 2 ** 53 },
      "candidate: expected a string, as JSON does not keep all digits of so large a number, found 9007199254740992",
    ],
  ])("is refused: %j", (change, message) => {
    expect(() => scoreOf({ ...plain, ...change })).toThrow(message);
    expect(() => scoreOf({ ...plain, ...change })).toThrow(UserError);
  });

  it.each<[object, string]>([
    [{ context: { page: null } }, "context.page"],
    [{ context: { hour: 8 } }, "context.hour"],
    [{ context: { scene: ["a", "b"] } }, "context.scene"],
    [{ user: { name: "u3" } }, "user.name"],
    [{ user: { user: ["u3"] } }, "user.user"],
    [{ user: 2 ** 53 }, "user"],
    [{ candidate: { colour: 1 } }, "candidate.colour"],
    [{ candidate: 2 ** 53 }, "candidate"],
    [{ candidate: undefined, candidates: ["i7", { brand: ["a"] }] }, "candidates.1.brand"],
    [{ candidate: undefined, candidates: ["i7", 2 ** 53] }, "candidates.1"],
    [{ history: ["i1", { item: "i2", colour: 1 }] }, "history.1.colour"],
    [{ history: ["i1", { item: ["i2"], time: "2017-11-26" }] }, "history.1.item"],
    [{ history: [{ item: "i7", time: [1] }] }, "history.0.time"],
    [{ time: "yesterday" }, "time"],
  ])("says where %j is wrong", (change, field) => {
    try {
      scorer.score([{ ...plain, ...change } as PredictRequest]);
    } catch (error) {
      return expect(saidOf(error as UserError).field).toBe(field);
    }
    expect.unreachable();
  });

  it("of any kind has a score or is refused, and leaves the next one alone", () => {
    const value = fc.oneof(
      ...[fc.string(), fc.double(), fc.integer(), fc.boolean(), fc.constant(null)],
      fc.constantFrom("i1", "i3", 4, "b1", "u3", 17, "home", "2017-11-25", ""),
    );
    const moment = fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom("2017-11-25", "2017-11-25T07:00", 1511600000, null, 0, -0) },
      { weight: 1, arbitrary: value },
    );
    /** Mostly fields that there are. */
    const valueOrList = fc.oneof({ weight: 9, arbitrary: value }, fc.array(value, { maxLength: 4 }));
    const valuesOf = (...names: string[]) => {
      const name = fc.oneof({ weight: 99, arbitrary: fc.constantFrom(...names) }, fc.string());
      return fc.dictionary(name, valueOrList, { maxKeys: 3 });
    };
    const item = fc.oneof(value, valuesOf("item", "brand", "price", "tags", "weight"));
    const behaviour = fc.oneof(
      item,
      fc.tuple(valuesOf("item", "brand"), moment).map(([values, time]) => ({ ...values, time })),
    );
    const arbitrary = fc.record(
      {
        user: fc.oneof(value, valuesOf("user", "age", "member", "interests")),
        candidate: item,
        history: fc.array(behaviour, { maxLength: 9 }),
        context: valuesOf("scene", "waited", "nearby", "patience"),
        time: moment,
      },
      { requiredKeys: ["user", "candidate", "history"] },
    );
    const expected = scorer.score(requests);
    let [scored, refused] = [0, 0];
    fc.assert(
      fc.property(arbitrary, (request) => {
        try {
          const score = scoreOf(request as PredictRequest);
          expect(score).toBeGreaterThan(0);
          expect(score).toBeLessThan(1);
          scored++;
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
          refused++;
        }
      }),
      { numRuns: 500 },
    );
    expect(scored).toBeGreaterThan(20);
    expect(refused).toBeGreaterThan(20);
    expect(scorer.score(requests)).toEqual(expected);
  });
});
