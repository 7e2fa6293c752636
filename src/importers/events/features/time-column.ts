/** `columns.time` of features.yaml: the name of a column, a column with the format of its times, or `row`. */
import { z } from "zod";
import { parseTimeFormat } from "../../../dataset/time-format.ts";
import { ROWS, type TimeColumn } from "../source/times.ts";

const format = z.string('expected a format like "%d/%m/%Y %H:%M"').superRefine((text, context) => {
  const found = parseTimeFormat(text);
  if (typeof found === "string") context.addIssue({ code: "custom", message: found });
});

/** A schema of times, whose column is one of `column`. */
export function timeColumn(column: z.ZodType<string, string>) {
  const keys = z.strictObject({ column, format: format.exactOptional() });
  const rows = z.custom<typeof ROWS>((given) => given === ROWS);
  const either = z.union([rows, column, keys], "expected the name of a column, row, or { column, format }");
  return z.preprocess((given) => (given === "row" ? ROWS : given), either satisfies z.ZodType<TimeColumn>);
}
