/** A log of three columns as texts, for tests of how files are written. */
import type { LogColumns } from "../../../src/importers/events/source/load.ts";

export const columns: LogColumns = { user: "u", item: "i", fields: [{ name: "x", column: "x", kind: "category" }] };
export const names = ["u", "i", "x"];
export type Row = readonly string[];

export const utf16 = (text: string, bigEndian = false) => {
  const bytes = Buffer.from(`\ufeff${text}`, "utf16le");
  return bigEndian ? bytes.swap16() : bytes;
};
export const json = (row: Row) => JSON.stringify(Object.fromEntries(names.map((name, at) => [name, row[at]])));
