/**
 * The semantics of `dien prepare events` once more, slowly, in memory and without a database: what every dataset is
 * compared with.
 */
import { type CategoryTransform, categoryOf } from "../../../src/dataset/transform.ts";

/** A row of a log; null is an empty cell. Fields are those of the log's rows, by name. */
export interface Row {
  readonly user: string | null;
  /** Who it is where the user is not known. */
  readonly session: string | null;
  readonly item: string;
  readonly time: number;
  readonly label: number | null;
  readonly type: string | null;
  readonly fields: Readonly<Record<string, string | null>>;
}

export interface ReferenceField {
  readonly name: string;
  readonly kind: "category" | "number" | "hour" | "weekday";
  readonly from: "events" | "table" | "key";
  readonly buckets: number;
  readonly minCount: number;
}

export interface Case {
  readonly labelled: boolean;
  /** Whether sessions stand in for users, and whether rows may be of nobody. */
  readonly sessions: boolean;
  readonly anonymous: boolean;
  readonly typed: boolean;
  readonly events: readonly Row[];
  /** A log of its own; its rows name items, or without `itemsNamed` are known by the fields `known`. */
  readonly behaviours?: readonly Row[];
  readonly itemsNamed: boolean;
  readonly known: readonly string[];
  readonly behaviourTypes?: readonly string[];
  readonly impressionTypes?: readonly string[];
  /** Where there are no labels: types whose rows are predicted. */
  readonly target?: readonly string[];
  readonly window: number | null;
  readonly maxHistory: number;
  readonly split:
    | { readonly valid: number; readonly test: number }
    | { readonly validFrom: number; readonly testFrom: number };
  readonly offset: number;
  readonly user: readonly ReferenceField[];
  readonly item: readonly ReferenceField[];
  readonly context: readonly ReferenceField[];
  /** Tables by key. */
  readonly users: Readonly<Record<string, Readonly<Record<string, string | null>>>>;
  readonly items: Readonly<Record<string, Readonly<Record<string, string | null>>>>;
}

export interface ReferenceSample {
  readonly label: number;
  readonly time: number;
  readonly user: string;
  readonly position: number;
  readonly length: number;
  /** Key of the candidate; null for a sampled negative. */
  readonly item: string | null;
  /** Of a negative, whether it must stand in its history; else whether it does. */
  readonly returns: boolean;
  readonly ids: readonly number[];
}

export interface Reference {
  readonly sequences: readonly {
    readonly user: string;
    readonly items: readonly string[];
    readonly times: readonly number[];
    readonly training: number;
    readonly unclicked: readonly string[];
  }[];
  readonly samples: Readonly<Record<"train" | "valid" | "test", readonly ReferenceSample[]>>;
  readonly catalogue: readonly { readonly key: string; readonly ids: readonly number[] }[];
  readonly vocabularies: Readonly<Record<string, readonly (readonly [string, number])[]>>;
  readonly edges: Readonly<Record<string, readonly number[]>>;
  readonly dropped: Readonly<Record<string, number>>;
}

interface Event {
  readonly user: string;
  readonly item: Item | null;
  readonly time: number;
  readonly label: number | null;
  readonly behaviour: boolean;
  readonly fields: Readonly<Record<string, string | null>>;
  readonly order: readonly (string | number | null)[];
}

interface Item {
  readonly key: string;
  readonly named: boolean;
  readonly fields: Readonly<Record<string, string | null>>;
}

/** Behind all keys of users; a number follows. */
const NOBODY = "\u{10ffff}";
const nameOf = (user: string) => (user.startsWith(NOBODY) ? "" : user);

const bytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

function compare(a: readonly (string | number | null)[], b: readonly (string | number | null)[]): number {
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i], b[i]];
    if (x === y) continue;
    if (x === null) return -1;
    if (y === null) return 1;
    return typeof x === "number" ? x - (y as number) : bytes(x, String(y));
  }
  return 0;
}

/** The dataset of a case, or null where it makes none. */
export function referenceOf(given: Case): Reference | null {
  const has = (rows: readonly Row[]) => (type: string) => rows.some((row) => row.type === type);
  if (!(given.impressionTypes ?? []).every(has(given.events))) return null;
  if (!(given.target ?? []).every(has(given.events))) return null;
  if (!(given.behaviourTypes ?? []).every(has([...given.events, ...(given.behaviours ?? [])]))) return null;
  const { events, dropped } = eventsOf(given);
  const items = itemsOf(events);
  const rowOf = new Map(items.map((item, index) => [idOf(item), index + 1]));
  const sorted = [...events].sort((a, b) =>
    compare(
      [a.user, a.time, a.item === null ? 0 : Number(rowOf.get(idOf(a.item))), ...a.order],
      [b.user, b.time, b.item === null ? 0 : Number(rowOf.get(idOf(b.item))), ...b.order],
    ),
  );
  sorted.forEach((event, i) => {
    if (event.user === NOBODY) sorted[i] = { ...event, user: NOBODY + i };
  });
  const users = [...new Set(sorted.map(({ user }) => user))];

  let boundaries: { validFrom: number; testFrom: number } | null = null;
  if (given.labelled || given.target) {
    const times = sorted.filter(({ label }) => label !== null).map(({ time }) => time);
    if (times.length === 0) return null;
    times.sort((a, b) => a - b);
    const from = (share: number) => times[Math.min(times.length - 1, times.length - Math.round(times.length * share))];
    const { split } = given;
    boundaries = "valid" in split ? { validFrom: from(split.valid + split.test), testFrom: from(split.test) } : split;
  }

  interface Made {
    readonly split: "train" | "valid" | "test";
    readonly event: Event;
    readonly position: number;
    readonly length: number;
    readonly returns: boolean;
  }
  const made: Made[] = [];
  let returnsWithoutNegative = 0;
  const training: Event[] = [];
  const sequences = users.map((user) => {
    const log = sorted.filter((event) => event.user === user);
    const own = log.filter(({ behaviour }) => behaviour);
    const learned = boundaries === null ? own.slice(0, -2) : own.filter(({ time }) => time < boundaries.validFrom);
    training.push(...learned);
    for (const [place, event] of (boundaries === null ? own : log).entries()) {
      if (boundaries === null ? place === 0 : event.label === null) continue;
      const before = own.filter(({ time }) => time < event.time);
      const within = before.filter(({ time }) => given.window === null || event.time - time <= given.window);
      const split =
        boundaries === null
          ? place === own.length - 1
            ? "test"
            : place === own.length - 2
              ? "valid"
              : "train"
          : event.time < boundaries.validFrom
            ? "train"
            : event.time < boundaries.testFrom
              ? "valid"
              : "test";
      const history = within.slice(-given.maxHistory);
      const is = (item: Item | null) => (other: Event) => keyOf(other.item) === keyOf(item);
      const returns = history.some(is(event.item));
      const isBought = (item: Item | null) => log.some((other) => other.label !== null && is(item)(other));
      const others = history.filter(({ item }) => (given.target ? !isBought(item) : !is(item)(event)));
      if (!given.labelled && returns && others.length === 0) returnsWithoutNegative++;
      else made.push({ split, event, position: before.length, length: history.length, returns });
    }
    const unclicked = own.map((behaviour, place) => {
      const since = place === 0 ? Number.NEGATIVE_INFINITY : own[place - 1].time;
      const shown = log.filter(
        ({ label, time, item }) =>
          label === 0 && time > since && time <= behaviour.time && item?.key !== behaviour.item?.key,
      );
      if (boundaries === null || (given.behaviours !== undefined && !given.itemsNamed) || shown.length === 0) return "";
      shown.sort((a, b) => a.time - b.time || bytes(String(a.item?.key), String(b.item?.key)));
      return String(shown.at(-1)?.item?.key);
    });
    return {
      user: nameOf(user),
      items: own.map(({ item }) => item?.key ?? ""),
      times: own.map(({ time }) => time),
      training: learned.length,
      unclicked,
    };
  });
  const train = made.filter(({ split }) => split === "train");
  for (const split of ["train", "valid", "test"]) if (!made.some((sample) => sample.split === split)) return null;
  if (given.labelled && new Set(train.map(({ event }) => event.label)).size < 2) return null;

  const vocabularies: Record<string, [string, number][]> = {};
  const edges: Record<string, number[]> = {};
  /** Learns a field of raw values as training has them; returns the id of any. */
  const learn = (field: ReferenceField, values: (string | null)[], weighed: (string | null)[]) => {
    let transform: CategoryTransform = { kind: "category" };
    if (field.kind === "hour" || field.kind === "weekday") transform = { kind: field.kind, offset: given.offset };
    if (field.kind === "number") {
      const numbers = weighed.filter((value) => value !== null && value !== "").map(Number);
      numbers.sort((a, b) => a - b);
      const cuts = Array.from({ length: field.buckets - 1 }, (_, i) =>
        Math.floor(((i + 1) * numbers.length) / field.buckets),
      );
      edges[field.name] = [...new Set(cuts.map((place) => numbers[place]))].filter((edge) => edge > numbers[0]);
      transform = { kind: "number", edges: edges[field.name] };
    }
    const counts = new Map<string, number>();
    for (const value of values) {
      const category = categoryOf(transform, value);
      if (category !== null) counts.set(category, (counts.get(category) ?? 0) + 1);
    }
    const known = [...counts].filter(([, count]) => count >= field.minCount);
    known.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    vocabularies[field.name] = known;
    return (value: string | null) => known.findIndex(([category]) => category === categoryOf(transform, value)) + 1;
  };
  const rawOf = (field: ReferenceField, event: Event): string | null => {
    if (field.from === "key") return nameOf(event.user) || null;
    if (field.from === "table") return given.users[event.user]?.[field.name] ?? null;
    return field.kind === "hour" || field.kind === "weekday" ? String(event.time) : event.fields[field.name];
  };
  // A positive that is predicted is followed by its negative.
  const counted = !given.labelled ? train.flatMap((sample) => [sample, sample]) : train;
  const sampleFields = [...given.user, ...given.context].map((field) => {
    const values = counted.map(({ event }) => rawOf(field, event));
    const id = learn(field, values, values);
    return (event: Event) => id(rawOf(field, event));
  });

  const uses = [...training, ...(boundaries === null ? [] : train.map(({ event }) => event))].map(({ item }) => item);
  const used = uses.filter((item) => item !== null);
  const once = items.filter((item) => used.some((other) => idOf(other) === idOf(item)));
  /** What training may know items by. */
  const past = boundaries === null ? training : sorted.filter(({ time }) => time < boundaries.validFrom);
  const itemFields = given.item.map((field) => {
    const rawValue = (item: Item): string | null => {
      if (field.from === "key") return item.named ? item.key : null;
      if (!item.named) return item.fields[field.name] ?? null;
      if (field.from === "table") return given.items[item.key]?.[field.name] ?? null;
      const own = sorted.filter((event) => event.item !== null && idOf(event.item) === idOf(item));
      const shown = own.filter(({ label }) => label !== null);
      const firsts = [own, shown].map((events) => Math.min(...events.map(({ time }) => time)));
      const isKnown = own.some((event) => past.includes(event));
      const heard = own.filter((event) => (isKnown ? past.includes(event) : firsts.includes(event.time)));
      const said = heard.filter((event) => event.fields[field.name]);
      said.sort((a, b) => a.time - b.time || bytes(String(a.fields[field.name]), String(b.fields[field.name])));
      return said[0]?.fields[field.name] ?? null;
    };
    const id = learn(field, used.map(rawValue), once.map(rawValue));
    return (item: Item) => id(rawValue(item));
  });
  const samplesOf = (split: string) =>
    made
      .filter((sample) => sample.split === split)
      .flatMap(({ event, position, length, returns }): ReferenceSample[] => {
        const ids = sampleFields.map((field) => field(event));
        const shared = { time: event.time, user: nameOf(event.user), position, length, returns, ids };
        const item = event.item?.key ?? "";
        if (given.labelled) return [{ ...shared, label: Number(event.label), item }];
        return [
          { ...shared, label: 1, item },
          { ...shared, label: 0, item: null },
        ];
      });
  return {
    sequences,
    samples: { train: samplesOf("train"), valid: samplesOf("valid"), test: samplesOf("test") },
    catalogue: items.map((item) => ({ key: item.key, ids: itemFields.map((field) => field(item)) })),
    vocabularies,
    edges,
    dropped: { ...dropped, ...(returnsWithoutNegative > 0 && { returnsWithoutNegative }) },
  };
}

/** Rows of both logs that are used, each once. */
function eventsOf(given: Case) {
  const { labelled, typed, behaviourTypes, impressionTypes, target } = given;
  const among = (types: readonly string[] | undefined, type: string | null) =>
    types === undefined || !typed || (type !== null && types.includes(type));
  let [unused, anonymous] = [0, 0];
  const rows: Event[] = [];
  const add = (row: Row, log: "events" | "behaviours") => {
    const stated = labelled && among(impressionTypes, row.type) ? row.label : null;
    const label = log === "behaviours" ? null : target?.includes(row.type ?? "") ? 1 : stated;
    const behaviour = among(behaviourTypes, row.type) && !(log === "events" && labelled && row.label === 0);
    if (label === null && !behaviour) {
      unused++;
      return;
    }
    const session = given.sessions && row.session !== null ? `session=${row.session}` : null;
    const user = row.user ?? session ?? NOBODY;
    if (user === NOBODY && label === null) {
      anonymous++;
      return;
    }
    const named = log === "events" || given.itemsNamed;
    const known = given.known.filter((name) => row.fields[name]);
    const key = known.map((name) => `${name}=${row.fields[name]}`).join(" ");
    const own = Object.fromEntries(known.map((name) => [name, row.fields[name]]));
    const item = named ? { key: row.item, named, fields: {} } : key === "" ? null : { key, named, fields: own };
    const names = [...given.user, ...given.item, ...given.context].filter(({ from }) => from === "events");
    const fields: Record<string, string | null> = {};
    for (const { name } of names) {
      fields[name] = log === "events" || given.known.includes(name) ? row.fields[name] || null : null;
    }
    const rest = [...given.user, ...given.item, ...given.context]
      .filter(({ from, kind }) => from === "events" && kind !== "hour" && kind !== "weekday")
      .map(({ name }) => fields[name]);
    const order = [label ?? -1, behaviour ? 1 : 0, ...rest, typed ? row.type : null];
    rows.push({ user, item, time: row.time, label, behaviour, fields, order });
    logs.push(log);
  };
  const logs: string[] = [];
  for (const row of given.events) add(row, "events");
  for (const row of given.behaviours ?? []) add(row, "behaviours");
  const once = new Map<string, Event>();
  rows.forEach((row, i) => {
    const { user, item, time, order } = row;
    once.set(
      JSON.stringify([
        logs[i],
        user === NOBODY ? i : user,
        item?.key,
        item?.named,
        item?.named === false ? item.fields : 0,
        time,
        order,
      ]),
      row,
    );
  });
  let events = [...once.values()];
  let kept = rows;
  let single = 0;
  if (!labelled) {
    const alone = (user: string) => {
      const own = events.filter((event) => event.user === user);
      return target ? user !== NOBODY && own.every(({ label }) => label === null) : own.length < 2;
    };
    const users = new Set(events.map(({ user }) => user).filter(alone));
    single = users.size;
    kept = rows.filter(({ user }) => !users.has(user));
    events = events.filter(({ user }) => !users.has(user));
  }
  return {
    events,
    dropped: {
      badRows: 0,
      unusedEvents: unused,
      ...(given.anonymous && { anonymousBehaviours: anonymous }),
      ...(!labelled && { [target ? "usersWithoutTarget" : "usersWithOneBehaviour"]: single }),
      duplicateEvents: kept.length - events.length,
    },
  };
}

const idOf = ({ key, named }: Item) => JSON.stringify([key, named]);
const keyOf = (item: Item | null) => (item === null ? "" : idOf(item));

function itemsOf(events: readonly Event[]): Item[] {
  const items = new Map<string, Item>();
  for (const { item } of events) if (item !== null) items.set(idOf(item), item);
  return [...items.values()].sort((a, b) => bytes(a.key, b.key) || Number(b.named) - Number(a.named));
}
