/** The columns that are wanted of a log, what becomes of their texts, and what is noted of a row. */

import { quote } from "../../../database/sql.ts";
import { quoted, whatItMayBe } from "../../../dataset/time-guess.ts";
import { failure } from "../../../errors/failure.ts";
import {
  CANDIDATES,
  type CandidateList,
  candidatesRule,
  expectedCandidates,
  expectedItems,
  itemsRule,
  type ListColumn,
} from "./item-lists.ts";
import { expectedLabels, isLabel, type LabelColumn, labelOf } from "./labels.ts";
import type { TextRows } from "./rows.ts";
import { listRule, numberRule, weightRule } from "./rules.ts";
import { columnRules, type TimeColumn, timesOf } from "./times.ts";

/** What the text of a field must be: anything, a number, or a list as a JSON array. */
export type FieldText = "category" | "number" | "list";

/** Which columns of a source are wanted. */
export interface LogColumns {
  /** Of several the first with a value says who it is: the first of all by the value, another by its name and the value. */
  readonly user?: string | readonly string[];
  /** Whether rows may be of nobody. */
  readonly anonymous?: boolean;
  readonly item?: string;
  readonly time?: TimeColumn;
  readonly label?: LabelColumn;
  readonly type?: string;
  /** Instead of an item and a label: several of both. */
  readonly candidates?: CandidateList;
  /** The row's own history. */
  readonly history?: ListColumn;
  /** Of samples: rows with a label, if there are labels, and of one of `sampleTypes`, if these are given. */
  readonly weight?: string;
  readonly sampleTypes?: readonly string[];
  readonly fields: readonly { readonly name: string; readonly column: string; readonly kind: FieldText }[];
}

/** A wanted column: where it comes from, what becomes of it, and what its text must be. */
export interface Wanted {
  /** Null of what comes from the order of the rows. */
  readonly column: string | null;
  /** Others that stand in for it where it has no value. */
  readonly others?: readonly string[];
  /** SQL of its text in a SELECT of `TextRows`. */
  readonly text: string;
  /** Whether what is a list in the file can be used. */
  readonly isList?: boolean;
  /** Whether what is an object in the file can be used. */
  readonly isObject?: boolean;
  /** What is made of the text once, before values and notes are: SQL by names of columns. */
  readonly made?: Readonly<Record<string, string>>;
  readonly stored: string;
  readonly type: string;
  /** SQL of the stored value of a text that is not null. */
  value(text: string): string;
  /** SQL of whether a text, which may be null, can be used. */
  isGood(text: string): string;
  readonly expected: string;
  /** What a text that cannot be used may be, in words, if anything is known. */
  mayBe?(text: string): string | undefined;
}

/** @param missing texts that mean as much as none */
export function wantedColumns(columns: LogColumns, utcOffset: number, missing: readonly string[]): Wanted[] {
  const given = (text: string) => `${text} IS NOT NULL`;
  const always = () => "true";
  const words = missing.map(quote).join(", ");
  const stated = (text: string) =>
    missing.length === 0 ? text : `CASE WHEN ${text} NOT IN (${words}) THEN ${text} END`;
  const isStated = (text: string) => given(stated(text));
  const times = timesOf(columns.time);
  const label = columns.label ?? { column: "" };
  const cell = (column: string | null) => (column === null ? "NULL::VARCHAR" : `c${names.indexOf(column)}`);
  const isSample = () => {
    const { candidates, label, type, sampleTypes } = columns;
    const conditions = [
      ...(candidates ? [`list_count(${MADE.candidates}.apply(lambda one: one.label)) > 0`] : []),
      ...(label ? [`(${labelOf(label, stated(cell(label.column)))}) IS NOT NULL`] : []),
      ...(sampleTypes ? [`${cell(type ?? null)} IN (${sampleTypes.map(quote).join(", ")})`] : []),
    ];
    return `coalesce(${conditions.join(" AND ")}, false)`;
  };
  const [user, ...others] = [columns.user ?? []].flat() as [string?, ...string[]];
  const list: (Omit<Wanted, "column" | "text"> & { readonly column: string | null | undefined })[] = [
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
      column: times?.column ?? (columns.time && null),
      stored: "time",
      type: "BIGINT",
      value: () => MADE.time,
      isGood: () => `${MADE.time} IS NOT NULL`,
      expected: times?.format === undefined ? "a time" : `a time of the format ${quoted(times.format)}`,
      ...(times?.format === undefined && { mayBe: whatItMayBe }),
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
    {
      column: columns.weight,
      stored: "weight",
      type: "FLOAT",
      value: (text) => weightRule(stated(text)),
      isGood: (text) =>
        `((${weightRule(stated(text))}) IS NOT NULL OR (${stated(text)} IS NULL AND NOT (${isSample()})))`,
      expected: "a weight, 0 or more",
    },
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
  const { candidates, history } = columns;
  if (candidates) {
    list.push({
      column: candidates.column,
      others: [candidates.labels ?? candidates.clicked ?? []].flat(),
      stored: "candidates",
      type: CANDIDATES,
      value: () => MADE.candidates,
      isGood: () => `${MADE.candidates} IS NOT NULL`,
      isList: true,
      expected: expectedCandidates(candidates),
    });
  }
  if (history) {
    list.push({
      column: history.column,
      stored: "history",
      type: "VARCHAR[]",
      value: () => MADE.history,
      isGood: () => `${MADE.history} IS NOT NULL`,
      isList: true,
      expected: expectedItems(history),
    });
  }
  const named = list.filter((column): column is Omit<Wanted, "text"> => column.column !== undefined);
  const names = namesOf(named);
  return named.map((one): Wanted => {
    const text = cell(one.column);
    if (one.stored === "time" && times !== undefined) {
      const { time, zoned } = columnRules(times.format, text, utcOffset);
      return { ...one, text, made: { [MADE.time]: time, [MADE.zoned]: zoned } };
    }
    if (one.stored === "candidates" && candidates !== undefined) {
      const other = stated(cell(one.others?.[0] ?? null));
      return { ...one, text, made: { [MADE.candidates]: candidatesRule(stated(text), other, candidates) } };
    }
    if (one.stored === "history" && history !== undefined) {
      return { ...one, text, made: { [MADE.history]: itemsRule(stated(text), history, missing) } };
    }
    if (!one.others?.length) return { ...one, text };
    // With its name, for a session may have the number of a user.
    const rest = one.others.map((other) => `${quote(`${other}=`)} || ${stated(cell(other))}`);
    return { ...one, text: `coalesce(${[stated(text), ...rest].join(", ")})` };
  });
}

/** Columns that are made of texts: of times, or the order of rows, and of lists. */
export const MADE = {
  time: "made_time",
  zoned: "made_zoned",
  candidates: "made_candidates",
  history: "made_history",
} as const;

/** Whether times are the order of rows. */
export function isOrdered(wanted: readonly Wanted[]): boolean {
  return wanted.some(({ column }) => column === null);
}

/**
 * A SELECT of the rows of a file with all that values, `goodRow` and `noteOf` need.
 * @param before how many rows were in the files before it
 */
export function selectWanted(rows: TextRows, wanted: readonly Wanted[], numbered: boolean, before = 0): string {
  const made = wanted.flatMap(({ made }) => Object.entries(made ?? {}).map(([name, sql]) => `${sql} AS ${name}`));
  const lists = namesOf(wanted.filter(({ isList }) => isList));
  const objects = namesOf(wanted.filter(({ isObject }) => isObject));
  if (isOrdered(wanted)) made.push(`row_number() OVER () - 1 + ${before} AS ${MADE.time}`);
  return `SELECT ${["*", ...made].join(", ")} FROM (${rows.select(namesOf(wanted), numbered, lists, objects)})`;
}

/** How a row was found; kept with the number of its file until all are read. */
export const NOTE = { local: 0, zoned: 1, bad: 2, kinds: 4 } as const;

/** The columns to ask a source for: one may be wanted for several things. */
export function namesOf(wanted: readonly Pick<Wanted, "column" | "others">[]): string[] {
  return [...new Set(wanted.flatMap(({ column, others = [] }) => [column ?? [], ...others].flat()))];
}

/** SQL of whether all values of a row can be used. */
export function goodRow(wanted: readonly Wanted[]): string {
  return ["fault IS NULL", ...wanted.map((one) => one.isGood(one.text))].join(" AND ");
}

/** SQL of how a row is found: an entry of `NOTE`. */
export function noteOf(wanted: readonly Wanted[]): string {
  const zoned = wanted.some(({ made }) => made && MADE.zoned in made) ? `WHEN ${MADE.zoned} THEN ${NOTE.zoned}` : "";
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
