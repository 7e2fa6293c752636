/**
 * features.yaml: which columns of a log are what, and which fields a model is given (docs/events.md).
 */
import { z } from "zod";
import { UserError } from "../../errors.ts";

/** What `dien init` writes where it could not tell. */
export const TODO = "TODO";

const column = z
  .string()
  .min(1)
  .refine((name) => name !== TODO, "write the name of the column in the place of TODO");
const fieldName = z.string().regex(/^[a-z][a-z0-9_]*$/, "expected lower-case letters, digits and _, a letter first");
const types = z.array(z.string()).min(1);

/** Fields of a log's rows; in a log of behaviours alone there may be no item, which is then known by its fields. */
const columns = z.strictObject({
  user: column,
  item: column,
  time: column,
  label: column.optional(),
  type: column.optional(),
});

const field = z.union([
  fieldName.transform((name) => ({ name })),
  z.strictObject({
    name: fieldName,
    column: column.optional(),
    kind: z.enum(["category", "number", "hour", "weekday"]).optional(),
    buckets: z.int().min(2).max(1000).optional(),
    min_count: z.int().min(1).optional(),
    from: z.enum(["events", "users", "items"]).optional(),
  }),
]);

const share = z.number().gt(0).lt(0.5);
const when = z.union([z.string(), z.number()]);

/** The sections of features.yaml; the command's options may stand beside them. */
export const featuresSchema = z.strictObject({
  columns,
  behaviours: z
    .strictObject({
      /** Only rows of these types are behaviours; without it every row that is not labelled 0. */
      types: types.optional(),
      /** Histories go back this far; without it, to the beginning. */
      window_days: z.number().positive().optional(),
      max_history: z.int().min(1).max(10_000).default(100),
      /** Columns of the log given by --behaviours. */
      columns: columns.omit({ label: true }).partial({ item: true }).optional(),
    })
    .prefault({}),
  impressions: z
    .strictObject({
      /** Only labelled rows of these types (scenes) become samples; without it all labelled rows. */
      types: types.optional(),
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
  readonly from: "events" | "users" | "items";
}

export interface Features {
  readonly columns: z.output<typeof columns>;
  readonly behaviours: z.output<typeof featuresSchema>["behaviours"];
  readonly impressions: z.output<typeof featuresSchema>["impressions"];
  readonly split: z.output<typeof featuresSchema>["split"];
  /** Minutes east of UTC. */
  readonly utcOffset: number;
  readonly keys: { readonly user: string; readonly item: string };
  /** The first item field is the item's own id, called `item`. */
  readonly fields: Readonly<Record<FieldKind, readonly FieldSpec[]>>;
}

const BUCKETS = 16;

/**
 * Checks the sections of features.yaml and fills in the defaults.
 * @param tables whether tables of users and items are given: fields of users and items come from there unless they say otherwise
 * @throws UserError that names the key
 */
export function resolveFeatures(value: unknown, tables: { users: boolean; items: boolean }, path: string): Features {
  const parsed = featuresSchema.safeParse(value);
  if (!parsed.success) {
    const [{ path: where, message }] = parsed.error.issues;
    throw new UserError(`${path}: ${where.join(".") || "document"}: ${message}`);
  }
  const { columns, behaviours, impressions, split, min_count: minCount, utc_offset: utc, keys, fields } = parsed.data;
  const home = {
    user: tables.users ? "users" : "events",
    item: tables.items ? "items" : "events",
    context: "events",
  } as const;
  const resolve = (kind: FieldKind, given: z.output<typeof field>): FieldSpec => ({
    name: given.name,
    column: ("column" in given && given.column) || given.name,
    kind: ("kind" in given && given.kind) || "category",
    buckets: ("buckets" in given && given.buckets) || BUCKETS,
    minCount: ("min_count" in given && given.min_count) || minCount,
    from: ("from" in given && given.from) || home[kind],
  });
  const own = fields.item.find((given) => given.name === "item") ?? { name: "item" };
  return {
    columns,
    behaviours,
    impressions,
    split,
    utcOffset: minutesOf(utc),
    keys: { user: keys.user ?? columns.user, item: keys.item ?? columns.item },
    fields: {
      user: fields.user.map((given) => resolve("user", given)),
      item: [
        { ...resolve("item", own), column: columns.item, kind: "category", from: "events" },
        ...fields.item.filter((given) => given.name !== "item").map((given) => resolve("item", given)),
      ],
      context: fields.context.map((given) => resolve("context", given)),
    },
  };
}

function minutesOf(offset: string): number {
  const [hours, minutes] = offset.slice(1).split(":").map(Number);
  return (offset.startsWith("-") ? -1 : 1) * (60 * hours + minutes);
}
