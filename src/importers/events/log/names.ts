/** Which tables a log is given in, and what their columns and those of the coded tables are called. */
import type { Features } from "../features/features.ts";

/** What is given beside the events. */
export interface GivenTables {
  readonly behaviours: boolean;
  readonly users: boolean;
  readonly items: boolean;
}

/** The names of a field's column of codes and of its dictionary. */
export const codeColumn = (field: string) => `"c_${field}"`;
export const dictionaryOf = (field: string) => `"d_${field}"`;

/** In the tables that `loadTable` made: a field's raw text, null where there is no value. */
export const rawColumn = (field: string) => `"f_${field}"`;
/** Of an item that is known by its fields alone, in `item_keys`: a field's raw value. */
export const knownColumn = (field: string) => `"k_${field}"`;

/** Whether behaviours of the log of their own are known by their fields alone. */
export function withoutItems({ behaviours }: Features, tables: GivenTables): boolean {
  return tables.behaviours && behaviours.columns.item === undefined;
}

/** The logs that are given, by the suffix of their tables' names. */
export const logsOf = (tables: GivenTables) =>
  tables.behaviours ? (["events", "behaviours"] as const) : (["events"] as const);
