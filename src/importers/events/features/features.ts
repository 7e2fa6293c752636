/**
 * features.yaml: which columns of a log are what, and which fields a model is given (docs/events.md).
 */

import { nameProblem } from "../../../dataset/manifest.ts";
import { DAY, offsetMinutes } from "../../../dataset/time.ts";
import { readTime } from "../../../dataset/time-format.ts";
import type { NumberScale, Transform } from "../../../dataset/transform.ts";
import { failure, type UserError } from "../../../errors/failure.ts";
import type { FieldKind } from "../../../features/schema.ts";
import type { Pooling } from "../../../tensor/arrays.ts";
import type { CandidateList, ListColumn } from "../source/item-lists.ts";
import type { Layout } from "../source/layout.ts";
import type { LogColumns } from "../source/load.ts";
import { ROWS, timesOf } from "../source/times.ts";
import { type FeaturesFile, type FieldSettings, parseFeatures } from "./schema.ts";

export { behaviourFiles, FEATURE_SECTIONS, TODO } from "./schema.ts";

/** A field with every default filled in. */
export interface FieldSpec {
  readonly name: string;
  /** The column it comes from; of hours and weekdays there is none, they come from the time. */
  readonly column: string;
  readonly kind: Transform["kind"];
  /** Of numbers: how many buckets of about as many values each. */
  readonly buckets: number;
  /** Of lists: what stands between their values, undefined where they are JSON arrays; and what becomes of their vectors. */
  readonly separator: string | undefined;
  readonly pooling: Pooling;
  /** Of values. */
  readonly scale: NumberScale;
  /** Of numbers and values that are as an earlier dataset has them: what it learned. */
  readonly learned?: { readonly edges: number[] } | { readonly mean: number; readonly deviation: number };
  readonly minCount: number;
  /** The table that has the column; `key`: the value is the key of the user or item itself. */
  readonly from: "events" | "users" | "items" | "key";
}

/** How impressions are split, by their time: the latest shares, or from these on (milliseconds since 1970). */
export type TimeSplit =
  | { readonly valid: number; readonly test: number }
  | { readonly validFrom: number; readonly testFrom: number };

/** The columns of a row: where it lists candidates, these stand for its item and its label. */
export type RowColumns = FeaturesFile["columns"] & { readonly item: string };

export interface Features {
  /** How the files of each source are written, where their names do not say. */
  readonly layouts: Readonly<Record<"events" | "behaviours" | "users" | "items", Layout>>;
  readonly columns: RowColumns;
  readonly behaviours: {
    readonly types?: readonly string[];
    /** Milliseconds that histories go back at most, or null. */
    readonly window: number | null;
    readonly maxHistory: number;
    /** Of a log of its own. */
    readonly columns: Omit<RowColumns, "item" | "label" | "weight"> & { readonly item?: string };
    readonly fields: readonly { readonly name: string; readonly column: string }[];
  };
  readonly impressions: { readonly types?: readonly string[]; readonly list?: CandidateList };
  /** Of rows that bring their own. */
  readonly history?: ListColumn;
  /** Types whose rows are predicted, where there are no labels. */
  readonly target?: readonly string[];
  readonly split: TimeSplit;
  /** Texts that stand for a missing value. */
  readonly missing: readonly string[];
  /** Whether impressions of nobody are kept. */
  readonly anonymous: boolean;
  /** Minutes east of UTC. */
  readonly utcOffset: number;
  /** How the logs write times, where it is in a way of their own. */
  readonly timeFormat: string | null;
  readonly keys: { readonly user: string; readonly item: string };
  /** The first item field is the item's own id, called `item`. */
  readonly fields: Readonly<Record<FieldKind, readonly FieldSpec[]>>;
}

const BUCKETS = 16;
/** Of the impressions, each of validation and test. */
const SHARE = 0.1;
/** Hours east or west of UTC. */
const FURTHEST = 14;
/** Minutes: offsets from UTC are multiples of it, and hours and weekdays change at multiples of it alone. */
export const QUARTER = 15;

/**
 * Checks the sections of features.yaml and fills in the defaults.
 * @param tables what is given beside the events: fields of users and items come from their tables unless they say otherwise
 * @throws UserError that names the key
 */
export function resolveFeatures(
  value: unknown,
  tables: { readonly behaviours?: boolean; readonly users: boolean; readonly items: boolean },
  path: string,
): Features {
  const refuse = (field: string, problem: string) => failure("features.conflict", { path, field, problem });
  const file = parseFeatures(value);
  if (typeof file === "string") throw failure("features.invalid", { path, problem: file });
  const columns = columnsOf(file, path, refuse);
  const { behaviours, impressions, target, missing, anonymous, min_count: minCount, keys: named, fields } = file;
  const keys = { user: named.user ?? columns.user[0], item: named.item ?? columns.item };
  const utcOffset = offsetMinutes(file.utc_offset);
  if (Math.abs(utcOffset) > 60 * FURTHEST)
    throw refuse("utc_offset", `expected at most ${FURTHEST} hours, found ${file.utc_offset}`);
  if (utcOffset % QUARTER !== 0) {
    throw refuse("utc_offset", `expected a multiple of ${QUARTER} minutes, found ${file.utc_offset}`);
  }

  const resolve = (kind: FieldKind, given: FieldSettings): FieldSpec => {
    const { name, column = name, buckets = BUCKETS, separator, pooling = "mean", scale = "standard" } = given;
    const home = kind === "user" && tables.users ? "users" : kind === "item" && tables.items ? "items" : "events";
    const from = given.from ?? home;
    const where = `fields.${kind}: ${name}`;
    if (from !== "events" && from !== `${kind}s`) throw refuse(where, `a ${kind} field does not come from ${from}`);
    if (from !== "events" && !tables[from]) throw failure("features.no-table", { path, field: where, table: from });
    if (kind !== "context" && (given.kind === "hour" || given.kind === "weekday")) {
      throw refuse(where, `${given.kind} is a kind of context fields`);
    }
    checkUsed(given, (why) => refuse(where, why));
    const isKey = kind === "user" && column === (from === "users" ? keys.user : columns.user[0]);
    return {
      name,
      column,
      kind: given.kind ?? "category",
      buckets,
      separator,
      pooling,
      scale,
      minCount: given.min_count ?? minCount,
      from: isKey ? "key" : from,
    };
  };
  const ownId = fields.item.find(({ name }) => name === "item");
  if (ownId !== undefined) checkOwnId(ownId, columns.item, (why) => refuse("fields.item: item", why));
  const own: FieldSpec = {
    ...resolve("item", { name: "item", min_count: ownId?.min_count, from: "events" }),
    column: columns.item,
    from: "key",
  };
  const timeFormat = timesOf(columns.time)?.format ?? null;
  const features: Features = {
    layouts: { events: file.layout, behaviours: behaviours.layout, ...file.tables },
    columns,
    behaviours: {
      ...(behaviours.types && { types: behaviours.types }),
      window: behaviours.window_days === undefined ? null : Math.ceil(behaviours.window_days * DAY),
      maxHistory: behaviours.max_history,
      columns: behaviours.columns ?? ofBehaviours(columns),
      fields: behaviours.fields.map(({ name, column = name }) => ({ name, column })),
    },
    impressions,
    ...(file.history && { history: file.history }),
    ...(target && { target }),
    split: resolveSplit(file.split, timeFormat, utcOffset, refuse),
    missing,
    anonymous: anonymous === "keep",
    utcOffset,
    timeFormat,
    keys,
    fields: {
      user: fields.user.map((given) => resolve("user", given)),
      item: [own, ...fields.item.filter(({ name }) => name !== "item").map((given) => resolve("item", given))],
      context: fields.context.map((given) => resolve("context", given)),
    },
  };
  check(features, tables.behaviours === true, refuse);
  return features;
}

/** @throws UserError where an item is not said, or said twice */
function columnsOf({ columns, impressions }: FeaturesFile, path: string, refuse: Refuse): RowColumns {
  const { list } = impressions;
  const { item } = columns;
  if (list === undefined) {
    if (item !== undefined) return { ...columns, item };
    throw failure("features.invalid", { path, problem: "columns.item is missing: expected the name of a column" });
  }
  const beside = (["item", "label"] as const).find((key) => columns[key] !== undefined);
  if (beside !== undefined) throw refuse(`columns.${beside}`, "impressions.list says which items and labels there are");
  return { ...columns, item: list.column, label: { column: list.column } };
}

function ofBehaviours({ label: _, weight: __, ...rest }: RowColumns): Features["behaviours"]["columns"] {
  return rest;
}

type Refuse = (field: string, problem: string) => UserError;

/** Keys that fields of one kind have. */
const OF_KINDS = { buckets: "number", separator: "list", pooling: "list", scale: "value" } as const;

/** Refuses settings that the kind of the field has no use for. */
function checkUsed(given: FieldSettings, refuse: (why: string) => UserError): void {
  const { kind, column, from } = given;
  for (const [key, owner] of Object.entries(OF_KINDS)) {
    if (given[key as keyof typeof OF_KINDS] !== undefined && kind !== owner)
      throw refuse(`${key} is for fields of kind ${owner}`);
  }
  if (given.min_count !== undefined && kind === "value") throw refuse("a number has no values to count: no min_count");
  if ((kind === "hour" || kind === "weekday") && (column !== undefined || from !== undefined)) {
    throw refuse(`${kind} is made of the time: it has no ${column === undefined ? "from" : "column"}`);
  }
}

/** The item's own id, which is a field even where it is not named, may only have a `min_count`. */
function checkOwnId(given: FieldSettings, own: string, refuse: (why: string) => UserError) {
  const { kind = "category", column = own, name: _, min_count: _least, ...others } = given;
  if (kind !== "category" || column !== own || Object.values(others).some((value) => value !== undefined)) {
    throw refuse(`this is the item's own id, a category from columns.item (${own}): give another field another name`);
  }
}

function resolveSplit(
  split: FeaturesFile["split"],
  timeFormat: string | null,
  utcOffset: number,
  refuse: Refuse,
): TimeSplit {
  const { valid, test, valid_from: validTime, test_from: testTime } = split;
  if (validTime === undefined && testTime === undefined) return { valid: valid ?? SHARE, test: test ?? SHARE };
  if (validTime === undefined || testTime === undefined || valid !== undefined || test !== undefined) {
    throw refuse("split", "it takes either valid and test, or valid_from and test_from");
  }
  const [validFrom, testFrom] = Object.entries({ valid_from: validTime, test_from: testTime }).map(([key, given]) => {
    const time = readTime(given, timeFormat, utcOffset);
    if (time === null) throw refuse(`split.${key}`, `expected a time, found ${JSON.stringify(given)}`);
    return time;
  });
  if (validFrom >= testFrom) throw refuse("split", "valid_from must be before test_from");
  return { validFrom, testFrom };
}

/** What no schema says: keys that need one another. */
function check(features: Features, ownLog: boolean, refuse: Refuse): void {
  const { columns, behaviours, impressions, target, split, fields } = features;
  checkTimes(features, ownLog, refuse);
  checkLists(features, ownLog, refuse);
  if (columns.label === undefined) {
    const why = "without columns.label there are no impressions";
    if (impressions.types !== undefined) throw refuse("impressions.types", `${why}; target names types to predict`);
    if ("validFrom" in split && target === undefined) throw refuse("split", `${why} to split by time`);
  }
  if (columns.weight !== undefined && !hasImpressions(features)) {
    throw refuse("columns.weight", "samples have weights where columns.label or target says which they are");
  }
  if (target !== undefined) {
    if (columns.label !== undefined) throw refuse("target", "with columns.label, what is labelled is predicted");
    if (columns.type === undefined) throw refuse("target", "there are no types without columns.type");
  }
  if (impressions.types !== undefined && columns.type === undefined) {
    throw refuse("impressions.types", "there are no types without columns.type");
  }
  const typed = columns.type !== undefined || (ownLog && behaviours.columns.type !== undefined);
  if (behaviours.types !== undefined && !typed)
    throw refuse("behaviours.types", "there are no types without columns.type");
  const problem = nameProblem(fields);
  if (problem !== undefined) throw refuse(`fields.${problem.kind}`, problem.message);
  if (!ownLog) return;
  for (const { name } of behaviours.fields) {
    const found = fields.item.find((field) => field.name === name);
    if (found === undefined || found.from === "key") {
      throw refuse("behaviours.fields", `${name} is no field under fields.item`);
    }
    if (behaviours.columns.item !== undefined && found.from === "items") {
      throw refuse("behaviours.fields", `${name} comes from the table of items already`);
    }
  }
  if (behaviours.columns.item === undefined && behaviours.fields.length === 0) {
    throw refuse("behaviours.fields", "expected fields that say what a behaviour was of, as its columns name no item");
  }
}

/** Whether rows of the log become samples, labelled or of a target type; otherwise each behaviour is predicted. */
export function hasImpressions({ columns, target }: Features): boolean {
  return columns.label !== undefined || target !== undefined;
}

/** The order of rows is one of a single log, and has neither days nor hours. */
function checkTimes(
  { columns, behaviours, split, fields, timeFormat }: Features,
  ownLog: boolean,
  refuse: Refuse,
): void {
  if (ownLog) {
    if ((timesOf(behaviours.columns.time)?.format ?? null) !== timeFormat) {
      throw refuse("behaviours.columns.time", "both logs need one format of times, as requests have one");
    }
    for (const [key, { time }] of Object.entries({ columns, "behaviours.columns": behaviours.columns })) {
      if (time === ROWS) throw refuse(`${key}.time`, "two logs have no order in common");
    }
  }
  if (columns.time !== ROWS) return;
  const why = "the order of rows (columns.time: row) has no";
  if (behaviours.window !== null) throw refuse("behaviours.window_days", `${why} days`);
  if ("validFrom" in split) throw refuse("split", `${why} times to split at: give shares`);
  const clock = fields.context.find(readsTime);
  if (clock !== undefined) throw refuse(`fields.context: ${clock.name}`, `${why} ${clock.kind}s`);
}

/** What a log of lists cannot have. */
function checkLists(features: Features, ownLog: boolean, refuse: Refuse): void {
  const { columns, behaviours, impressions, history, anonymous, fields } = features;
  const own = fields.item.find(({ from }) => from === "events");
  if (impressions.list && own)
    throw refuse(`fields.item: ${own.name}`, "with impressions.list it comes from a table of items");
  if (impressions.list && ownLog && behaviours.columns.item === columns.item)
    throw refuse("behaviours.columns", "they have one item a row, and impressions.list has several: name theirs");
  if (history === undefined) return;
  const why = "histories are given (history)";
  if (columns.label === undefined) throw refuse("history", "it is of labelled rows: columns.label or impressions.list");
  if (ownLog) throw refuse("behaviours", `${why}, so there is no log of them`);
  if (behaviours.window !== null) throw refuse("behaviours.window_days", `${why}, without times`);
  if (behaviours.types !== undefined) throw refuse("behaviours.types", `${why}, so no rows are behaviours`);
  if (anonymous) throw refuse("anonymous", `${why}, of users: name in columns.user who has them`);
}

/** What to read of the events. */
export function eventColumns({ columns, target, anonymous, impressions, history, fields }: Features): LogColumns {
  const all = [...fields.user, ...fields.item, ...fields.context];
  const { item, label, ...rest } = columns;
  const sampleTypes = target ?? impressions.types;
  return {
    ...rest,
    ...(impressions.list ? { candidates: impressions.list } : { item, ...(label && { label }) }),
    ...(history && { history }),
    ...(sampleTypes && { sampleTypes }),
    anonymous,
    fields: all.filter((field) => field.from === "events" && !readsTime(field)).map(tableField),
  };
}

/** What to read of a log of behaviours. */
export function behaviourColumns({ behaviours, anonymous, fields }: Features): LogColumns {
  const kind = (name: string) => tableField(fields.item.find((field) => field.name === name) as FieldSpec).kind;
  const own = behaviours.fields.map(({ name, column }) => ({ name, column, kind: kind(name) }));
  return { ...behaviours.columns, anonymous, fields: own };
}

/** What to read of the table of users, or of items. */
export function tableColumns({ keys, fields }: Features, kind: "user" | "item"): LogColumns {
  const own = fields[kind].filter(({ from }) => from === `${kind}s`).map(tableField);
  return kind === "user" ? { user: [keys.user], fields: own } : { item: keys.item, fields: own };
}

function tableField({ name, column, kind, separator }: FieldSpec): LogColumns["fields"][number] {
  if (kind === "number" || kind === "value") return { name, column, kind: "number" };
  // With a separator a list is a text like any other.
  return { name, column, kind: kind === "list" && separator === undefined ? "list" : "category" };
}

/** Whether the field's value is made of the time of the row. */
export function readsTime({ kind }: FieldSpec): boolean {
  return kind === "hour" || kind === "weekday";
}
