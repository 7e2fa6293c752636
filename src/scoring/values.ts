/** Values of the raw data as texts, and what is refused of them. */
import { failure, isFailure, retold, UserError, within } from "../errors/failure.ts";
import type { Value, Values } from "./request.ts";

/** What requests call the key of their user, where it is no field of the model. */
export const USER_KEY = "user";

export function isOne(value: Values[string] | undefined): value is Value | undefined {
  return !Array.isArray(value);
}

export function isValues(value: Value | Values | undefined): value is Values {
  return typeof value === "object" && value !== null;
}

/** A value as the raw data would have it; null where there is none. */
export function textOf(value: Value | undefined): string | null {
  return value === undefined || value === null || value === "" ? null : String(value);
}

/** The same of a value that names something: a number must have all its digits. @throws UserError otherwise */
export function nameOf(field: string, value: Value | undefined): string | null {
  if (typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    const expected = "a string, as JSON does not keep all digits of so large a number";
    throw failure("request.wrong-value", { field, expected, found: String(value) });
  }
  return textOf(value);
}

/** How records name an item: by its key, or where it has none, by its fields. @param field the model's field of keys */
export function itemNameOf(field: string, candidate: Value | Values): string {
  const key = isValues(candidate) ? candidate[field] : candidate;
  return key === undefined || key === null ? JSON.stringify(candidate) : String(key);
}

export function refuseTime(field: string, value: Values[string] | undefined): never {
  const expected = "a date or a date and time (ISO 8601), or a number of seconds, milliseconds or microseconds";
  throw failure("request.wrong-value", { field, expected, found: JSON.stringify(value) });
}

/** A list where one value is expected. */
export function refuseList(field: string, found: readonly Value[]): UserError {
  const shown = JSON.stringify(found).slice(0, 60);
  return failure("request.wrong-value", { field, expected: "one value", found: shown });
}

/** An error with the place in a request of what it is about; a value that stands alone is the place itself, whatever its field is called. */
export function placed(place: string, given: Value | Values | undefined, error: unknown): unknown {
  if (!(error instanceof UserError)) return error;
  if (!isValues(given) && isFailure(error, "request.wrong-value")) return retold(error, { field: place });
  return within(place, error);
}
