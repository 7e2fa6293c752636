/** Who may take part, by the user's fields: `{country: [CN, JP], age: {at_least: 18}, plan: {not: free}}`. */
import { z } from "zod";

/** Values of user fields as a request gives them. */
export type UserFields = Readonly<Record<string, UserValue | readonly UserValue[]>>;
export type UserValue = string | number | boolean | null;

const value = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const oneOf = z.union([value, z.array(value).min(1)]).transform((given) => [given].flat().map(textOf));
const BOUNDS = ["at_least", "above", "at_most", "below"] as const;
const bound = z.number().optional();

const EXPECTED = `expected a value, a list of values, or keys among not, ${BOUNDS.join(", ")}`;
const condition = z.union(
  [
    oneOf.transform((is) => ({ is })),
    z
      .strictObject({ not: oneOf.optional(), at_least: bound, above: bound, at_most: bound, below: bound })
      .refine((given) => Object.keys(given).length > 0, EXPECTED),
  ],
  EXPECTED,
);

/** Conditions by field, all of which must hold. */
export const conditionsSchema = z.record(z.string().min(1), condition);
export type Conditions = z.output<typeof conditionsSchema>;

/** Whether all conditions hold of a user. Values are compared as their texts, with bounds as numbers; null is none at all. */
export function holdFor(conditions: Conditions, fields: UserFields): boolean {
  for (const name in conditions) if (!holds(conditions[name], valuesOf(fields, name))) return false;
  return true;
}

/** Of a field with several values: one of them must be what is asked for, and none what is not. */
function holds(condition: Conditions[string], values: readonly (string | null)[]): boolean {
  if ("is" in condition) return values.some((one) => condition.is.includes(one));
  const { not, ...bounds } = condition;
  if (not !== undefined && values.some((one) => not.includes(one))) return false;
  return BOUNDS.every((key) => {
    const limit = bounds[key];
    return limit === undefined || values.some((one) => one !== null && keeps(key, Number(one), limit));
  });
}

function keeps(key: (typeof BOUNDS)[number], found: number, limit: number): boolean {
  switch (key) {
    case "at_least":
      return found >= limit;
    case "above":
      return found > limit;
    case "at_most":
      return found <= limit;
    case "below":
      return found < limit;
  }
}

function valuesOf(fields: UserFields, name: string): readonly (string | null)[] {
  const given = Object.hasOwn(fields, name) ? fields[name] : null;
  const list = [given].flat().map(textOf);
  return list.length === 0 ? [null] : list;
}

function textOf(given: UserValue): string | null {
  return given === null || given === "" ? null : String(given);
}
