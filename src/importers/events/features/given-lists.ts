/** `impressions.list` and `history` of features.yaml: columns that hold several items. */
import { z } from "zod";
import { failure, type UserError } from "../../../errors/failure.ts";
import type { FeaturesFile } from "./schema.ts";

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

/** The columns of a row: where it lists candidates, these stand for its item and its label. */
export type RowColumns = FeaturesFile["columns"] & { readonly item: string };

/** @throws UserError where an item is not said, or said twice */
export function columnsOf(
  { columns, impressions }: FeaturesFile,
  path: string,
  refuse: (field: string, problem: string) => UserError,
): RowColumns {
  const { list } = impressions;
  const { item } = columns;
  if (list === undefined) {
    if (item !== undefined) return { ...columns, item };
    throw failure("features.invalid", { path, problem: "columns.item is missing: expected the name of a column" });
  }
  const beside = (["item", "label"] as const).find((key) => columns[key] !== undefined);
  if (beside !== undefined) throw refuse(`columns.${beside}`, "impressions.list says which items and labels there are");
  return { ...columns, item: list.column, label: { column: list.column } };
}
