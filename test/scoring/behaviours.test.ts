/** What is posted becomes the behaviours that preparation would have made of it, and comes back as the same history. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { DatasetStream, withDataset } from "../../src/dataset/stream.ts";
import { readTime } from "../../src/dataset/time-format.ts";
import type { Transform } from "../../src/dataset/transform.ts";
import { prepareEvents } from "../../src/importers/events/prepare.ts";
import { resolveConfig } from "../../src/run/config.ts";
import { describeModel, type ModelDescription } from "../../src/run/model-description.ts";
import { readModelDescription, writeModelDescription } from "../../src/run/model-folder.ts";
import {
  behavioursOf,
  historyOf,
  historyQuery,
  isUnlikely,
  type PostedEvent,
  userKeyOf,
} from "../../src/scoring/behaviours.ts";
import { readDatasetBehaviours } from "../../src/scoring/dataset-behaviours.ts";
import { temporaryFolder } from "../support/source.ts";

const missing = ["NA"];
const transforms: Readonly<Record<string, Transform>> = {
  user: { kind: "category", missing },
  item: { kind: "category", missing },
  brand: { kind: "category", missing },
  price: { kind: "number", edges: [1, 2], missing },
  tags: { kind: "list", separator: "|", missing },
};

/** A model with these item fields beside the key, and no more of it than is looked at. */
function model(fields: readonly string[], rest: Partial<ModelDescription> = {}): ModelDescription {
  const field = (name: string) => ({ name, size: 3 });
  const schema = { user: [field("user")], item: ["item", ...fields].map(field), context: [], maxHistory: 7 };
  const times = { window: null, utcOffset: 60, timeFormat: null };
  return { schema, transforms, ...times, ...rest } as unknown as ModelDescription;
}

const shop = model(["brand", "price", "tags"]);
const posted = { user: "u1", item: "i1", time: "2026-05-01T12:00" };
const noon = Date.UTC(2026, 4, 1, 11);
const one = (event: Partial<PostedEvent>, models = [shop]) => behavioursOf(models, [{ ...posted, ...event }]).events[0];

describe("a posted event", () => {
  it.each<[string, Partial<PostedEvent>, object]>([
    ["has the model's offset", {}, { time: noon }],
    ["may say its own", { time: "2026-05-01 12:00:00+02:00" }, { time: noon - 3_600_000 }],
    ["may count seconds", { time: noon / 1000 }, { time: noon }],
    ["has texts for numbers", { user: 7, item: 8, type: 1 }, { user: "7", item: "8", type: "1" }],
    ["is of an item alone", { item: { item: "i1", brand: null, price: "NA" } }, { item: "i1" }],
    ["has fields in the model's order", { item: { price: 3, item: "i1" } }, { item: { item: "i1", price: "3" } }],
    ["needs no key with fields", { item: { brand: "b" } }, { item: { brand: "b" } }],
    ["has lists of texts", { item: { tags: "b| a|b|NA" } }, { item: { tags: ["b", "a"] } }],
    ["has lists of lists", { item: { tags: ["b", 7, null] } }, { item: { tags: ["b", "7"] } }],
    ["may have an id", { id: 12 }, { id: "12" }],
  ])("%s", (_, event, expected) => {
    expect(one(event)).toMatchObject(expected);
  });

  it("is known again however it is written, and by its id alone where it has one", () => {
    const { id } = one({});
    expect(id).toMatch(/^[\w-]{22}$/);
    expect(one({ time: "2026-05-01T11:00Z", item: { item: "i1", brand: "" }, id: "" }).id).toBe(id);
    for (const other of [{ time: noon + 1 }, { item: "i2" }, { user: "u2" }, { type: "buy" }]) {
      expect(one(other).id).not.toBe(id);
    }
  });

  it("is ignored, and counted, where it is of a type that no model takes", () => {
    const buyers = model([], { behaviourTypes: ["buy", "1"] });
    const types = [undefined, "view", "buy", 1, "Buy"];
    const events = types.map((type) => ({ ...posted, type }));
    const { events: kept, ignored } = behavioursOf([buyers], events);
    expect(kept.map(({ type }) => type)).toEqual(["buy", "1"]);
    expect(ignored).toBe(3);
    expect(behavioursOf([buyers, shop], events).ignored).toBe(0);
  });

  it.each<[string, Partial<PostedEvent>]>([
    ["events.3: user: expected the key of a user, found null", { user: null }],
    ['events.3: item: expected the key of an item, or fields of it, found "NA"', { item: "NA" }],
    ["events.3: item: expected the key of an item, or fields of it, found {}", { item: {} }],
    [
      'events.3: item: unknown item field "colour": the model knows item, brand, price, tags',
      { item: { colour: "red" } },
    ],
    ["events.3: item: brand: expected one value, found", { item: { brand: ["a"] } }],
    ["events.3: time: expected a date", { time: "yesterday" }],
    ["events.3: time: expected a date", { time: null }],
    ["events.3: time: expected a date", { time: true }],
    ["events.3: item: expected a string, as JSON does not keep all digits", { item: 2 ** 60 }],
  ])("is refused: %s", (message, event) => {
    expect(() => behavioursOf([shop], [posted, posted, posted, { ...posted, ...event }])).toThrow(message);
  });
});

it("of a time that no event has is told from others by the rules of preparation", () => {
  const now = Date.UTC(2026, 4, 1);
  const own = model([], { timeFormat: "%Y" });
  const times = [Date.UTC(1989), Date.UTC(1990), now + 24 * 3_600_000, now + 25 * 3_600_000];
  expect(times.map((time) => isUnlikely(shop, time, now))).toEqual([true, false, false, true]);
  expect(times.map((time) => isUnlikely(own, time, now))).toEqual([false, false, false, true]);
});

describe("the history of a request", () => {
  it("asks for what may be in it", () => {
    expect(historyQuery(shop, undefined)).toEqual({ most: 7 });
    expect(historyQuery(shop, "2026-05-01T12:00")).toEqual({ most: 7, before: noon });
    const other = model([], { window: 1000, behaviourTypes: ["buy"] });
    expect(historyQuery(other, noon)).toEqual({ most: 7, before: noon, since: noon - 1000, types: ["buy"] });
    expect(() => historyQuery(shop, "soon")).toThrow("time: expected a date");
  });

  it("has of another model's fields nothing", () => {
    const events = [one({}), one({ item: { item: "i2", brand: "b", tags: ["x"] } })];
    expect(historyOf(shop, events)).toEqual([
      { time: noon, item: "i1" },
      { time: noon, item: "i2", brand: "b", tags: ["x"] },
    ]);
    expect(historyOf(model(["tags"]), events)[1]).toEqual({ time: noon, item: "i2", tags: ["x"] });
  });

  it("has times that every model reads as they were", () => {
    const formats = [null, "seconds", "nanoseconds", "%Y%m%d", "%d.%m.%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%fZ"];
    fc.assert(
      fc.property(
        fc.constantFrom(...formats),
        fc.integer({ min: -720, max: 840 }),
        fc.oneof(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }), fc.integer({ min: 0, max: 2e12 })),
        (timeFormat, utcOffset, time) => {
          const event = { id: "a", user: "u", time, item: "i" };
          const [{ time: written }] = historyOf(model([], { timeFormat, utcOffset }), [event]);
          expect(readTime(written as string | number, timeFormat, utcOffset)).toBe(time);
        },
      ),
    );
  });
});

it("knows whose history a request is about", () => {
  const [byName, nameless] = [model([], { userKey: "user" }), model([], { userKey: "visitor" })];
  expect(userKeyOf(byName, "u1")).toBe("u1");
  expect(userKeyOf(byName, { user: 7, age: 3 })).toBe("7");
  expect(userKeyOf(shop, { user: "u1" })).toBe("u1");
  expect(userKeyOf(byName, { age: 3 })).toBeNull();
  expect(userKeyOf(nameless, { user: "u1" })).toBeNull();
  expect(userKeyOf({ ...shop, schema: { ...shop.schema, user: [] } }, { user: "u1", segment: "3" })).toBe("u1");
  expect(userKeyOf(byName, null)).toBeNull();
  expect(() => userKeyOf(byName, { user: ["u1"] })).toThrow("user.user: expected one value");
});

it("comes of a dataset in groups, and no more is read than is taken", async () => {
  const folder = temporaryFolder();
  const [events, out] = [join(folder, "log.csv"), join(folder, "data")];
  const rows = Array.from({ length: 15_000 }, (_, i) => `u${Math.floor(i / 4)},i${i % 13},${1_700_000_000 + i}`);
  writeFileSync(events, `who,what,time\n${rows.join("\n")}\n`);
  await prepareEvents({ events, out, features: { columns: { user: "who", item: "what", time: "time" }, fields: {} } });
  let read = 0;
  const { scanBehaviours } = DatasetStream.prototype;
  const scan = vi.spyOn(DatasetStream.prototype, "scanBehaviours").mockImplementation(function (
    this: DatasetStream,
    take,
  ) {
    return scanBehaviours.call(this, (...behaviours) => {
      read += behaviours[1].length;
      return take(...behaviours);
    });
  });
  const groups: [length: number, done: number, ahead: number][] = [];
  try {
    await readDatasetBehaviours(out, async (group, done, total) => {
      await new Promise(setImmediate);
      groups.push([group.length, done, read - done]);
      expect(total).toBe(15_000);
    });
  } finally {
    scan.mockRestore();
  }
  expect(groups).toEqual([
    [4096, 4096, 0],
    [4096, 8192, 0],
    [4096, 12_288, 0],
    [2712, 15_000, 0],
  ]);
});

it("is told by the data of a model which events are behaviours, and whose", async () => {
  const folder = temporaryFolder();
  const log = Array.from({ length: 400 }, (_, i) => {
    const [user, type] = [i % 20, i % 3 === 0 ? "view" : "buy"];
    return `u${user},i${(i * 7) % 13},${1_700_000_000 + 60 * i},${type}`;
  });
  writeFileSync(join(folder, "log.csv"), `who,what,time,kind\n${log.join("\n")}\n`);
  const columns = { user: "who", item: "what", time: "time", type: "kind" };
  const rule = async (features: object) => {
    const [out, run] = [join(folder, "data"), join(folder, "run")];
    await prepareEvents({ events: join(folder, "log.csv"), out, features: { columns, ...features } });
    await writeModelDescription(
      run,
      await withDataset(out, (dataset) => describeModel(dataset, resolveConfig({ model: { name: "dien" } }))),
    );
    const { behaviourTypes, userKey } = await readModelDescription(run);
    return { behaviourTypes, userKey };
  };
  expect(await rule({ fields: {} })).toEqual({});
  const fields = { user: [{ name: "visitor", column: "who" }] };
  expect(await rule({ fields, behaviours: { types: ["buy"] } })).toEqual({
    behaviourTypes: ["buy"],
    userKey: "visitor",
  });
});
