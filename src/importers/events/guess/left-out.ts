/** Why a column had better be no field. */
import type { ColumnLook } from "../source/look.ts";
import type { ListLook } from "../source/look-lists.ts";
import { mayBeRating } from "./header-less.ts";
import { itemListOf } from "./item-lists.ts";
import type { GuessedKind } from "./kinds.ts";
import { bare } from "./names.ts";
import { outcomeOf } from "./outcomes.ts";
import { isTimes } from "./times.ts";

/** What is known of a column beside its look. */
export interface Column {
  readonly look: ColumnLook;
  /** Rows of the sample. */
  readonly rows: number;
  readonly list: ListLook | undefined;
  readonly kind: GuessedKind["kind"];
  /** Whether it is of the log, not of a table. */
  readonly inLog: boolean;
  /** Whether the file has no header, so that its name tells nothing. */
  readonly isUnnamed: boolean;
  /** Whether its values rise from row to row, where it may be a row's number. */
  readonly rises: boolean;
}

interface Objection {
  readonly why: (column: Column) => string;
  readonly holds: (column: Column) => boolean;
}

/** Longer texts are titles and comments, not categories. */
const LONG_TEXT = 60;
/** Of fewer values nobody knows whether they are different in almost every row. */
const ENOUGH_VALUES = 10;
const ALMOST_ALL = 0.9;

/** What data frames call the number of a row, where they do not leave the name out. */
const ROW_NUMBER = /^(?:unnamed\d*|indexlevel\d+|levelindex\d*|index|rownum(?:ber)?|rowid|rowno|row)?$/;

/** Whether it may be the number of the row: what `rises` is to be known of. */
export function mayCountRows({ filled, distinct, wholes }: ColumnLook, rows: number): boolean {
  return filled === rows && distinct === rows && wholes === rows && rows >= ENOUGH_VALUES;
}

const ITEM_LISTS = {
  shown: "a list of what was shown together, without what was clicked",
  clicked: "a list of what was clicked",
  before: "a list of what the user did before, beside no label",
};

const OBJECTIONS: readonly Objection[] = [
  {
    why: () => "the number of the row",
    holds: ({ look, rows, rises }) => rises || (ROW_NUMBER.test(bare(look.column)) && mayCountRows(look, rows)),
  },
  { why: () => "it has no name", holds: ({ look }) => look.column === "" },
  { why: () => "its name cannot be written", holds: ({ look }) => look.column.includes("\0") },
  {
    why: ({ look }) =>
      look.nested === "lists" ? "it holds lists of lists, or other values too" : `it holds ${look.nested}`,
    holds: ({ look, list }) => look.nested !== undefined && list === undefined,
  },
  {
    why: ({ look }) => ITEM_LISTS[itemListOf(look)!],
    holds: ({ look, inLog }) => inLog && itemListOf(look) !== undefined,
  },
  { why: () => "it is empty", holds: ({ look }) => look.filled === 0 },
  {
    why: ({ look }) => `known only after the click: ${outcomeOf(look)}`,
    holds: ({ look, inLog }) => inLog && outcomeOf(look) !== undefined,
  },
  {
    why: () => "perhaps a rating, which would be known only after the click",
    holds: ({ look, inLog, isUnnamed }) => inLog && isUnnamed && mayBeRating(look),
  },
  {
    why: ({ look, rows }) => (look.filled === rows ? "the same value in every row" : "one value only"),
    holds: ({ look }) => look.distinct === 1,
  },
  { why: () => "it is a time of its own", holds: ({ look }) => isTimes(look) },
  { why: () => "long texts", holds: ({ look, list }) => list === undefined && look.meanLength > LONG_TEXT },
  { why: () => "its lists are empty", holds: ({ list }) => list?.distinct === 0 },
  {
    why: () => "lists of values that hardly occur twice",
    holds: ({ list }) => list !== undefined && list.values >= ENOUGH_VALUES && list.distinct > ALMOST_ALL * list.values,
  },
  {
    why: () => "different in almost every row, as the id of a row is",
    holds: ({ look, kind }) =>
      kind === "category" && look.filled >= ENOUGH_VALUES && look.distinct > ALMOST_ALL * look.filled,
  },
];

/** Why a column had better be no field; undefined where nothing speaks against it. */
export function whyNot(column: Column): string | undefined {
  return OBJECTIONS.find(({ holds }) => holds(column))?.why(column);
}
