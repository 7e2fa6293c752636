/** Which column is the user, the item, the time, the label and the type: by names of public logs, and by values. */
import { TODO } from "../features/features.ts";
import type { ColumnLook } from "../source/look.ts";
import type { Sample } from "../source/sample.ts";
import { flagLabel, type GuessedLabel } from "./labels.ts";
import { bare } from "./names.ts";
import { isTimes } from "./times.ts";

export type Role = "user" | "item" | "time" | "label" | "type";
export const ROLES: readonly Role[] = ["user", "item", "time", "label", "type"];

/** Only a label has values that are positive, and only times have formats: one, or several of which a person must choose. */
export interface GuessedColumn extends GuessedLabel {
  readonly why: string;
  readonly formats?: readonly string[];
}
export type Roles = Readonly<Partial<Record<Role, GuessedColumn>>>;

/** Names that columns have in public logs, the surest first, in lower case without any sign. */
export const NAMES: Readonly<Record<Role, readonly string[]>> = {
  user: "userid uid user visitorid reviewerid customerid memberid accountid clientid viewerid buyerid personid cookieid deviceid username userkey customer member visitor nick cookie sessionid".split(
    " ",
  ),
  item: "itemid iid item asin productid product parentasin goodsid sku skuid adid adgroupid ad newsid articleid contentid videoid movieid bookid songid trackid postid noteid offerid listingid itemkey".split(
    " ",
  ),
  time: "timestamp ts time timestampms timems eventtime eventtimestamp unixreviewtime unixtime datetime createdat createtime clicktime actiontime servertime reviewtime date day".split(
    " ",
  ),
  label:
    "label click clk clicked isclick isclicked clickflag converted conversion isconversion purchased target y".split(
      " ",
    ),
  type: "eventtype event type behaviortype behaviourtype behavior behaviour actiontype action btag scene scenario".split(
    " ",
  ),
};

/** A word of a name that speaks of clicks: `shown_clicked`, `adClick`. */
const CLICK_WORD = /(?:^|[^a-z])(?:click|clicked|clk)(?:[^a-z]|$)/;

/** Types of events and scenes are few. */
const MOST_TYPES = 50;
/** Of the rows or values for which something must hold: real logs have slips. */
const MOST = 0.99;

/** Columns that may be the user or the item, by their names, the surest first. */
export function candidatesOf(role: "user" | "item", { columns, rows }: Sample): ColumnLook[] {
  return named(role, columns.filter(isUsable)).filter((look) => isId(look, rows));
}

/** Columns that are called as times are. */
export function timeCandidates({ columns }: Sample): ColumnLook[] {
  return named("time", columns.filter(isUsable));
}

/**
 * @param known columns that are known to be the user or the item
 * @param formats of the times of columns that are called so, by `formatsOf`
 * @param reasons why columns have their names, where these are no names of the log
 */
export function guessRoles(
  { columns, rows }: Sample,
  known: Pick<Roles, "user" | "item">,
  formats: ReadonlyMap<string, readonly string[]>,
  reasons: ReadonlyMap<string, string>,
): Roles {
  const found: Partial<Record<Role, GuessedColumn>> = { ...known };
  const isFree = ({ column }: ColumnLook) => Object.values(found).every((other) => other.column !== column);
  const usable = columns.filter(isUsable);
  const take = (role: Role, fits: (look: ColumnLook) => boolean, why: string) => {
    const [look] = found[role] ? [] : named(role, usable).filter((look) => isFree(look) && fits(look));
    if (look) found[role] = { column: look.column, why: `by its name, and ${why}` };
  };
  const isFull = ({ filled }: ColumnLook) => filled >= MOST * rows;
  const takeTime = (looks: readonly ColumnLook[], why: string) => {
    const look = found.time
      ? undefined
      : looks.find((look) => isFree(look) && (formats.has(look.column) || isTimes(look)));
    if (look) found.time = { column: look.column, why, formats: formats.get(look.column) ?? [] };
  };
  const called = named("time", usable);
  // Of two that are called so, one with times of our days goes before one that needs a format to be read.
  takeTime(
    [...called.filter((look) => isFull(look) && isTimes(look)), ...called.filter(isFull)],
    "by its name, and its values are times",
  );
  takeTime(
    usable.filter((look) => isFull(look) && isTimes(look)),
    "as its values are times",
  );
  takeTime(called, "by its name, and its values are times");
  const [label] = [...named("label", usable), ...usable.filter(({ column }) => CLICK_WORD.test(spaced(column)))]
    .filter(isFree)
    .flatMap((look) => flagLabel(look) ?? []);
  if (label)
    found.label = { ...label, why: `by its name, and its values are ${label.positive ? "yes and no" : "0 and 1"}` };
  take("user", (look) => isId(look, rows), "its values are ids");
  take("item", (look) => isId(look, rows), "its values are ids");
  const isType = ({ distinct, filled }: ColumnLook) => distinct > 1 && distinct <= MOST_TYPES && distinct < filled;
  take("type", isType, "it has few values");
  return Object.fromEntries(
    ROLES.flatMap((role) => {
      const column = found[role];
      return column ? [[role, { ...column, why: reasons.get(column.column) ?? column.why }]] : [];
    }),
  );
}

/** Whether a column can be named under `columns`, and holds single values. */
function isUsable({ column, filled, nested }: ColumnLook): boolean {
  return filled > 0 && nested === undefined && column !== "" && column !== TODO && !column.includes("\0");
}

function isId({ filled, distinct }: ColumnLook, rows: number): boolean {
  return filled >= MOST * rows && distinct > 1;
}

function named(role: Role, columns: readonly ColumnLook[]): ColumnLook[] {
  const places = new Map(NAMES[role].map((name, index) => [name, index]));
  return columns
    .flatMap((look) => {
      const place = places.get(bare(look.column));
      return place === undefined ? [] : [{ look, place }];
    })
    .sort((a, b) => a.place - b.place)
    .map(({ look }) => look);
}

const spaced = (column: string) => column.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
