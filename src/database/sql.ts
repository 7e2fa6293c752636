/** Texts, names and paths inside SQL for DuckDB. */

/** A text as an SQL literal. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name of a table or column. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A path as an SQL literal that is no pattern: a bracket keeps DuckDB from taking it for one. */
export function literalPath(path: string): string {
  return quote(path.replace(/[*?[]/g, "[$&]"));
}
