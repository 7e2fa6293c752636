/**
 * A file without a header: its columns are told apart by their values and by the order that public logs have (user, item,
 * whatever else), and get names by which the rest of the guess knows them.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { NONE } from "../source/layout.ts";
import type { ColumnLook } from "../source/look.ts";
import type { Sample } from "../source/sample.ts";
import type { Role } from "./roles.ts";
import { formatsOf, isTimes } from "./times.ts";

/** Types of events are few words. */
const TYPES = { most: 20, length: 20 } as const;
/** Users and items are more; ratings are fewer, and not above 10. */
const FEW_IDS = 12;
const MOST_RATING = 10;

export interface Named {
  readonly log: Sample;
  /** Why a column has its name. */
  readonly reasons: ReadonlyMap<string, string>;
}

/** Names the columns of a sample without a header after their roles; of those that have none, c1, c2, ... stay. */
export async function nameColumns(connection: DuckDBConnection, table: string, log: Sample): Promise<Named> {
  const { layout, why } = log.layout;
  if (layout.header !== NONE) return { log, reasons: new Map() };
  const roles = new Map<ColumnLook, Role>();
  const reasons = new Map<string, string>();
  const take = (role: Role, fits: (look: ColumnLook) => boolean, reason: string) => {
    const look = log.columns.find((look) => !roles.has(look) && fits(look));
    if (look === undefined) return;
    roles.set(look, role);
    reasons.set(role, `${reason}; it is ${look.column} of the file`);
  };
  const isFull = ({ filled }: ColumnLook) => filled === log.rows;
  // Whoever and whatever comes once has no history.
  const isId = (look: ColumnLook) => isFull(look) && isMany(look) && look.distinct < log.rows;
  const times = new Set<ColumnLook>();
  for (const look of log.columns.filter(isFull)) {
    const isText = look.numbers === 0 && look.meanLength <= TYPES.length * 2;
    if (isTimes(look) || (isText && (await formatsOf(connection, table, look)))) times.add(look);
  }
  take("time", (look) => times.has(look), "as its values are times");
  take("type", isType, "as its values are few words");
  take("user", isId, "as the first column of ids: check that it is not the item");
  take("item", isId, "as the second column of ids: check that it is not the user");
  const columns = log.columns.map((look) => ({ ...look, column: roles.get(look) ?? look.column }));
  const header = columns.map(({ column }) => column);
  const named = {
    layout: { ...layout, header },
    why: { ...why, header: `${why.header ?? "there is none"}: names are yours to choose` },
  };
  return { log: { ...log, columns, layout: named }, reasons };
}

/** Whether a column without a name may be a rating: few numbers from 0 or 1 up. */
export function mayBeRating({ filled, distinct, numbers, least, most }: ColumnLook): boolean {
  const isNumeric = filled > 0 && numbers === filled;
  return isNumeric && distinct > 2 && distinct < FEW_IDS && least! >= 0 && most! <= MOST_RATING;
}

function isType({ filled, distinct, numbers, meanLength, ends }: ColumnLook): boolean {
  const areWords =
    numbers === 0 && meanLength <= TYPES.length && ends !== null && !ends.some((value) => /\d/.test(value));
  return areWords && distinct > 1 && distinct <= TYPES.most && distinct < filled / 2;
}

/** Ids, but no fractions, texts and lists. */
function isMany({ distinct, numbers, wholes, meanLength, signs }: ColumnLook): boolean {
  return distinct >= FEW_IDS && wholes === numbers && meanLength <= 2 * TYPES.length && signs[" "] === 0;
}
