/** Rows of data as CSV (RFC 4180) and as JSON, with all digits of every number. */

/** A row of data by column name; null, or an absent column, is a missing value. */
export type DataRow = Readonly<Record<string, string | number | boolean | null>>;

/**
 * CSV with a header of all columns in order of first appearance. Missing values and numbers that are not finite are
 * empty fields; an empty text is a pair of quotes.
 */
export function csv(rows: readonly DataRow[]): string {
  if (rows.length === 0) return "";
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const lines = rows.map((row) => columns.map((column) => field(Object.hasOwn(row, column) ? row[column] : null)));
  return [columns.map(field), ...lines].map((fields) => `${fields.join(",")}\r\n`).join("");
}

function field(value: string | number | boolean | null): string {
  if (value === null || (typeof value === "number" && !Number.isFinite(value))) return "";
  const text = String(value);
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A JSON array with one row per line. Numbers that are not finite become null. */
export function jsonRows(rows: readonly DataRow[]): string {
  if (rows.length === 0) return "[]\n";
  return `[\n${rows.map((row) => `  ${JSON.stringify(row)}`).join(",\n")}\n]\n`;
}
