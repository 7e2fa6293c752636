/** Columns that hold lists of items: what was shown together (`N1-1 N2-0`), and what the user did before (`N1 N2`). */
import { type ColumnLook, SEPARATORS } from "../source/look.ts";
import { bare } from "./names.ts";

const SHOWN = /^(?:impressions?|shown|candidates?)(?:list|items?|ids?|articles?|seq)?$|inview/;
const BEFORE =
  /^(?:user)?(?:click(?:ed)?|browsed?|viewe?d?|read|watch(?:ed)?|bought|purchased?|item|article|news)?(?:hist|history|histories)(?:items?|articles?|news|movies?|products?|goods|cate|category)?(?:ids?|list|seq|sequence|fixed)?$/;
/** Items with whether they were clicked, as in the news of MIND. */
const LABELLED = /^\S+-[01](?: \S+-[01])+$/;
/** Of the rows: a history may be of one item, or empty. */
const MOST = 0.3;

/** Which list of items a column holds, if it does. */
export function itemListOf(look: ColumnLook): "shown" | "before" | undefined {
  const { column, filled, signs, nested, ends } = look;
  if (ends?.every((value) => LABELLED.test(value))) return "shown";
  const most = Math.max(...["[" as const, ...SEPARATORS].map((sign) => signs[sign]));
  if (filled === 0 || (nested !== "lists" && most < MOST * filled)) return undefined;
  const name = bare(column);
  if (SHOWN.test(name)) return "shown";
  return BEFORE.test(name) ? "before" : undefined;
}
