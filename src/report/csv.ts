/** Tidy rows as CSV (RFC 4180) and as JSON, with every number in full. */

/** A row of data by column name; null, or an absent column, is a missing value. */
export type Row = Readonly<Record<string, string | number | boolean | null>>;

/**
 * CSV with a header of all columns in order of first appearance. A missing value, and a number that is not finite, is an
 * empty field; the empty text is a quoted one.
 */
export function csv(rows: readonly Row[]): string {
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

/** A JSON array with one row a line. Numbers that are not finite become null. */
export function jsonRows(rows: readonly Row[]): string {
  if (rows.length === 0) return "[]\n";
  return `[\n${rows.map((row) => `  ${JSON.stringify(row)}`).join(",\n")}\n]\n`;
}
