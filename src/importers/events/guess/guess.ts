/**
 * What the columns of a log seem to be, by their names and by the first rows. A guess is a start for a person who knows
 * the log: everything comes with its reason.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { withDuckDB } from "../../../database/open.ts";
import type { FieldKind } from "../../../features/schema.ts";
import { withTemporaryFolder } from "../../../files/scratch.ts";
import type { GuessedLayout } from "../source/guess-layout.ts";
import { type Layout, NONE } from "../source/layout.ts";
import { type ColumnLook, frequentValues, risingColumns } from "../source/look.ts";
import { type ListLook, listValues, lookAtLists } from "../source/look-lists.ts";
import { type Sample, takeSample } from "../source/sample.ts";
import { mayBeRating, nameColumns } from "./header-less.ts";
import { type GuessedLists, guessLists } from "./item-lists.ts";
import { matchKey } from "./keys.ts";
import { type GuessedKind, kindOf } from "./kinds.ts";
import { flagLabel, type GuessedLabel, ratingLabel } from "./labels.ts";
import { mayCountRows, whyNot } from "./left-out.ts";
import { FieldNames } from "./names.ts";
import { outcomeLabel } from "./outcomes.ts";
import { type FieldHome, placesOf } from "./places.ts";
import { candidatesOf, type GuessedColumn, guessRoles, type Role, type Roles, timeCandidates } from "./roles.ts";
import { aboutFormat, formatsOf } from "./times.ts";
import { isUnlabelled, SHARED } from "./unlabelled.ts";

export interface GuessOptions {
  /** As `loadTable` takes them. */
  readonly events: string;
  readonly users?: string | undefined;
  readonly items?: string | undefined;
  /** What is known of how the log's files are written. */
  readonly layout?: Layout | undefined;
}

/** The database's table of the items that lists name. */
const LISTED = "listed";

export interface GuessedField {
  readonly name: string;
  readonly column: string;
  readonly kind: GuessedKind["kind"];
  /** Of lists that are no JSON arrays. */
  readonly separator?: string | undefined;
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
  /** How the log and the tables are written, where their names do not say. */
  readonly layouts: Readonly<Partial<Record<GuessedField["from"], GuessedLayout>>>;
  readonly columns: Roles;
  /** The key columns of the tables of users and items, where these are given; null where none could be found. */
  readonly keys: { readonly user?: string | null; readonly item?: string | null };
  /** Lists of items of a row, which stand for its item and label, and for its history. */
  readonly lists: GuessedLists;
  /** What could be the label where none was found: it tells what came of the click, by another measure. */
  readonly labels: readonly GuessedLabel[];
  /** Values of the type column, most frequent first; not all of them where there are many. */
  readonly types: readonly string[];
  readonly hasTimeOfDay: boolean;
  /** Whether times carry no offset, so that features.yaml has to say which it is. */
  readonly isLocalTime: boolean;
  /** Texts of number fields that mean that there is no value. */
  readonly missing: readonly string[];
  readonly fields: Readonly<Record<FieldKind, readonly GuessedField[]>>;
  /** Names for the fields of the time. */
  readonly clocks: Readonly<Record<"hour" | "weekday", string>>;
  readonly leftOut: readonly LeftOut[];
  /** What `prepare` will refuse of these rows, whatever features.yaml says. */
  readonly notes: readonly string[];
  /** All columns of the log. */
  readonly there: readonly string[];
}

/** A column that is no role and no key, and whose field it would be. */
interface Other extends FieldHome {
  readonly look: ColumnLook;
  readonly from: GuessedField["from"];
  readonly rows: number;
  readonly rises: boolean;
  readonly list: ListLook | undefined;
}

/**
 * Looks at the first rows of the log and of the tables.
 * @throws UserError where a source cannot be read or has no rows
 */
export async function guessFeatures({ events, users, items, layout = {} }: GuessOptions): Promise<Guess> {
  return await withTemporaryFolder("dien-init", (workFolder) =>
    withDuckDB(async (connection) => {
      const sample = await takeSample(connection, "events", events, workFolder, layout);
      const isUnnamed = sample.layout.layout.header === NONE;
      const { log, reasons } = await nameColumns(connection, "events", sample);
      const { shown } = guessLists(log.columns, false);
      if (shown !== undefined) {
        const { text } = log.columns.find(({ column }) => column === shown.column)!;
        const sign = "label" in shown ? shown.label : undefined;
        await listValues(connection, "events", text, LISTED, { separator: shown.separator, sign });
      }
      const layouts: Partial<Record<GuessedField["from"], GuessedLayout>> = { events: log.layout };
      const keys: { user?: string | null; item?: string | null } = {};
      const known: { user?: GuessedColumn; item?: GuessedColumn } = {};
      const others: Other[] = [];
      for (const [kind, source] of [
        ["user", users],
        ["item", items],
      ] as const) {
        if (source === undefined) continue;
        const from = `${kind}s` as const;
        const table = await takeSample(connection, from, source, workFolder);
        layouts[from] = table.layout;
        const isListed = kind === "item" && shown !== undefined;
        const candidates = isListed ? [{ column: shown.column, text: "c0" }] : candidatesOf(kind, log);
        const { key, column } = await matchKey(connection, kind, candidates, isListed ? LISTED : "events", table);
        keys[kind] = key;
        if (column && !isListed) known[kind] = column;
        const rest = table.columns.filter((look) => look.column !== key);
        const places = rest.map(() => ({ kind, why: `a column of the ${kind}s' table` }));
        others.push(...(await othersOf(connection, from, table, rest, places)));
      }
      const formats = new Map<string, readonly string[]>();
      for (const called of timeCandidates(log)) {
        const found = await formatsOf(connection, "events", called);
        if (found !== undefined) formats.set(called.column, found);
      }
      const found = guessRoles(log, known, formats, reasons);
      // Lists of impressions say which items and labels there are.
      const { item: _, label: __, ...withoutItem } = found;
      const columns: Roles = shown === undefined ? found : withoutItem;
      const lists = guessLists(log.columns, found.label !== undefined);
      const used = new Set([...Object.values(columns), ...Object.values(lists)].map(({ column }) => column));
      if (shown !== undefined && "clicked" in shown) used.add(shown.clicked);
      const look = (role: Role) => log.columns.find(({ column }) => column === columns[role]?.column);
      const rest = log.columns.filter(({ column }) => !used.has(column));
      const places = await placesOf(connection, rest, { user: look("user"), item: look("item") });
      others.push(...(await othersOf(connection, "events", log, rest, places)));
      const type = look("type");
      const time = look("time");
      return {
        rows: log.rows,
        layouts,
        columns,
        keys,
        lists,
        labels: isUnlabelled({ columns, lists }) ? rest.flatMap((other) => labelOf(other, isUnnamed) ?? []) : [],
        types: type ? await frequentValues(connection, "events", type.text) : [],
        ...clockOf(time, columns.time?.formats),
        ...fieldsOf(others, columns.user?.column, isUnnamed, isUnlabelled({ columns, lists })),
        notes: notesOf(log, look, (columns.time?.formats ?? []).length > 0),
        there: log.columns.map(({ column }) => column),
      };
    }),
  );
}

async function othersOf(
  connection: DuckDBConnection,
  from: Other["from"],
  { rows }: Sample,
  looks: readonly ColumnLook[],
  places: readonly FieldHome[],
): Promise<Other[]> {
  const counting = looks.filter((look) => mayCountRows(look, rows));
  const rising = await risingColumns(
    connection,
    from,
    counting.map(({ text }) => text),
  );
  const lists = await lookAtLists(connection, from, looks);
  return looks.map((look, index) => ({
    ...places[index],
    look,
    from,
    rows,
    rises: rising.has(look.text),
    list: lists.get(look.text),
  }));
}

/**
 * Fields of all that is worth being one, and why the others are not.
 * @param user the column of the user's own id
 * @param isShared whether a sample and its negative share user and moment
 */
function fieldsOf(
  others: readonly Other[],
  user: string | undefined,
  isUnnamed: boolean,
  isShared: boolean,
): Pick<Guess, "fields" | "leftOut" | "missing" | "clocks"> {
  const fields: Record<FieldKind, GuessedField[]> = { user: [], item: [], context: [] };
  const leftOut: LeftOut[] = [];
  const missing = new Set<string>();
  if (user !== undefined) {
    const own = { name: "user", column: user, kind: "category", from: "events" } as const;
    const why = "the user's own id";
    if (isShared) leftOut.push({ ...own, of: "user", why: `${why}: ${SHARED}` });
    else fields.user.push({ ...own, why });
  }
  const names = new FieldNames();
  const own = names.ofColumns(others.map(({ look }) => look.column));
  for (const [index, { kind: of, why: place, look, from, rows, rises, list }] of others.entries()) {
    const { kind, separator, why } = kindOf(look, list);
    const column = { name: own[index], column: look.column, kind, separator, from };
    const objection =
      whyNot({ look, rows, list, kind, inLog: from === "events", isUnnamed, rises }) ??
      (isShared && of === "context" ? SHARED : undefined);
    if (objection !== undefined) leftOut.push({ ...column, of, why: objection });
    else {
      fields[of].push({ ...column, why: why === undefined ? place : `${place}; ${why}` });
      if (kind === "number") for (const word of look.absent.words) missing.add(word);
    }
  }
  const clocks = { hour: names.of("hour", "time_hour"), weekday: names.of("weekday", "time_weekday") };
  return { fields, leftOut, missing: [...missing].sort(), clocks };
}

/** How a column would be the label, where it tells what came of the click. */
function labelOf(look: ColumnLook, isUnnamed: boolean): GuessedLabel | undefined {
  if (!isUnnamed) return outcomeLabel(look);
  return mayBeRating(look) ? ratingLabel(look) : flagLabel(look);
}

/** What the hour and the weekday of times are of. */
function clockOf(
  time: ColumnLook | undefined,
  [format]: readonly string[] = [],
): Pick<Guess, "hasTimeOfDay" | "isLocalTime"> {
  if (format !== undefined) return aboutFormat(format);
  return { hasTimeOfDay: time?.hasTimeOfDay ?? false, isLocalTime: time !== undefined && time.zoned === 0 };
}

/** What is wrong with the rows of the sample, or with how they are read. */
function notesOf(
  { rows, columns, layout }: Sample,
  look: (role: Role) => ColumnLook | undefined,
  hasFormat: boolean,
): string[] {
  const lacking = (["user", "item", "time"] as const).flatMap((role) => {
    const found = look(role);
    if (found === undefined) return [];
    const bad = rows - (role === "time" && !hasFormat ? found.times : found.filled);
    return bad === 0 ? [] : [`${bad} of ${rows} rows have no ${role} in ${found.column}: they are bad rows`];
  });
  if (columns.length > 1 || layout.layout.delimiter !== undefined) return lacking;
  return ["No known separator was found in the rows: layout.delimiter is what stands between their values", ...lacking];
}
