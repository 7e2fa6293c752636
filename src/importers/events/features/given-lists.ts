/** `impressions.list` and `history` of features.yaml: columns that hold several items. */
import { z } from "zod";

const sign = z.string().min(1, "expected at least one character");
const separator = sign.default(" ");

/** A schema of histories, whose column is one of `column`. */
export function historyColumn(column: z.ZodType<string, string>) {
  const keys = z.strictObject({ column, separator });
  return z.preprocess((given) => (typeof given === "string" ? { column: given } : given), keys);
}

/** A schema of candidates. */
export function candidateList(column: z.ZodType<string, string>) {
  const of = z.strictObject({
    column,
    separator,
    label: sign.exactOptional(),
    labels: column.exactOptional(),
    clicked: column.exactOptional(),
  });
  return of.refine(
    ({ label, labels, clicked }) => [label, labels, clicked].filter((one) => one !== undefined).length === 1,
    "expected one of label (a sign before each label), labels (a column) and clicked (a column)",
  );
}
