/** What could be the label, and which of its values are positive. */
import type { ColumnLook } from "../source/look.ts";

export interface GuessedLabel {
  readonly column: string;
  /** As `positive` of `columns.label` has it; left out where the values are 0 and 1, or -1 and 1. */
  readonly positive?: string | readonly string[];
}

const YES = /^(?:y|yes|t|true|1|pos|positive|click|clicked|like|liked)$/i;
/** Of the way from the least rating to the best: 4 of 1 to 5, 8 of 1 to 10. */
const GOOD = 0.75;

/** A column of two values as a label; undefined where none of them means yes. */
export function flagLabel(look: ColumnLook): GuessedLabel | undefined {
  const { column, labels, filled, distinct, ends } = look;
  if (distinct !== 2 || ends === null) return undefined;
  if (labels === filled) return { column };
  const [yes, ...rest] = ends.filter((value) => YES.test(value));
  return yes === undefined || rest.length > 0 ? undefined : { column, positive: [yes] };
}

/** A column of ratings as a label: the good ones are positive. */
export function ratingLabel(look: ColumnLook): GuessedLabel | undefined {
  const { column, filled, distinct, numbers, least, most } = look;
  if (distinct < 2 || numbers < filled) return undefined;
  const flag = flagLabel(look);
  if (flag !== undefined) return flag;
  const range = most! - least!;
  const good = least! + GOOD * range;
  return { column, positive: `>= ${range >= 1 ? Math.ceil(good) : Number(good.toPrecision(3))}` };
}
