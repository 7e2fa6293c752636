/**
 * features.yaml: which columns of a log are what, and which fields a model is given (docs/events.md).
 */
import { z } from "zod";
import { UserError } from "../../errors.ts";
import { nameProblem } from "../manifest.ts";
import { parseTime } from "../time.ts";
import type { LogColumns } from "./load.ts";

/** What `dien init` writes where it could not tell. */
export const TODO = "TODO";

const column = z
  .string()
  .min(1)
  .refine((name) => name !== TODO, "write the name of the column in the place of TODO");
const fieldName = z.string().regex(/^[a-z][a-z0-9_]*$/, "expected lower-case letters, digits and _, a letter first");
const types = z.array(z.string()).min(1);

const columns = z.strictObject({
  user: column,
  item: column,
  time: column,
  label: column.exactOptional(),
  type: column.exactOptional(),
});

const fieldObject = z.strictObject({
  name: fieldName,
  column: column.optional(),
  kind: z.enum(["category", "number", "hour", "weekday"]).optional(),
  buckets: z.int().min(2).max(1000).optional(),
  min_count: z.int().min(1).optional(),
  from: z.enum(["events", "users", "items"]).optional(),
});
/** A field's name alone, or with what is not the default. */
const field = z.union([fieldName.transform((name): z.output<typeof fieldObject> => ({ name })), fieldObject]);

/** A field of the items that a log of behaviours has too. */
const behaviourField = z.union([
  fieldName.transform((name) => ({ name, column: name })),
  z.strictObject({ name: fieldName, column }),
]);

const share = z.number().gt(0).lt(0.5);
const when = z.union([z.string(), z.number()]);

/** The sections of features.yaml; the command's options may stand beside them. */
const featuresSchema = z.strictObject({
  columns,
  behaviours: z
    .strictObject({
      /** The log of behaviours, where --behaviours does not give it. */
      files: z.string().min(1).optional(),
      /** Only rows of these types are behaviours; without it, and of a log without types, all that are not labelled 0. */
      types: types.exactOptional(),
      /** Histories go back this far; without it, to the beginning. */
      window_days: z.number().positive().optional(),
      max_history: z.int().min(1).max(10_000).default(100),
      /** Columns of that log, where they are not those of the events; without an item, its fields say what it was. */
      columns: columns.omit({ label: true }).extend({ item: column.exactOptional() }).optional(),
      /** Fields of items that this log has. */
      fields: z.array(behaviourField).default([]),
    })
    .prefault({}),
  impressions: z
    .strictObject({
      /** Only labelled rows of these types (scenes) become samples; without it all labelled rows. */
      types: types.exactOptional(),
    })
    .prefault({}),
  /** Of impressions: the latest shares, or everything from a time on. */
  split: z
    .union([
      z.strictObject({ valid: share.default(0.1), test: share.default(0.1) }),
      z.strictObject({ valid_from: when, test_from: when }),
    ])
    .prefault({}),
  /** What has been seen less often than this in the training part is unknown; a field may have its own. */
  min_count: z.int().min(1).default(1),
  /** Texts that stand for a missing value, as an empty one does. */
  missing: z.array(z.string()).default([]),
  /** Of times that carry no offset, and of hours and weekdays. */
  utc_offset: z
    .string()
    .regex(/^[+-]([01]\d):[0-5]\d$/, 'expected an offset like "+08:00"')
    .default("+00:00"),
  /** Names of the key columns of the users' and items' tables, where they are not those of the log. */
  keys: z.strictObject({ user: column.optional(), item: column.optional() }).prefault({}),
  fields: z.strictObject({
    user: z.array(field).default([]),
    item: z.array(field).default([]),
    context: z.array(field).default([]),
  }),
});

export const FEATURE_SECTIONS = Object.keys(featuresSchema.shape);

export type FieldKind = "user" | "item" | "context";

/** A field with every default filled in. */
export interface FieldSpec {
  readonly name: string;
  /** The column it comes from; of hours and weekdays there is none, they come from the time. */
  readonly column: string;
  readonly kind: "category" | "number" | "hour" | "weekday";
  /** Of numbers: how many buckets of about as many values each. */
  readonly buckets: number;
  readonly minCount: number;
  /** The table that has the column; `key`: the value is the key of the user or item itself. */
  readonly from: "events" | "users" | "items" | "key";
}

/** How impressions are split, by their time: the latest shares, or from these on (milliseconds since 1970). */
export type TimeSplit =
  | { readonly valid: number; readonly test: number }
  | { readonly validFrom: number; readonly testFrom: number };

export interface Features {
  readonly columns: z.output<typeof columns>;
  readonly behaviours: {
    readonly types?: readonly string[];
    /** Milliseconds that histories go back at most, or null. */
    readonly window: number | null;
    readonly maxHistory: number;
    /** Of a log of its own. */
    readonly columns: Omit<z.output<typeof columns>, "item"> & { readonly item?: string };
    readonly fields: readonly { readonly name: string; readonly column: string }[];
  };
  readonly impressions: { readonly types?: readonly string[] };
  readonly split: TimeSplit;
  /** Texts of fields that stand for a missing value. */
  readonly missing: readonly string[];
  /** Minutes east of UTC. */
  readonly utcOffset: number;
  readonly keys: { readonly user: string; readonly item: string };
  /** The first item field is the item's own id, called `item`. */
  readonly fields: Readonly<Record<FieldKind, readonly FieldSpec[]>>;
}

const BUCKETS = 16;
const DAY = 86_400_000;
/** Hours east or west of UTC. */
const FURTHEST = 14;

/** The log of behaviours that features.yaml names, if it does; what is no features.yaml is refused later. */
export function behaviourFiles(value: unknown): string | undefined {
  return z.object({ behaviours: z.object({ files: z.string() }) }).safeParse(value).data?.behaviours.files;
}

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
  const refuse = (where: string, why: string) => new UserError(`${path}: ${where}: ${why}`);
  const parsed = featuresSchema.safeParse(value);
  if (!parsed.success) {
    const [{ path: where, message }] = parsed.error.issues;
    throw refuse(where.join(".") || "document", message);
  }
  const { columns, behaviours, impressions, missing, min_count: minCount, keys: named, fields } = parsed.data;
  const keys = { user: named.user ?? columns.user, item: named.item ?? columns.item };
  const utcOffset = minutesOf(parsed.data.utc_offset);
  if (Math.abs(utcOffset) > 60 * FURTHEST) throw refuse("utc_offset", `expected at most ${FURTHEST} hours`);

  const resolve = (kind: FieldKind, given: z.output<typeof field>): FieldSpec => {
    const { name, column = name, buckets = BUCKETS } = given;
    const home = kind === "user" && tables.users ? "users" : kind === "item" && tables.items ? "items" : "events";
    const from = given.from ?? home;
    const where = `fields.${kind}: ${name}`;
    if (from !== "events" && from !== `${kind}s`) throw refuse(where, `a ${kind} field does not come from ${from}`);
    if (from !== "events" && !tables[from])
      throw refuse(where, `it comes from the table --${from}, which is not given`);
    if (kind !== "context" && (given.kind === "hour" || given.kind === "weekday")) {
      throw refuse(where, `${given.kind} is a kind of context fields`);
    }
    const isKey = kind === "user" && column === (from === "users" ? keys.user : columns.user);
    return {
      name,
      column,
      kind: given.kind ?? "category",
      buckets,
      minCount: given.min_count ?? minCount,
      from: isKey ? "key" : from,
    };
  };
  const ownId = fields.item.find(({ name }) => name === "item");
  const own: FieldSpec = {
    ...resolve("item", { name: "item", min_count: ownId?.min_count, from: "events" }),
    column: columns.item,
    from: "key",
  };
  const features: Features = {
    columns,
    behaviours: {
      ...(behaviours.types && { types: behaviours.types }),
      window: behaviours.window_days === undefined ? null : Math.ceil(behaviours.window_days * DAY),
      maxHistory: behaviours.max_history,
      columns: behaviours.columns ?? withoutLabel(columns),
      fields: behaviours.fields,
    },
    impressions,
    split: resolveSplit(parsed.data.split, utcOffset, refuse),
    missing,
    utcOffset,
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

function withoutLabel({ label: _, ...rest }: Features["columns"]): Features["behaviours"]["columns"] {
  return rest;
}

type Refuse = (where: string, why: string) => UserError;

function resolveSplit(split: z.output<typeof featuresSchema>["split"], utcOffset: number, refuse: Refuse): TimeSplit {
  if ("valid" in split) return split;
  const [validFrom, testFrom] = (["valid_from", "test_from"] as const).map((key) => {
    const time = parseTime(split[key], utcOffset);
    if (time === null) throw refuse(`split.${key}`, `${JSON.stringify(split[key])} is no time`);
    return time;
  });
  if (validFrom >= testFrom) throw refuse("split", "valid_from must be before test_from");
  return { validFrom, testFrom };
}

/** What no schema says: keys that need one another. */
function check({ columns, behaviours, impressions, fields }: Features, ownLog: boolean, refuse: Refuse): void {
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

/** What to read of the events. */
export function eventColumns({ columns, fields }: Features): LogColumns {
  const all = [...fields.user, ...fields.item, ...fields.context];
  return { ...columns, fields: all.filter((field) => field.from === "events" && !readsTime(field)).map(tableField) };
}

/** What to read of a log of behaviours. */
export function behaviourColumns({ behaviours, fields }: Features): LogColumns {
  const kind = (name: string) => tableField(fields.item.find((field) => field.name === name) as FieldSpec).kind;
  const own = behaviours.fields.map(({ name, column }) => ({ name, column, kind: kind(name) }));
  return { ...behaviours.columns, fields: own };
}

/** What to read of the table of users, or of items. */
export function tableColumns({ keys, fields }: Features, kind: "user" | "item"): LogColumns {
  const own = fields[kind].filter(({ from }) => from === `${kind}s`).map(tableField);
  return kind === "user" ? { user: keys.user, fields: own } : { item: keys.item, fields: own };
}

function tableField({ name, column, kind }: FieldSpec): LogColumns["fields"][number] {
  return { name, column, kind: kind === "number" ? "number" : "category" };
}

/** Whether the field's value is made of the time of the row. */
export function readsTime({ kind }: FieldSpec): boolean {
  return kind === "hour" || kind === "weekday";
}

function minutesOf(offset: string): number {
  const [hours, minutes] = offset.slice(1).split(":").map(Number);
  return (offset.startsWith("-") ? -1 : 1) * (60 * hours + minutes);
}
