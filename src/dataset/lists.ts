/** Texts of several values: what a log and a request say of a field that has more than one. */

/** Values of a list beyond this many are left out and counted: every row of a batch has room for the longest list. */
export const LONGEST_LIST = 64;

/** How the values of a list are told apart; without a separator, it is a JSON array. */
export interface ListNotation {
  readonly separator?: string;
  /** Texts that stand for no value, beside the empty one. */
  readonly missing?: readonly string[];
}

/** A JSON string, or a number, whose digits JSON.parse might not all keep. */
const STRINGS_AND_NUMBERS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const WHOLE = /^-?\d+$/;

/**
 * The different values of a list, in its order; those that are missing are none. Whole numbers keep their digits, others are
 * the text that JavaScript prints, as everywhere. A text that is no JSON array where one is expected is a value by itself.
 */
export function valuesOf(text: string, notation: ListNotation): string[] {
  const { separator } = notation;
  const values = separator === undefined ? elementsOf(text) : text.split(separator).map((value) => value.trim());
  return knownValues(values, notation);
}

/** The different ones of some values; those that are missing are none. */
export function knownValues(values: readonly (string | null)[], { missing = [] }: ListNotation): string[] {
  const known = values.filter((value) => value !== null && value !== "" && !missing.includes(value)) as string[];
  return known.length > 1 ? [...new Set(known)] : known;
}

function elementsOf(text: string): string[] {
  const parsed = parseArray(text);
  if (parsed === undefined) return [text];
  return parsed.filter((value) => value !== null).map(String);
}

function parseArray(text: string): unknown[] | undefined {
  if (!text.trimStart().startsWith("[")) return undefined;
  try {
    const parsed: unknown = JSON.parse(text.replace(STRINGS_AND_NUMBERS, asText));
    return Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function asText(token: string): string {
  if (token.startsWith('"')) return token;
  return `"${WHOLE.test(token) ? token : String(Number(token))}"`;
}
