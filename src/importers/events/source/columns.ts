/** The columns that are wanted of a log, what becomes of their texts, and what is noted of a row. */

import { quote } from "../../../database/sql.ts";
import { failure } from "../../../errors/failure.ts";
import { expectedLabels, isLabel, type LabelColumn, labelOf } from "./labels.ts";
import type { TextRows } from "./rows.ts";
import { listRule, numberRule, timeRule, zoneRule } from "./rules.ts";

/** What the text of a field must be: anything, a number, or a list as a JSON array. */
export type FieldText = "category" | "number" | "list";

/** Which columns of a source are wanted. */
export interface LogColumns {
  /** Of several the first with a value says who it is: the first of all by the value, another by its name and the value. */
  readonly user?: string | readonly string[];
  /** Whether rows may be of nobody. */
  readonly anonymous?: boolean;
  readonly item?: string;
  readonly time?: string;
  readonly label?: LabelColumn;
  readonly type?: string;
  readonly fields: readonly { readonly name: string; readonly column: string; readonly kind: FieldText }[];
}

/** A wanted column: where it comes from, what becomes of it, and what its text must be. */
export interface Wanted {
  readonly column: string;
  /** Others that stand in for it where it has no value. */
  readonly others?: readonly string[];
  /** SQL of its text in a SELECT of `TextRows`. */
  readonly text: string;
  /** Whether what is a list in the file can be used. */
  readonly isList?: boolean;
  readonly stored: string;
  readonly type: string;
  /** SQL of the stored value of a text that is not null. */
  value(text: string): string;
  /** SQL of whether a text, which may be null, can be used. */
  isGood(text: string): string;
  readonly expected: string;
}

/** @param missing texts that mean as much as none */
export function wantedColumns(columns: LogColumns, utcOffset: number, missing: readonly string[]): Wanted[] {
  const given = (text: string) => `${text} IS NOT NULL`;
  const always = () => "true";
  const words = missing.map(quote).join(", ");
  const stated = (text: string) =>
    missing.length === 0 ? text : `CASE WHEN ${text} NOT IN (${words}) THEN ${text} END`;
  const isStated = (text: string) => given(stated(text));
  const where = (text: string, value: string) => `CASE WHEN ${given(text)} THEN ${value} END`;
  const label = columns.label ?? { column: "" };
  const [user, ...others] = [columns.user ?? []].flat() as [string?, ...string[]];
  const list: (Omit<Wanted, "column" | "text"> & { readonly column: string | undefined })[] = [
    {
      column: user,
      others,
      stored: "user",
      type: "VARCHAR",
      value: stated,
      isGood: columns.anonymous ? always : isStated,
      expected: "a user",
    },
    { column: columns.item, stored: "item", type: "VARCHAR", value: stated, isGood: isStated, expected: "an item" },
    {
      column: columns.time,
      stored: "time",
      type: "BIGINT",
      value: (text) => where(text, timeRule(text, utcOffset)),
      isGood: (text) => `(${where(text, timeRule(text, utcOffset))}) IS NOT NULL`,
      expected: "a time",
    },
    {
      column: columns.label?.column,
      stored: "label",
      type: "TINYINT",
      value: (text) => labelOf(label, stated(text)),
      isGood: (text) => isLabel(label, stated(text)),
      expected: expectedLabels(label),
    },
    { column: columns.type, stored: "type", type: "VARCHAR", value: stated, isGood: always, expected: "" },
    ...columns.fields.map(({ name, column, kind }) => ({
      column,
      stored: `f_${name}`,
      type: "VARCHAR",
      value: stated,
      isGood:
        kind === "category"
          ? always
          : (text: string) =>
              `(${stated(text)} IS NULL OR ${(kind === "number" ? numberRule : listRule)(stated(text))})`,
      isList: kind === "list",
      expected: kind === "number" ? "a number" : "a list of values as a JSON array (or name its separator)",
    })),
  ];
  const named = list.filter((column): column is Omit<Wanted, "text"> => column.column !== undefined);
  const names = namesOf(named);
  const cell = (column: string) => `c${names.indexOf(column)}`;
  return named.map((one) => {
    if (!one.others?.length) return { ...one, text: cell(one.column) };
    // With its name, for a session may have the number of a user.
    const rest = one.others.map((other) => `${quote(`${other}=`)} || ${stated(cell(other))}`);
    return { ...one, text: `coalesce(${[stated(cell(one.column)), ...rest].join(", ")})` };
  });
}

/** How a row was found; kept with the number of its file until all are read. */
export const NOTE = { local: 0, zoned: 1, bad: 2, kinds: 4 } as const;

/** The columns to ask a source for: one may be wanted for several things. */
export function namesOf(wanted: readonly Pick<Wanted, "column" | "others">[]): string[] {
  return [...new Set(wanted.flatMap(({ column, others = [] }) => [column, ...others]))];
}

/** The SELECT that gives what is wanted of a file's rows. */
export function selectWanted({ select }: TextRows, wanted: readonly Wanted[], numbered: boolean): string {
  const lists = wanted.filter(({ isList }) => isList).map(({ column }) => column);
  return select(namesOf(wanted), numbered, lists);
}

/** SQL of whether all values of a row can be used. */
export function goodRow(wanted: readonly Wanted[]): string {
  return ["fault IS NULL", ...wanted.map((one) => one.isGood(one.text))].join(" AND ");
}

/** SQL of how a row is found: an entry of `NOTE`. */
export function noteOf(wanted: readonly Wanted[]): string {
  const time = wanted.find(({ stored }) => stored === "time");
  const zoned = time ? `WHEN ${zoneRule(time.text)} THEN ${NOTE.zoned}` : "";
  return `CASE WHEN NOT (${goodRow(wanted)}) THEN ${NOTE.bad} ${zoned} ELSE ${NOTE.local} END`;
}

/**
 * @param isDoubtful whether the header that names `there` looks like a row of values
 * @throws UserError that names a column which is not there, and those that are
 */
export function checkColumns(
  name: string,
  there: readonly string[],
  wanted: readonly Wanted[],
  isDoubtful = false,
): void {
  const missing = namesOf(wanted).find((column) => !there.includes(column));
  if (missing === undefined) return;
  if (isDoubtful) throw failure("source.no-header", { source: name, problem: `there is no ${missing}`, known: there });
  throw failure("source.unknown-column", { source: name, column: missing, known: there });
}
