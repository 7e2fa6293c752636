/** The columns of the tables that are read: as `dien serve` writes them, or of people's own files (docs/ab.md). */
import { type LogColumns, MADE, type Wanted, wantedColumns } from "../../importers/events/source/columns.ts";
import { decimalRule } from "../../importers/events/source/rules.ts";

interface TableColumn {
  readonly name: string;
  readonly kind: "text" | "number" | "object";
  /** What a row must have, in words; without it the value may be absent, and so may the column. */
  readonly needs?: string;
}

export interface TableColumns {
  /** How files of a folder begin, and how errors call what is missing. */
  readonly name: "exposures" | "outcomes" | "before" | "probabilities";
  readonly hasTime: boolean;
  readonly columns: readonly TableColumn[];
}

export const EXPOSURES: TableColumns = {
  name: "exposures",
  hasTime: true,
  columns: [
    { name: "user", kind: "text", needs: "a user" },
    { name: "arm", kind: "text", needs: "an arm" },
    { name: "id", kind: "text" },
    { name: "experiment", kind: "text" },
    { name: "propensity", kind: "number" },
    { name: "fields", kind: "object" },
  ],
};

export const OUTCOMES: TableColumns = {
  name: "outcomes",
  hasTime: true,
  columns: [
    { name: "type", kind: "text", needs: "a type such as click" },
    { name: "id", kind: "text" },
    { name: "user", kind: "text" },
    { name: "impression", kind: "text" },
    { name: "experiment", kind: "text" },
    { name: "value", kind: "number" },
  ],
};

/** Sums of each user from before the experiment: a row a user, or several that are added up. */
export const BEFORE: TableColumns = {
  name: "before",
  hasTime: false,
  columns: [
    { name: "user", kind: "text", needs: "a user" },
    { name: "impressions", kind: "number" },
    { name: "clicks", kind: "number" },
    { name: "revenue", kind: "number" },
  ],
};

/** Own names of documented columns. */
export type Names = ReadonlyMap<string, string>;

/** The columns of a table that its files have, by the name that they have there; those that rows need in any case. */
export function columnsThere(table: TableColumns, there: ReadonlySet<string>, names: Names): Map<string, string> {
  const own = (name: string) => names.get(name) ?? name;
  const chosen = table.columns.filter(({ name, needs }) => needs !== undefined || there.has(own(name)));
  return new Map(
    [...(table.hasTime ? ["time"] : []), ...chosen.map(({ name }) => name)].map((name) => [name, own(name)]),
  );
}

/**
 * What to read of files with these columns, and further ones as texts.
 * @param columns own names by documented names
 */
export function wantedOf(
  table: TableColumns,
  columns: ReadonlyMap<string, string>,
  further: readonly string[],
): Wanted[] {
  const given = table.columns.filter(({ name }) => columns.has(name));
  const log: LogColumns = {
    ...(table.hasTime && { time: columns.get("time")! }),
    fields: [
      ...given.map(({ name }) => ({ name, column: columns.get(name)!, kind: "category" as const })),
      ...further.map((column) => ({ name: `segment ${column}`, column, kind: "category" as const })),
    ],
  };
  const known = new Map(given.map((column) => [storedAs(column.name), column]));
  return wantedColumns(log, 0, []).map((wanted) => ruled(wanted, known.get(wanted.stored)));
}

function ruled(wanted: Wanted, column: TableColumn | undefined): Wanted {
  if (column === undefined) return wanted.made === undefined ? wanted : zoneless(wanted, wanted.made);
  const { kind, needs } = column;
  if (needs !== undefined) return { ...wanted, isGood: (text) => `${text} IS NOT NULL`, expected: needs };
  if (kind === "object") return { ...wanted, isObject: true };
  if (kind === "text") return wanted;
  return {
    ...wanted,
    type: "DOUBLE",
    value: decimalRule,
    isGood: (text) => `(${text} IS NULL OR (${decimalRule(text)}) IS NOT NULL)`,
    expected: "a number",
  };
}

/** Times without an offset are in UTC, as those of Parquet are, and may stand beside others. */
function zoneless(wanted: Wanted, { [MADE.zoned]: _, ...made }: NonNullable<Wanted["made"]>): Wanted {
  return { ...wanted, made };
}

/** The name of a column in the table that was read, the time's aside, which is `time`. */
export function storedAs(name: string): string {
  return `f_${name}`;
}

/** The name of a further column in it. */
export function furtherAs(column: string): string {
  return storedAs(`segment ${column}`);
}
