/** Texts, names and paths inside SQL for DuckDB, and its errors as people read them. */

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

/** DuckDB puts a kind before and the query after the first line, and the file's name before the system's reason. */
export function reason(error: unknown): string {
  const [line] = (error instanceof Error ? error.message : String(error)).split("\n", 1);
  return line.replace(/^IO Error: .*": /, "").replace(/^[A-Z][A-Za-z ]* Error: /, "");
}

/** Whether a file could not be opened, read or written, for want of room or for another reason. */
export function isFileError(error: unknown): error is Error {
  return error instanceof Error && error.message.startsWith("IO Error: ");
}

/** Whether it was memory or disk for what DuckDB holds meanwhile that did not suffice, whatever it was reading. */
export function isExhausted(error: unknown): error is Error {
  return (
    error instanceof Error &&
    /^Out of Memory Error|^IO Error: .*(No space left|Could not write|quota)/i.test(error.message)
  );
}
