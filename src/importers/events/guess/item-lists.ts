/** Columns that hold lists of items: what was shown together (`N1-1 N2-0`), and what the user did before (`N1 N2`). */
import { type ColumnLook, SEPARATORS, type Separator } from "../source/look.ts";
import { bare } from "./names.ts";

/** A column of lists; without a separator they are JSON arrays. */
export interface GuessedList {
  readonly column: string;
  readonly separator?: Separator;
}

/** Lists of a log, as `impressions.list` and `history` have them. */
export interface GuessedLists {
  /** What was shown: with a sign before the label of each, or a column of those that were clicked. */
  readonly shown?: GuessedList & ({ readonly label: string } | { readonly clicked: string });
  readonly before?: GuessedList;
}

const SHOWN = /^(?:impressions?|shown|candidates?)(?:list|items?|ids?|articles?|seq)?$|inview/;
const CLICKED =
  /^(?:item|article|news|movie|product)?s?(?:ids?)?clicked$|^clicked(?:item|article|news|movie|product)?s?(?:ids?|list)?$/;
const BEFORE =
  /^(?:user)?(?:click(?:ed)?|browsed?|viewe?d?|read|watch(?:ed)?|bought|purchased?|item|article|news)?(?:hist|history|histories)(?:items?|articles?|news|movies?|products?|goods|cate|category)?(?:ids?|list|seq|sequence|fixed)?$|^articleidfixed$/;
/** Items with whether they were clicked, as in the news of MIND. */
const LABELLED = /^\S+-[01](?: \S+-[01])*$/;
/** Of the rows: a history may be of one item, or empty. */
const MOST = 0.3;

/** Which list of items a column holds, if it does. */
export function itemListOf(look: ColumnLook): "shown" | "clicked" | "before" | undefined {
  if (isLabelled(look)) return "shown";
  if (!holdsLists(look)) return undefined;
  const name = bare(look.column);
  if (SHOWN.test(name)) return "shown";
  if (CLICKED.test(name)) return "clicked";
  return BEFORE.test(name) ? "before" : undefined;
}

/** The lists of a log that say all that is needed of them. */
export function guessLists(columns: readonly ColumnLook[], hasLabel: boolean): GuessedLists {
  const find = (kind: ReturnType<typeof itemListOf>) => columns.filter((look) => itemListOf(look) === kind);
  const [shown] = find("shown").sort((a, b) => Number(isLabelled(b)) - Number(isLabelled(a)));
  const [clicked] = find("clicked");
  const [before] = find("before");
  const how = shown && (isLabelled(shown) ? { label: "-" } : clicked && { clicked: clicked.column });
  return {
    ...(how && { shown: { ...listOf(shown), ...how } }),
    ...(before && (how || hasLabel) && { before: listOf(before) }),
  };
}

function listOf(look: ColumnLook): GuessedList {
  const { column, nested, signs, filled } = look;
  if (nested === "lists" || signs["["] === filled) return { column };
  const [separator] = [...SEPARATORS].sort((a, b) => signs[b] - signs[a]);
  return { column, separator };
}

function isLabelled({ ends, signs }: ColumnLook): boolean {
  return ends !== null && signs[" "] > 0 && ends.every((value) => LABELLED.test(value));
}

function holdsLists({ filled, signs, nested }: ColumnLook): boolean {
  const most = Math.max(...(["[", ...SEPARATORS] as const).map((sign) => signs[sign]));
  return filled > 0 && (nested === "lists" || most >= MOST * filled);
}
