/**
 * The sections of features.yaml as they stand there, key by key. What the keys mean together is `resolveFeatures`'s.
 */
import { z } from "zod";
import { SCALES } from "../../../dataset/transform.ts";
import { historyLength, withoutNul } from "../../../options/pieces.ts";
import { problemsOf, sentence } from "../../../options/problems.ts";
import { POOLINGS } from "../../../tensor/arrays.ts";
import { layoutSchema } from "../source/layout.ts";
import { candidateList, historyColumn } from "./given-lists.ts";
import { labelColumn } from "./label.ts";
import { timeColumn } from "./time-column.ts";

/** What `dien init` writes where it found no answer. */
export const TODO = "TODO";

const text = z.string().check(withoutNul);
const fieldColumn = z.string("expected the name of a column").min(1, "expected the name of a column").check(withoutNul);
/** Where a guess may have been wanting. */
const column = fieldColumn.refine((name) => name !== TODO, "write the name of the column in the place of TODO");
const NAME = "expected a name of lower-case letters, digits and _, a letter first";
const fieldName = z.string(NAME).regex(/^[a-z][a-z0-9_]*$/, NAME);
/** In YAML [1, 3] are numbers; the log has their texts. */
const type = z.union([text, z.number(), z.boolean()], "expected the name of a type").transform(String);
const types = z.array(type).min(1, "expected at least one type");

const USERS = "expected the name of a column";
/** The column of users, and others that know those of whom it does not. */
const users = z.union([column, z.array(column).min(1, USERS)], USERS).transform((given) => [given].flat());

const rowColumns = { user: users, time: timeColumn(column), type: column.exactOptional() };

/** A hundred years: whoever wants all of the past leaves the limit out. */
const MOST_DAYS = 36_525;

/** A list of more is one of values to leave out, which is work for a query. */
const MOST_MISSING = 1000;

/** A field's name alone, or with what is not the default. */
const named = <T extends z.ZodType>(field: T) =>
  z.preprocess((given) => (typeof given === "string" ? { name: given } : given), field);

const field = named(
  z.strictObject({
    name: fieldName,
    column: fieldColumn.optional(),
    kind: z.enum(["category", "number", "list", "value", "hour", "weekday"]).optional(),
    /** Of numbers. */
    buckets: z.int().min(2).max(1000).optional(),
    /** Of lists: between their values; without it they are JSON arrays, as the lists of JSON and of Parquet are. */
    separator: text.min(1, "expected what stands between the values").optional(),
    pooling: z.enum(POOLINGS).optional(),
    /** Of values. */
    scale: z.enum(SCALES).optional(),
    min_count: z.int().min(1).optional(),
    from: z.enum(["events", "users", "items"]).optional(),
  }),
);

const SHARE = "expected a share, more than 0 and less than 0.5";
const share = z.number(SHARE).gt(0, SHARE).lt(0.5, SHARE).optional();
const when = z.union([z.string(), z.number()], "expected a time").optional();

/** The sections of features.yaml; the command's options may stand beside them. */
const featuresSchema = z.strictObject({
  /** How the log is written, where its name does not say. */
  layout: layoutSchema.default({}),
  /** The same of the tables of users and items. */
  tables: z.strictObject({ users: layoutSchema.default({}), items: layoutSchema.default({}) }).prefault({}),
  columns: z.strictObject({
    ...rowColumns,
    item: column.exactOptional(),
    label: labelColumn(column).exactOptional(),
    weight: column.exactOptional(),
  }),
  behaviours: z
    .strictObject({
      /** The log of behaviours, where --behaviours does not give it. */
      files: text.min(1).optional(),
      /** How that log is written, where its name does not say. */
      layout: layoutSchema.default({}),
      /** Only rows of these types are behaviours; without it, and of a log without types, all that are not labelled 0. */
      types: types.exactOptional(),
      /** Histories go back this far; without it, to the beginning. */
      window_days: z.number().positive().max(MOST_DAYS).optional(),
      max_history: historyLength.default(100),
      /** Columns of that log, where they are not those of the events; without an item, its fields say what it was. */
      columns: z.strictObject({ ...rowColumns, item: column.exactOptional() }).optional(),
      /** Fields of items that this log has. */
      fields: z.array(named(z.strictObject({ name: fieldName, column: column.optional() }))).default([]),
    })
    .prefault({}),
  impressions: z
    .strictObject({
      /** Only labelled rows of these types (scenes) become samples; without it all labelled rows. */
      types: types.exactOptional(),
      /** A column of several items, each with a label: a row is an impression of each. */
      list: candidateList(column).exactOptional(),
    })
    .prefault({}),
  /** A column of the row's own history, oldest item first, which is then the one that counts. */
  history: historyColumn(column).exactOptional(),
  /** What is predicted where there are no labels: rows of these types. */
  target: z.preprocess((given) => (typeof given === "string" ? [given] : given), types).exactOptional(),
  /** Of impressions: the latest shares, or everything from a time on. */
  split: z.strictObject({ valid: share, test: share, valid_from: when, test_from: when }).prefault({}),
  /** What was seen less often than this in the training part is unknown; a field may have its own. */
  min_count: z.int().min(1).default(1),
  /** Whether impressions of nobody are kept, each as of a user without a history, or bad rows. */
  anonymous: z.enum(["keep", "refuse"]).default("refuse"),
  /** Texts that stand for a missing value, as an empty one does. */
  missing: z.array(text).max(MOST_MISSING, `there are more than ${MOST_MISSING} texts`).default([]),
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

export type FeaturesFile = z.output<typeof featuresSchema>;
export type FieldSettings = FeaturesFile["fields"]["user"][number];

export const FEATURE_SECTIONS = Object.keys(featuresSchema.shape);

/** Reads what features.yaml says, with the defaults of its keys; where it cannot be, one line says what and where. */
export function parseFeatures(value: unknown): FeaturesFile | string {
  const parsed = featuresSchema.safeParse(value);
  return parsed.success ? parsed.data : sentence(problemsOf(featuresSchema, value)[0]);
}

/** The log of behaviours that features.yaml names, if it does; what is no features.yaml is refused later. */
export function behaviourFiles(value: unknown): string | undefined {
  return z.object({ behaviours: z.object({ files: z.string() }) }).safeParse(value).data?.behaviours.files;
}
