/** What a model is asked, in the values of the raw data (docs/data-format.md), and the check of what comes as JSON. */
import { z } from "zod";
import { failure, type UserError } from "../errors/failure.ts";
import { problemsOf, sentence } from "../options/problems.ts";

/** A value of the raw data. Numbers and booleans stand for the text that JavaScript prints; null and "" for none. */
export type Value = string | number | boolean | null;

/** Values by the names of fields; of a field that has several, a list of them, or their text in the notation of the log. */
export type Values = Readonly<Record<string, Value | readonly Value[]>>;

/**
 * A user with a history, for whom something is to be scored. What training never saw, and what is absent, is unknown.
 * Times are ISO 8601, or numbers of seconds, milliseconds or microseconds since 1970.
 */
export interface UserRequest {
  /** Of each user field by name, or of the first one, if there is any. */
  readonly user: Value | Values;
  /** Behaviours, oldest first: items as candidates are, perhaps with their `time`. The latest ones count. */
  readonly history: readonly (Value | Values)[];
  /** Of each context field by name. */
  readonly context?: Values | undefined;
  /** Of the impression. */
  readonly time?: Value | undefined;
}

/** A candidate to score for a user. */
export interface PredictRequest extends UserRequest {
  /** The item's key, or an object of its key (`item`) and of item fields, which win over the catalogue's. */
  readonly candidate: Value | Values;
}

/** Candidates to score for one user. */
export interface RankRequest extends UserRequest {
  /** Each as `candidate` of a request that has one. */
  readonly candidates: readonly (Value | Values)[];
}

export type ScoreRequest = PredictRequest | RankRequest;

export function isRankRequest(request: ScoreRequest): request is RankRequest {
  return hasCandidates(request);
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

/** The same as JSON Schemas, for documentation: zod knows of functions no more than their names. */
const VALUE = { type: ["string", "number", "boolean", "null"] };
const VALUE_OR_LIST = { anyOf: [VALUE, { type: "array", items: VALUE }] };
const VALUE_OR_VALUES = { anyOf: [VALUE, { type: "object", additionalProperties: VALUE_OR_LIST }] };

export const value = z.custom<Value>(isValue, "expected a string, a number, true, false or null").meta(VALUE);
const valueOrList = z
  .custom<Value | readonly Value[]>(
    isValueOrList,
    "expected a string, a number, true, false, null or a list of such values",
  )
  .meta(VALUE_OR_LIST);
export const valueOrValues = z
  .custom<Value | Values>(isValueOrValues, "expected a value, or an object of values by field")
  .meta(VALUE_OR_VALUES);

const ofUser = { user: valueOrValues };
const ofHistory = {
  history: z.array(valueOrValues),
  context: z.record(z.string(), valueOrList).optional(),
  time: value.optional(),
};

export const predictRequestSchema = z.strictObject({
  ...ofUser,
  candidate: valueOrValues,
  ...ofHistory,
}) satisfies z.ZodType<PredictRequest>;

export const rankRequestSchema = z.strictObject({
  ...ofUser,
  candidates: z.array(valueOrValues),
  ...ofHistory,
}) satisfies z.ZodType<RankRequest>;

/** Of what a program passes; it may have keys of its own. */
const looseRequest = predictRequestSchema.extend({ candidates: none("candidate") }).loose();
const looseRankRequest = rankRequestSchema.extend({ candidate: none("candidates") }).loose();

function none(beside: string) {
  return z.undefined({ error: `expected none beside ${beside}` }).optional();
}

/**
 * Looks at what is passed for a request, without an allocation where it is one.
 * @param index its number among those that are passed
 * @throws UserError that names the request and the key
 */
export function checkRequest(given: unknown, index: number): asserts given is ScoreRequest {
  if (isRequest(given) || isRankingRequest(given)) return;
  const [problem] = problemsOf(hasCandidates(given) ? looseRankRequest : looseRequest, given);
  const field = [index, ...problem.path].join(".");
  throw failure("request.invalid", { field, problem: sentence(problem, `request ${field}`) });
}

/** The same of the only request that is passed, which has `candidates`. */
export function checkRankRequest(given: unknown): asserts given is RankRequest {
  if (!isRankingRequest(given)) throw refuse(looseRankRequest, given);
}

/** The same of the only request that is passed, which has one candidate. */
export function checkPredictRequest(given: unknown): asserts given is PredictRequest {
  if (!isRequest(given)) throw refuse(looseRequest, given);
}

function refuse(schema: z.ZodType, given: unknown): UserError {
  const [problem] = problemsOf(schema, given);
  const field = problem.path.join(".") || "the request";
  return failure("request.invalid", { field, problem: sentence(problem, field) });
}

/** Whether something asks for the scores of several candidates, rightly or not. */
export function hasCandidates(given: unknown): boolean {
  return (given as Partial<RankRequest> | null | undefined)?.candidates !== undefined;
}

/** Whether something is a request, whatever other keys it has: as `predictRequestSchema`, and many times as fast. */
export function isRequest(given: unknown): given is PredictRequest {
  return isUserRequest(given) && !hasCandidates(given) && isValueOrValues((given as PredictRequest).candidate);
}

/** As `rankRequestSchema`, but for other keys, among which is no `candidate`. */
export function isRankingRequest(given: unknown): given is RankRequest {
  if (!isUserRequest(given)) return false;
  const { candidates, candidate } = given as UserRequest & Record<string, unknown>;
  return candidate === undefined && areValuesOrValues(candidates);
}

function isUserRequest(given: unknown): given is UserRequest {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return false;
  const { user, history, context, time } = given as Record<string, unknown>;
  if (!isValueOrValues(user) || !areValuesOrValues(history)) return false;
  if (context !== undefined && (isValue(context) || !isValueOrValues(context))) return false;
  return time === undefined || isValue(time);
}

function areValuesOrValues(given: unknown): boolean {
  if (!Array.isArray(given)) return false;
  for (let i = 0; i < given.length; i++) if (!isValueOrValues(given[i])) return false;
  return true;
}
