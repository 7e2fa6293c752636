/**
 * What is recorded of an experiment: who was shown what (exposures), and what came of it (outcomes). A row of a file is a
 * row here with its time as text; `columns` are those of every file, whatever its format.
 */
import { z } from "zod";
import { withoutNul } from "../../options/pieces.ts";

const LONGEST_TEXT = 1000;
const WELL_FORMED = "expected a text whose characters are whole";
const text = z
  .string()
  .min(1)
  .max(LONGEST_TEXT)
  .check(withoutNul)
  // Half a surrogate pair has no bytes of its own: two such users would be one.
  .refine((given) => !/\p{Surrogate}/u.test(given), WELL_FORMED);
const probability = z.number().min(0).max(1);
/** Milliseconds since 1970, as `Date` has them. */
const time = z.int().min(-8.64e15).max(8.64e15);

/** An impression: an item that was shown to a user, or, of a request for scores, may have been. */
export const exposureSchema = z.strictObject({
  /** Of a ranking `REQUEST.POSITION`; of scores the id of the request, which its candidates share. */
  id: text,
  time,
  experiment: text,
  arm: text,
  user: text,
  /** Whether it belongs to the first request of its user in this experiment. */
  first: z.boolean(),
  model: text,
  version: text,
  /** Its key; of an item without one, its fields as JSON. */
  item: z.string(),
  /** From 1; null where the caller decides what is shown. */
  position: z.int().min(1).nullable(),
  /** Of a click, as the model has it. */
  probability,
  /**
   * With which the arm was chosen for this request, or the item for this place, where that was left to chance; 1 where it
   * was not, null where it is not known.
   */
  propensity: probability.nullable(),
  /** Of the user, for segments. */
  fields: z.record(z.string(), z.unknown()),
  /**
   * The request as `/v1/rank` takes it, with its candidates and the history that was used, as JSON: what another model has
   * to know for a replay. On the first row of a request, and only where requests are recorded.
   */
  request: z.string().nullish(),
});
export type Exposure = Readonly<z.output<typeof exposureSchema>>;
/** An exposure before it is recorded: whether it is its user's first one is seen then. */
export type NewExposure = Omit<Exposure, "first">;

const outcome = {
  /** The client's: the same id again is the same outcome, whatever else it says. */
  id: text,
  time,
  user: text,
  /** `click`, `order`, or a word of the team's own. */
  type: text,
  /** The id of the exposure that it followed. */
  impression: text,
  /** Money, all in one currency. */
  value: z.number().nullable(),
};
/** An outcome before it is recorded. */
export const newOutcomeSchema = z.strictObject(outcome);
export type NewOutcome = Readonly<z.output<typeof newOutcomeSchema>>;

/** Something that a user did after an impression. */
export const outcomeSchema = z.strictObject({
  ...outcome,
  /** Those of the exposure; null where there is none of that id. */
  experiment: text.nullable(),
  arm: text.nullable(),
  /** Whether there is an exposure of that id and user, not after it and no longer before it than the window. */
  attributed: z.boolean(),
});
export type Outcome = Readonly<z.output<typeof outcomeSchema>>;

/** The kinds of rows, each in files of its own. */
export const KINDS = ["exposures", "outcomes"] as const;
export type Kind = (typeof KINDS)[number];
export interface RowOf {
  readonly exposures: Exposure;
  readonly outcomes: Outcome;
}

const schemas = { exposures: exposureSchema, outcomes: outcomeSchema };

/** Columns of the files, with their types in DuckDB. Times are in UTC. */
export const columns = {
  exposures: {
    id: "VARCHAR",
    time: "TIMESTAMP",
    experiment: "VARCHAR",
    arm: "VARCHAR",
    user: "VARCHAR",
    first: "BOOLEAN",
    model: "VARCHAR",
    version: "VARCHAR",
    item: "VARCHAR",
    position: "INTEGER",
    probability: "DOUBLE",
    propensity: "DOUBLE",
    fields: "JSON",
    request: "VARCHAR",
  },
  outcomes: {
    id: "VARCHAR",
    time: "TIMESTAMP",
    user: "VARCHAR",
    type: "VARCHAR",
    impression: "VARCHAR",
    value: "DOUBLE",
    experiment: "VARCHAR",
    arm: "VARCHAR",
    attributed: "BOOLEAN",
  },
} as const satisfies { readonly [K in Kind]: Readonly<Record<keyof RowOf[K], string>> };

/** A row as a line of its file. */
export function lineOf(row: Exposure | Outcome): string {
  return `${JSON.stringify({ ...row, time: new Date(row.time).toISOString() })}\n`;
}

/** The rows of a request as lines. What they have in common is written out once. */
export function linesOf(rows: readonly NewExposure[], first: boolean): string {
  if (rows.length === 0) return "";
  const { time, experiment, arm, user, model, version, fields } = rows[0];
  const of = { time: new Date(time).toISOString(), experiment, arm, user, first, model, version, fields };
  const common = JSON.stringify(of).slice(1);
  let lines = "";
  for (const { id, item, position, probability, propensity, request } of rows) {
    const own = JSON.stringify({ id, item, position, probability, propensity, request });
    lines += `${own.slice(0, -1)},${common}\n`;
  }
  return lines;
}

/** The row of a line; undefined where it is none. */
export function rowOn<K extends Kind>(kind: K, line: string): RowOf[K] | undefined {
  try {
    const row = JSON.parse(line);
    return schemas[kind].safeParse({ ...row, time: Date.parse(row.time) }).data as RowOf[K] | undefined;
  } catch {
    return undefined;
  }
}
