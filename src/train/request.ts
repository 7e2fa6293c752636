/**
 * What a model is asked, in the values of the raw data (docs/data-format.md): one schema for types and for checking what
 * comes as JSON.
 */
import { z } from "zod";

/** A value of the raw data. Numbers and booleans stand for the text that JavaScript prints; null and "" for none. */
const value = z.union([z.string(), z.number(), z.boolean(), z.null()], {
  error: "expected a string, a number, true, false or null",
});
export type Value = z.infer<typeof value>;

const values = z.record(z.string(), value, { error: "expected an object of values by field" });
export type Values = z.infer<typeof values>;

const valueOrValues = z.union([value, values], { error: "expected a value, or an object of values by field" });

export const predictRequestSchema = z.strictObject({
  /** Of each user field by name, or of the first one. */
  user: valueOrValues,
  /** The item's key, or an object of it (`item`) and of item fields. Those that are given win over the catalogue's. */
  candidate: valueOrValues,
  /** Behaviours, oldest first: items as the candidate, perhaps with their `time`. The latest ones count. */
  history: z.array(valueOrValues, { error: "expected a list" }),
  /** Of each context field by name. */
  context: values.optional(),
  /** Of the impression: ISO 8601, or a number of seconds, milliseconds or microseconds since 1970. */
  time: value.optional(),
});

/** A candidate to score for a user with a history; what training never saw, and what is absent, is unknown. */
export type PredictRequest = Readonly<z.infer<typeof predictRequestSchema>>;
