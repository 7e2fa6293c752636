/** What a model is asked, in the values of the raw data (docs/data-format.md), and the check of what comes as JSON. */
import { z } from "zod";
import { failure } from "../errors/failure.ts";
import { problemsOf, sentence } from "../options/problems.ts";

/** A value of the raw data. Numbers and booleans stand for the text that JavaScript prints; null and "" for none. */
export type Value = string | number | boolean | null;

/** Values by the names of fields; of a field that has several, a list of them, or their text in the notation of the log. */
export type Values = Readonly<Record<string, Value | readonly Value[]>>;

/**
 * A candidate to score for a user with a history. What training never saw, and what is absent, is unknown. Times are
 * ISO 8601, or numbers of seconds, milliseconds or microseconds since 1970.
 */
export interface PredictRequest {
  /** Of each user field by name, or of the first one, if there is any. */
  readonly user: Value | Values;
  /** The item's key, or an object of its key (`item`) and of item fields, which win over the catalogue's. */
  readonly candidate: Value | Values;
  /** Behaviours, oldest first: items as the candidate, perhaps with their `time`. The latest ones count. */
  readonly history: readonly (Value | Values)[];
  /** Of each context field by name. */
  readonly context?: Values | undefined;
  /** Of the impression. */
  readonly time?: Value | undefined;
}

/** Whether something is a value, or an object of values; checked by hand, for there are many in a request. */
function isValue(given: unknown): given is Value {
  return given === null || typeof given === "string" || typeof given === "number" || typeof given === "boolean";
}

function isValueOrValues(given: unknown): given is Value | Values {
  if (isValue(given)) return true;
  if (typeof given !== "object" || Array.isArray(given)) return false;
  for (const name in given) if (!isValueOrList((given as Record<string, unknown>)[name])) return false;
  return true;
}

function isValueOrList(given: unknown): given is Value | readonly Value[] {
  return isValue(given) || (Array.isArray(given) && given.every(isValue));
}

const value = z.custom<Value>(isValue, "expected a string, a number, true, false or null");
const valueOrList = z.custom<Value | readonly Value[]>(
  isValueOrList,
  "expected a string, a number, true, false, null or a list of such values",
);
const valueOrValues = z.custom<Value | Values>(isValueOrValues, "expected a value, or an object of values by field");

export const predictRequestSchema = z.strictObject({
  user: valueOrValues,
  candidate: valueOrValues,
  history: z.array(valueOrValues),
  context: z.record(z.string(), valueOrList).optional(),
  time: value.optional(),
}) satisfies z.ZodType<PredictRequest>;

/** Of what a program passes; it may have keys of its own. */
const looseRequest = predictRequestSchema.loose();

/**
 * Looks at what is passed for a request number `index`, without an allocation where it is one.
 * @throws UserError that names the request and the key
 */
export function checkRequest(given: unknown, index: number): asserts given is PredictRequest {
  if (isRequest(given)) return;
  const [problem] = problemsOf(looseRequest, given);
  const field = [index, ...problem.path].join(".");
  throw failure("request.invalid", { field, problem: sentence(problem, `request ${field}`) });
}

/** Whether something is a request, whatever other keys it has: as `predictRequestSchema`, and many times as fast. */
export function isRequest(given: unknown): given is PredictRequest {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return false;
  const { user, candidate, history, context, time } = given as Record<string, unknown>;
  if (!isValueOrValues(user) || !isValueOrValues(candidate) || !Array.isArray(history)) return false;
  for (let i = 0; i < history.length; i++) if (!isValueOrValues(history[i])) return false;
  if (context !== undefined && (isValue(context) || !isValueOrValues(context))) return false;
  return time === undefined || isValue(time);
}
