/**
 * Labels of impressions: 1 or 0 of a text. What a column holds may be labels by itself (0 and 1, true and false, 1 and -1),
 * or ratings, words, play shares, of which features.yaml says what is positive.
 */
import { quote } from "../../../database/sql.ts";
import { DECIMAL, decimalRule, labelRule } from "./rules.ts";

export const COMPARISONS = [">=", "<=", "!=", ">", "<", "="] as const;

/**
 * What a text has to be: a number that compares so, or one of a list; there case does not count, and a number stands for all
 * texts of that number. Blanks around a text do not count, and a text of blanks alone is none.
 */
export type Condition =
  | { readonly compare: (typeof COMPARISONS)[number]; readonly bound: number }
  | { readonly among: readonly string[] };

/** A column of labels. */
export interface LabelColumn {
  readonly column: string;
  /** Without it the texts are labels by themselves. */
  readonly positive?: Condition;
  /** Without it everything is negative that is not positive, or under a comparison every number. */
  readonly negative?: Condition;
}

/** What JavaScript's `trim` takes away. */
const BLANKS =
  "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff";

/** SQL of the label of a text, 1 or 0 as TINYINT; null where there is none, or it cannot be one. */
export function labelOf({ positive, negative }: LabelColumn, text: string): string {
  if (positive === undefined) return labelRule(text);
  const bare = bareText(text);
  const some = "among" in positive ? bare : decimalRule(bare);
  const others = negative ? meets(negative, bare) : `(${some}) IS NOT NULL`;
  return `CASE WHEN ${meets(positive, bare)} THEN 1::TINYINT WHEN ${others} THEN 0::TINYINT END`;
}

/** SQL of whether a text, which may be null, is a label or none. */
export function isLabel(label: LabelColumn, text: string): string {
  const none = label.positive === undefined ? text : bareText(text);
  return `(${none} IS NULL OR (${labelOf(label, text)}) IS NOT NULL)`;
}

/** What a text must be, in words. */
export function expectedLabels({ positive, negative }: LabelColumn): string {
  if (positive === undefined)
    return "0, 1, true, false or nothing (of other values columns.label says which are positive)";
  if (negative === undefined) return "a number or nothing";
  return `${words(positive)} (positive), ${words(negative)} (negative) or nothing`;
}

/** What is positive, and what negative if that is said. */
export function describeLabel({ column, positive, negative }: LabelColumn): string {
  const parts = [positive, negative].filter((condition) => condition !== undefined).map(words);
  return [`${column}: ${parts[0]}`, ...parts.slice(1)].join(" against ");
}

function words(condition: Condition): string {
  return "among" in condition ? condition.among.join(", ") : `${condition.compare} ${condition.bound}`;
}

function bareText(text: string): string {
  return `nullif(trim(${text}, ${quote(BLANKS)}), '')`;
}

function meets(condition: Condition, bare: string): string {
  const number = (value: number) => `'${value}'::DOUBLE`;
  if (!("among" in condition)) {
    return `coalesce((${decimalRule(bare)}) ${condition.compare} ${number(condition.bound)}, false)`;
  }
  const words = condition.among.map((word) => `lower(${quote(word)})`);
  const numbers = condition.among
    .map(decimalOf)
    .filter((value) => value !== null)
    .map(number);
  const isOne = `coalesce(lower(${bare}) IN (${words.join(", ")}), false)`;
  return numbers.length === 0
    ? isOne
    : `(${isOne} OR coalesce((${decimalRule(bare)}) IN (${numbers.join(", ")}), false))`;
}

const WHOLE_DECIMAL = new RegExp(`^${DECIMAL}$`);

/** The finite number of a text that is a decimal one and nothing else. */
export function decimalOf(text: string): number | null {
  const value = WHOLE_DECIMAL.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : null;
}

/** Whether a text meets a condition, as it does in SQL. */
export function meetsCondition(condition: Condition, text: string): boolean {
  const bare = text.trim();
  const value = decimalOf(bare);
  if ("among" in condition) {
    return condition.among.some(
      (word) => word.toLowerCase() === bare.toLowerCase() || (value !== null && decimalOf(word) === value),
    );
  }
  if (value === null) return false;
  const { compare, bound } = condition;
  switch (compare) {
    case ">=":
      return value >= bound;
    case "<=":
      return value <= bound;
    case ">":
      return value > bound;
    case "<":
      return value < bound;
    case "=":
      return value === bound;
    case "!=":
      return value !== bound;
  }
}
