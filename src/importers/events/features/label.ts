/** `columns.label` of features.yaml: the name of a column of labels, or a column with what is positive in it. */
import { z } from "zod";
import { COMPARISONS, type Condition, decimalOf, type LabelColumn, meetsCondition } from "../source/labels.ts";

const VALUES = 'expected a comparison like ">= 4", or a list of values';
const value = z.union([z.string().regex(/\S/, VALUES), z.number(), z.boolean()], VALUES);
const values = z.union([value, z.array(value).min(1, VALUES)], VALUES);

/** A schema of labels, whose column is one of `column`. */
export function labelColumn(column: z.ZodType<string, string>) {
  const keys = z.strictObject({ column, positive: values.optional(), negative: values.optional() });
  const label = keys.transform(({ column, positive, negative }, context): LabelColumn => {
    const refuse = (key: string, message: string, input: unknown) => {
      context.addIssue({ code: "custom", path: [key], message, input });
      return z.NEVER;
    };
    if (positive === undefined) return negative ? refuse("positive", VALUES, undefined) : { column };
    const wanted = comparisonOf(positive) ?? listOf(positive);
    if ("bound" in wanted && Number.isNaN(wanted.bound)) return refuse("positive", VALUES, positive);
    if (negative === undefined) return { column, positive: wanted };
    const others = listOf(negative);
    const both = others.among.find((text) => meetsCondition(wanted, text));
    if (both !== undefined) return refuse("negative", `${both} is positive already`, negative);
    return { column, positive: wanted, negative: others };
  });
  return z.preprocess((given) => (typeof given === "string" ? { column: given } : given), label);
}

type GivenValues = z.output<typeof values>;

function listOf(given: GivenValues) {
  return { among: [given].flat().map((one) => String(one).trim()) };
}

/** Undefined of what does not begin as a comparison; the bound is NaN where it is no number. */
function comparisonOf(given: GivenValues): Condition | undefined {
  if (typeof given !== "string") return undefined;
  const text = given.trim();
  const compare = COMPARISONS.find((sign) => text.startsWith(sign));
  if (compare === undefined) return undefined;
  return { compare, bound: decimalOf(text.slice(compare.length).trim()) ?? Number.NaN };
}
