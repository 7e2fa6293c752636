/**
 * What the columns of a log seem to be, by their names and by the first rows. A guess is a start for a person who knows
 * the log: everything comes with its reason.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { withDuckDB } from "../../../database/open.ts";
import { RESERVED } from "../../../dataset/layout.ts";
import type { FieldKind } from "../../../features/schema.ts";
import { withTemporaryFolder } from "../../../files/scratch.ts";
import { type ColumnLook, constancyOf, frequentValues } from "../source/look.ts";
import { type Sample, takeSample } from "../source/sample.ts";

export interface GuessOptions {
  /** As `loadTable` takes them. */
  readonly events: string;
  readonly users?: string | undefined;
  readonly items?: string | undefined;
}

export type Role = "user" | "item" | "time" | "label" | "type";

export interface GuessedColumn {
  readonly column: string;
  readonly why: string;
}

export interface GuessedField {
  readonly name: string;
  readonly column: string;
  readonly kind: "category" | "number";
  readonly from: "events" | "users" | "items";
  readonly why: string;
}

/** A column that is not made a field. */
export interface LeftOut extends GuessedField {
  readonly of: FieldKind;
}

export interface Guess {
  /** Rows that were looked at. */
  readonly rows: number;
  readonly columns: Readonly<Partial<Record<Role, GuessedColumn>>>;
  /** The key columns of the tables of users and items, where these are given; null where none could be found. */
  readonly keys: { readonly user?: string | null; readonly item?: string | null };
  /** Values of the type column, most frequent first; not all of them where there are many. */
  readonly types: readonly string[];
  readonly hasTimeOfDay: boolean;
  /** Whether times carry no offset, so that features.yaml has to say which it is. */
  readonly isLocalTime: boolean;
  readonly fields: Readonly<Record<FieldKind, readonly GuessedField[]>>;
  readonly leftOut: readonly LeftOut[];
  /** All columns of the log. */
  readonly there: readonly string[];
}

/** Names that columns have in public logs, the surest first, in lower case without any sign. */
const NAMES: Readonly<Record<Role, readonly string[]>> = {
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
/** A number with fewer values than this is as good as a category. */
const FEW_NUMBERS = 30;
/** Users (items) that must occur twice before a column counts as constant for each. */
const ENOUGH_PAIRS = 10;
/** Longer texts are titles and comments, not categories. */
const LONG_TEXT = 60;
/** Numbers below this (in 1990) are no times unless the column is called so. */
const PLAUSIBLE_TIME = 631_152_000_000;
/** Of the rows or values for which something must hold: real logs have slips. */
const MOST = 0.99;

/**
 * Looks at the first rows of the log and of the tables.
 * @throws UserError where a source cannot be read or has no rows
 */
export async function guessFeatures({ events, users, items }: GuessOptions): Promise<Guess> {
  return await withTemporaryFolder("dien-init", (workFolder) =>
    withDuckDB(async (connection) => {
      const log = await takeSample(connection, "events", events, workFolder);
      const columns = guessRoles(log);
      const used = new Set(Object.values(columns).map(({ column }) => column));
      const fields = new FieldList();
      const keys: { user?: string | null; item?: string | null } = {};
      if (columns.user) fields.addUser(columns.user.column);
      for (const [kind, source] of [
        ["user", users],
        ["item", items],
      ] as const) {
        if (source === undefined) continue;
        const table = await takeSample(connection, `${kind}s`, source, workFolder);
        const key = keyOf(table, columns[kind]?.column, kind);
        keys[kind] = key ?? null;
        for (const look of table.columns) {
          if (look.column !== key)
            fields.add(kind, look, table.rows, kind === "user" ? "users" : "items", `a column of the ${kind}s' table`);
        }
      }
      const look = (role: Role) => log.columns.find(({ column }) => column === columns[role]?.column);
      const others = log.columns.filter(({ column }) => !used.has(column));
      const places = await placesOf(connection, others, { user: look("user"), item: look("item") });
      for (const [index, other] of others.entries()) {
        const { kind, why } = places[index];
        fields.add(kind, other, log.rows, "events", why);
      }
      const type = look("type");
      return {
        rows: log.rows,
        columns: inOrder(columns),
        keys,
        types: type ? await frequentValues(connection, "events", type.text) : [],
        hasTimeOfDay: look("time")?.hasTimeOfDay ?? false,
        isLocalTime: look("time") !== undefined && !look("time")!.hasOffset,
        fields: fields.kept,
        leftOut: fields.leftOut,
        there: log.columns.map(({ column }) => column),
      };
    }),
  );
}

/** A name as `NAMES` has it. */
const bare = (column: string) => column.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");

/** The column of each role, where one is likely. */
function guessRoles({ columns, rows }: Sample): Partial<Record<Role, GuessedColumn>> {
  const found: Partial<Record<Role, GuessedColumn>> = {};
  const take = (role: Role, fits: (look: ColumnLook) => boolean, why: string) => {
    const taken = Object.values(found).map(({ column }) => column);
    const free = columns.filter((look) => look.filled > 0 && !taken.includes(look.column) && fits(look));
    for (const name of NAMES[role]) {
      const look = free.find(({ column }) => bare(column) === name);
      if (look) {
        found[role] = { column: look.column, why: `by its name, and ${why}` };
        return;
      }
    }
  };
  const isMostly = (part: number, look: ColumnLook) => part >= MOST * look.filled;
  const isId = (look: ColumnLook) => look.filled >= MOST * rows && look.distinct > 1;
  take("time", (look) => isMostly(look.times, look) && (look.hasIso || look.distinct > 2), "its values are times");
  const byValue = columns.find(
    (look) =>
      look.filled >= MOST * rows &&
      isMostly(look.times, look) &&
      (look.hasIso || (look.distinct > 2 && look.earliest! > PLAUSIBLE_TIME)),
  );
  if (!found.time && byValue) found.time = { column: byValue.column, why: "as its values are times" };
  const isLabel = (look: ColumnLook) => look.filled > 0 && look.labels === look.filled && look.distinct <= 2;
  take("label", isLabel, "its values are 0 and 1");
  const words = (column: string) => column.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  const byWord = columns.find((look) => isLabel(look) && CLICK_WORD.test(words(look.column)));
  if (!found.label && byWord)
    found.label = { column: byWord.column, why: "its name speaks of clicks, its values are 0 and 1" };
  take("user", isId, "its values are ids");
  take("item", isId, "its values are ids");
  take(
    "type",
    (look) => look.distinct > 1 && look.distinct <= MOST_TYPES && look.distinct < look.filled,
    "it has few values",
  );
  return found;
}

function inOrder(columns: Guess["columns"]): Guess["columns"] {
  const roles: readonly Role[] = ["user", "item", "time", "label", "type"];
  return Object.fromEntries(roles.flatMap((role) => (columns[role] ? [[role, columns[role]]] : [])));
}

/** The key of a table of users or items: a column called as in the log or as keys are, different in every row. */
function keyOf({ columns, rows }: Sample, inLog: string | undefined, kind: "user" | "item"): string | undefined {
  const unique = columns.filter(({ filled, distinct }) => filled === rows && distinct === rows);
  const same = unique.find(({ column }) => column === inLog);
  const named = NAMES[kind].map((name) => unique.find(({ column }) => bare(column) === name)).find((look) => look);
  return (same ?? named)?.column;
}

/** Whose field each column of the log is: the user's or the item's where it is the same in (almost) all rows of each. */
async function placesOf(
  connection: DuckDBConnection,
  columns: readonly ColumnLook[],
  keys: Readonly<Record<"user" | "item", ColumnLook | undefined>>,
): Promise<{ kind: FieldKind; why: string }[]> {
  const texts = columns.map(({ text }) => text);
  const isConstant = async (key: ColumnLook | undefined) => {
    const found = key === undefined ? undefined : await constancyOf(connection, "events", texts, key.text);
    return (text: string) => {
      const { groups, varied } = found?.get(text) ?? { groups: 0, varied: 0 };
      return groups >= ENOUGH_PAIRS && varied <= (1 - MOST) * groups;
    };
  };
  const [ofUser, ofItem] = [await isConstant(keys.user), await isConstant(keys.item)];
  return texts.map((text) => {
    if (ofUser(text)) return { kind: "user", why: "the same in all rows of a user" };
    if (ofItem(text)) return { kind: "item", why: "the same in all rows of an item" };
    return { kind: "context", why: "it varies from row to row" };
  });
}

/** Gathers fields, with names that no two have. */
class FieldList {
  readonly kept: Record<FieldKind, GuessedField[]> = { user: [], item: [], context: [] };
  readonly leftOut: LeftOut[] = [];
  /** Names that are taken, by fields of every dataset or beside those of any kind. */
  readonly #reserved = new Set(["user", "item", ...Object.values(RESERVED).flat()]);
  readonly #taken = new Set<string>();
  /** Of names that several columns come to: the first number that may be free. */
  readonly #next = new Map<string, number>();

  /** The field of the user's own id. */
  addUser(column: string): void {
    this.kept.user.push({ name: "user", column, kind: "category", from: "events", why: "the user's own id" });
  }

  add(of: FieldKind, look: ColumnLook, rows: number, from: GuessedField["from"], why: string): void {
    const kind = isNumber(look) ? "number" : "category";
    const field = { name: this.#nameOf(look.column), column: look.column, kind, from, why } as const;
    const objection = whyNot(look, rows, kind);
    if (objection === undefined) this.kept[of].push(field);
    else this.leftOut.push({ ...field, of, why: objection });
  }

  #nameOf(column: string): string {
    const words = column.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
    const plain = words.replace(/[^a-z0-9]+/g, "_").replace(/^[_0-9]+|_+$/g, "") || "field";
    let name = this.#reserved.has(plain) ? `log_${plain}` : plain;
    let number = this.#next.get(plain) ?? 2;
    for (; this.#taken.has(name); number++) name = `${plain}_${number}`;
    this.#next.set(plain, number);
    this.#taken.add(name);
    return name;
  }
}

function isNumber(look: ColumnLook): boolean {
  const isCode = /(id|code|zip|no|num|type|level|flag)$/.test(bare(look.column));
  return look.filled > 0 && look.numbers >= MOST * look.filled && look.distinct >= FEW_NUMBERS && !isCode;
}

/** Why a column had better be no field; undefined where nothing speaks against it. */
function whyNot(look: ColumnLook, rows: number, kind: "category" | "number"): string | undefined {
  if (look.filled === 0) return "it is empty, or holds lists";
  if (look.distinct === 1) return look.filled === rows ? "the same value in every row" : "one value only";
  if (look.hasIso && look.times >= MOST * look.filled) return "it is a time of its own";
  if (look.meanLength > LONG_TEXT) return "long texts";
  if (kind === "category" && look.filled >= ENOUGH_PAIRS && look.distinct > 0.9 * look.filled) {
    return "different in almost every row, as the id of a row is";
  }
  return undefined;
}
