/**
 * What a schema expects, in words: "a whole number, 1 to 256", "one of paper, temporal", "a list". The words are made of
 * its JSON Schema (https://json-schema.org/draft/2020-12), which zod derives from it.
 */
import { z } from "zod";

export type Described = z.core.JSONSchema.BaseSchema;

const descriptions = new WeakMap<z.ZodType, Described>();

/** What a schema takes, before defaults and transformations. */
export function describe(schema: z.ZodType): Described {
  let described = descriptions.get(schema);
  if (described === undefined) {
    const { $ref, $defs, ...bare } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
    // A schema with an `id` of its own stands among the definitions, by that.
    described = { ...bare, ...$defs?.[String($ref).slice("#/$defs/".length)] };
    descriptions.set(schema, described);
  }
  return described;
}

/** What may stand at a path in what `described` takes: nothing where there is no such place, several where it differs. */
export function placesAt(described: Described, path: readonly PropertyKey[]): Described[] {
  const alternatives = described.anyOf ?? described.oneOf;
  if (alternatives !== undefined) return alternatives.flatMap((one) => placesAt(one, path));
  if (path.length === 0) return [described];
  const [key, ...rest] = path;
  const { properties, additionalProperties, prefixItems, items } = described;
  const inside =
    properties?.[String(key)] ?? prefixItems?.[Number(key)] ?? [items].flat()[0] ?? additionalProperties ?? false;
  return typeof inside === "boolean" ? [] : placesAt(inside, rest);
}

/** Everything in what `described` takes that is no mapping itself, by dotted key. */
export function settingsOf({ properties = {} }: Described): Map<string, Described> {
  const settings = new Map<string, Described>();
  for (const [key, inside] of Object.entries(properties)) {
    if (typeof inside === "boolean") continue;
    if (inside.properties === undefined) settings.set(key, inside);
    else for (const [rest, setting] of settingsOf(inside)) settings.set(`${key}.${rest}`, setting);
  }
  return settings;
}

/** What stands at a path in what `described` takes, in words. */
export function expectedAt(described: Described, path: readonly PropertyKey[]): string {
  return [...new Set(placesAt(described, path).map(wordsOf))].join(" or ") || "a value";
}

function wordsOf({ type, enum: choices, const: constant, ...rest }: Described): string {
  if (constant !== undefined) return JSON.stringify(constant);
  if (choices !== undefined) return `one of ${choices.join(", ")}`;
  if (Array.isArray(type)) return type.map((one) => wordsOf({ ...rest, type: one })).join(" or ");
  switch (type) {
    case "string":
      return rest.pattern === undefined ? "a text" : `a text that matches ${rest.pattern}`;
    case "boolean":
      return "true or false";
    case "integer":
    case "number":
      return `${type === "integer" ? "a whole number" : "a number"}${rangeOf(type, rest)}`;
    case "array":
      return `a list${lengthOf(rest)}`;
    case "object":
      return "keys and their values";
    case "null":
      return "null";
    default:
      return "a value";
  }
}

function rangeOf(type: "integer" | "number", described: Described): string {
  const [lower, upper] = type === "integer" ? wholeBounds(described) : [described.minimum, described.maximum];
  if (lower !== undefined && upper !== undefined) return `, ${lower} to ${upper}`;
  const { exclusiveMinimum: above, exclusiveMaximum: below } = type === "integer" ? {} : described;
  const parts = [
    ...(lower === undefined ? [] : [`at least ${lower}`]),
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(upper === undefined ? [] : [`at most ${upper}`]),
    ...(below === undefined ? [] : [`below ${below}`]),
  ];
  return parts.length === 0 ? "" : `, ${parts.join(" and ")}`;
}

/** Inclusive bounds of whole numbers, without those that all safe integers keep. */
function wholeBounds({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: Described): (number | undefined)[] {
  const lower = minimum ?? (typeof exclusiveMinimum === "number" ? exclusiveMinimum + 1 : undefined);
  const upper = maximum ?? (typeof exclusiveMaximum === "number" ? exclusiveMaximum - 1 : undefined);
  return [lower, upper].map((bound) => (Math.abs(bound ?? 0) === Number.MAX_SAFE_INTEGER ? undefined : bound));
}

function lengthOf({ minItems, maxItems }: Described): string {
  if (minItems === undefined) return "";
  return minItems === maxItems ? ` of ${minItems}` : ` of ${minItems} or more`;
}
