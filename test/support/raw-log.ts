/**
 * A small log with fields of every kind, as a dataset and as the raw requests of its test samples: numbers in buckets,
 * hours and weekdays, windows, items without key or known category, values and items that training never saw.
 */
import type { Split } from "../../src/dataset/dataset.ts";
import type { DatasetSource, RawField, RawSamples } from "../../src/dataset/source.ts";
import type { Transform } from "../../src/dataset/transform.ts";
import { writeDataset } from "../../src/dataset/write.ts";
import type { PredictRequest, Value, Values } from "../../src/scoring/request.ts";
import { Random } from "../../src/tensor/random.ts";

const HOUR = 3_600_000;
const START = Date.UTC(2017, 10, 25);
const USERS = 30;
const ITEMS = 40;
/** Rows from here on have no key. */
const KEYLESS = 34;

const number = (...edges: number[]): Transform => ({ kind: "number", edges });

export interface RawLog {
  readonly seed: number;
  readonly maxHistory: number;
  /** Milliseconds. */
  readonly window?: number;
  /** Minutes. */
  readonly utcOffset: number;
}

/** A raw value beside the text that a column of it holds. */
type Raw = Value | undefined;
const texts = (values: readonly Raw[]): (string | null)[] =>
  values.map((value) => (value === undefined || value === null || value === "" ? null : String(value)));

/** Writes the dataset into `folder`; returns the test samples, a request each. */
export async function writeRawLog(
  folder: string,
  { seed, maxHistory, window, utcOffset }: RawLog,
): Promise<PredictRequest[]> {
  const random = new Random(seed);
  const draw = <T>(...values: readonly T[]): T => values[random.integer(values.length)];
  const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

  const users = many(USERS, (u) => `u${u}`);
  const ages = many(USERS, () => draw<Raw>(17, 18, 33.5, "64", "", undefined, null, "unknown"));
  const members = many(USERS, () => draw<Raw>(true, false, null));
  // Row 0 is the unknown item.
  const keys = many(ITEMS, (row): Raw => (row === 0 || row >= KEYLESS ? null : row % 2 === 0 ? row : `i${row}`));
  const brands = many(ITEMS, (row): Raw => (row === 0 ? null : draw<Raw>("b1", "b2", 3, "")));
  const prices = many(ITEMS, (row): Raw => (row === 0 ? null : draw<Raw>(-0.5, 1, 9.99, 10, 1e6, "12.50", null)));
  const interests = many(USERS, () => draw<Raw>("jazz|rock", "rock", "", undefined, null, " pop | jazz|jazz|", "|"));
  const tags = many(
    ITEMS,
    (row): Raw => (row === 0 ? null : draw<Raw>('["a","b"]', '["b"]', "[]", null, '["c",7,"a"]')),
  );
  const weights = many(ITEMS, (row): Raw => (row === 0 ? null : draw<Raw>(-3, 0.5, 12, "1e9", null, "heavy")));

  // Times in steps of half an hour: samples are at the times of behaviours.
  const offsets = new Int32Array(USERS + 1);
  const times: number[] = [];
  for (let u = 0; u < USERS; u++) {
    const length = u === 0 ? 0 : random.integer(14);
    // A user does one thing at a time: those of equal times would stand in an order of their own.
    const moments = new Set<number>();
    while (moments.size < length) moments.add(START + (random.integer(120) * HOUR) / 2);
    const own = [...moments].sort((a, b) => a - b);
    times.push(...own);
    offsets[u + 1] = times.length;
  }
  // The last items of the catalogue with a key occur in the latest behaviours alone, which are no part of training.
  const training = Int32Array.from({ length: USERS }, (_, u) => Math.max(0, offsets[u + 1] - offsets[u] - 2));
  const items = times.map((_, i) => {
    const u = offsets.findIndex((end, at) => at > 0 && i < end) - 1;
    return i - offsets[u] < training[u] ? random.integer(ITEMS - 10) : random.integer(ITEMS);
  });

  const scenes: readonly Raw[] = ["home", "search", 7, "rare", null];
  /** Shown beside the candidate, by scene. */
  const nearby: readonly Raw[] = ["i1 i3", "i3", null, "i1 i3 i5", "i9 i1"];
  const samplesOf = (count: number) => {
    const sequence = Int32Array.from({ length: count }, () => random.integer(USERS)).sort();
    const time = Float64Array.from(sequence, () => START + (random.integer(130) * HOUR) / 2);
    const position = sequence.map((u, i) => {
      const own = times.slice(offsets[u], offsets[u + 1]);
      return own.filter((behaviour) => behaviour < time[i]).length;
    });
    const item = sequence.map(() => random.integer(ITEMS));
    const scene = sequence.map(() => random.integer(scenes.length));
    const waited = Float64Array.from(sequence, () => random.integer(80) / 8);
    const place = Int32Array.from(sequence, (_, i) => i);
    return { sequence, position, item, time, scene, waited, place };
  };
  const splits = { train: samplesOf(200), valid: samplesOf(60), test: samplesOf(120) };

  // The values of a context field, those of all three parts one after the other.
  const parts: readonly Split[] = ["train", "valid", "test"];
  const column = (name: string, of: "time" | "waited", transform: Transform): RawField => ({
    name,
    values: parts.flatMap((split) => texts([...splits[split][of]])),
    transform,
  });
  const first = { train: 0, valid: 200, test: 260 };
  const raw = (split: Split): RawSamples => {
    const { sequence, position, item, time, scene, place } = splits[split];
    const own = place.map((i) => i + first[split]);
    return {
      label: Array.from(item, (row, i) => (row + sequence[i]) % 2),
      ...{ sequence, position, item, time },
      context: [scene, own, own, own, scene, own],
    };
  };
  const deviations = { kind: "value", mean: 1, deviation: 0.5 } as const;
  const source: DatasetSource = {
    ...{
      importer: "test",
      protocol: "impressions",
      seed,
      settings: {},
      inputs: [],
      dropped: {},
      maxHistory,
      utcOffset,
    },
    ...(window !== undefined && { window }),
    ...{ users, offsets, items: Int32Array.from(items), times: Float64Array.from(times), training },
    userFields: [
      { name: "user", values: users },
      { name: "age", values: texts(ages), transform: number(18, 33.5, 60) },
      { name: "member", values: texts(members) },
      { name: "interests", values: texts(interests), transform: { kind: "list", separator: "|" } },
    ],
    itemFields: [
      { name: "item", values: texts(keys) },
      { name: "brand", values: texts(brands) },
      { name: "price", values: texts(prices), transform: number(0, 9.99, 10) },
      { name: "tags", values: texts(tags), transform: { kind: "list", missing: ["c"] }, pooling: "sum" },
      { name: "weight", values: texts(weights), transform: { ...deviations, scale: "standard" } },
    ],
    contextFields: [
      { name: "scene", values: texts(scenes) },
      column("hour", "time", { kind: "hour", offset: 330 }),
      column("weekday", "time", { kind: "weekday", offset: -480 }),
      column("waited", "waited", number(1, 2.5, 7.125)),
      { name: "nearby", values: texts(nearby), transform: { kind: "list", separator: " " } },
      column("patience", "waited", { ...deviations, scale: "log1p" }),
    ],
    samples: { train: raw("train"), valid: raw("valid"), test: raw("test") },
  };
  await writeDataset(folder, source);

  /** A time as somebody may write it. */
  const written = (time: number): string | number => {
    const iso = (offset: number) => new Date(time + offset * 60_000).toISOString().slice(0, 19);
    return draw<string | number>(
      ...[time, time / 1000, time * 1000, `${iso(0)}Z`, iso(utcOffset), iso(utcOffset).replace("T", " ")],
      `${iso(90)}.0009+01:30`,
    );
  };
  const given = (values: Record<string, Raw | readonly Value[]>): Values =>
    Object.fromEntries(Object.entries(values).filter((entry): entry is [string, Value] => entry[1] !== undefined));
  /** A list as the text that it is in the log, or as its values. */
  const asList = (list: Raw, separator?: string): Raw | readonly Value[] => {
    if (typeof list !== "string" || list === "" || draw(true, false)) return list;
    return separator === undefined ? JSON.parse(list) : list.split(separator).map((value) => value.trim());
  };
  /** An item of the catalogue by its key alone where it has one, or with all its fields; the unknown one is a new one. */
  const itemOf = (row: number): Value | Values => {
    if (row === 0)
      return draw<Value | Values>("never seen", null, "", {}, { item: "never seen" }, { brand: "never seen" });
    const fields = { brand: brands[row], price: prices[row], tags: asList(tags[row]), weight: weights[row] };
    const known = keys[row] ?? undefined;
    if (known === undefined)
      return given(draw<Record<string, Raw | readonly Value[]>>(fields, { item: "", ...fields }));
    return draw<Value | Values>(known, { item: known }, given({ item: known, ...fields }));
  };
  const behaviourOf = (i: number): Values => {
    const item = itemOf(items[i]);
    return { ...(typeof item === "object" && item !== null ? item : { item }), time: written(times[i]) };
  };
  const { test } = splits;
  return many(test.sequence.length, (s): PredictRequest => {
    const u = test.sequence[s];
    const everything = many(offsets[u + 1] - offsets[u], (i) => offsets[u] + i);
    const count = selected(
      everything.slice(0, test.position[s]).map((i) => times[i]),
      test.time[s],
      window,
    );
    // Either all that is known of the user, later behaviours too, each with its time; or what counts, without times.
    const history = draw(true, false)
      ? everything.map(behaviourOf)
      : everything.slice(test.position[s] - count, test.position[s]).map((i) => itemOf(items[i]));
    return {
      user: given({ user: users[u], age: ages[u], member: members[u], interests: asList(interests[u], "|") }),
      candidate: itemOf(test.item[s]),
      history,
      context: given({
        scene: scenes[test.scene[s]],
        nearby: asList(nearby[test.scene[s]], " "),
        ...{ waited: test.waited[s], patience: test.waited[s] },
      }),
      time: written(test.time[s]),
    };
  });
}

/** How many of the behaviours before `time` are within the window. */
function selected(before: readonly number[], time: number, window = Number.POSITIVE_INFINITY): number {
  return before.filter((behaviour) => behaviour >= time - window).length;
}
