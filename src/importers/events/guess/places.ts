/** Whose field each column of a log is: the user's or the item's where it is the same in (almost) all rows of each. */
import type { DuckDBConnection } from "@duckdb/node-api";
import type { FieldKind } from "../../../features/schema.ts";
import { type ColumnLook, type Constancy, constancyOf } from "../source/look.ts";

/** Rows of a user (item) beside its first that must agree before a column counts as constant for each. */
const ENOUGH_REPEATS = 10;
/** Of the users (items) who must agree: real logs have slips. */
const MOST = 0.99;

export interface FieldHome {
  readonly kind: FieldKind;
  readonly why: string;
}

export async function placesOf(
  connection: DuckDBConnection,
  columns: readonly ColumnLook[],
  keys: Readonly<Record<"user" | "item", ColumnLook | undefined>>,
): Promise<FieldHome[]> {
  const texts = columns.map(({ text }) => text);
  const constancy = async (key: ColumnLook | undefined) =>
    key === undefined ? undefined : await constancyOf(connection, "events", texts, key.text);
  const [users, items] = [await constancy(keys.user), await constancy(keys.item)];
  return texts.map((text) => {
    const [user, item] = [users?.get(text), items?.get(text)];
    if (isConstant(user)) return { kind: "user", why: "the same in all rows of a user" };
    if (isConstant(item)) return { kind: "item", why: "the same in all rows of an item" };
    return { kind: "context", why: variation(user, item) };
  });
}

/** Two values at least: what is almost always the same is so for each user too. */
function isConstant(found: Constancy | undefined): boolean {
  if (found === undefined) return false;
  const { groups, varied, repeats, values } = found;
  return repeats >= ENOUGH_REPEATS && varied <= (1 - MOST) * groups && values > 1;
}

function variation(user: Constancy | undefined, item: Constancy | undefined): string {
  const varies = (found: Constancy | undefined) => found !== undefined && found.varied > (1 - MOST) * found.groups;
  if (varies(user) && varies(item)) return "it varies from row to row";
  if (varies(user)) return "it varies with a user's rows";
  if (varies(item)) return "it varies with an item's rows";
  return "of the row: too few rows have the same user or item to tell";
}
