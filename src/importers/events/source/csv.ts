/** Values between delimiters, a row a line (CSV as RFC 4180 has it, TSV; \n and \r\n both; blank lines may come first). */
import type { DuckDBConnection } from "@duckdb/node-api";
import { identifier, literalPath, quote } from "../../../database/sql.ts";
import { failure } from "../../../errors/failure.ts";
import { blankBefore } from "./blank-lines.ts";
import { headOf, isReadableHeader, lineEndOf } from "./head.ts";
import { columnsOf, looksLikeValues, separatorsOf, splitLine } from "./header.ts";
import type { Layout } from "./layout.ts";
import { type BrokenRow, checkWidth, queryFile, type TextRows } from "./rows.ts";
import type { SourceFile } from "./source.ts";

const REJECTS = "dien_rejects";
const REJECT_SCANS = "dien_reject_scans";
const STORE_REJECTS = `store_rejects=true, rejects_table=${quote(REJECTS)}, rejects_scan=${quote(REJECT_SCANS)}`;
const DROP_REJECTS = `DROP TABLE ${identifier(REJECTS)}; DROP TABLE ${identifier(REJECT_SCANS)}`;

/** What DuckDB calls a row whose quotes do not end as they should: nobody knows where it does. */
const UNQUOTED = "UNQUOTED VALUE";
/** DuckDB keeps no more of a row that it rejects. */
const MOST_KEPT = 10_000;

/** DuckDB's own are four times as large, and it holds several: too much for a small budget. */
const BUFFER_BYTES = 2 ** 23;

export interface CsvOptions {
  readonly format: "csv" | "tsv";
  readonly layout: Layout;
  /** What the text of a column becomes, as SQL. */
  readonly convert?: (column: string, text: string) => string;
}

/** @throws UserError where there is no line, or it names a column twice */
export async function openCsv(
  connection: DuckDBConnection,
  file: SourceFile,
  { format, layout, convert = (_, text) => text }: CsvOptions,
): Promise<TextRows> {
  const { name, path, compression } = file;
  const reason = reasonsOf(layout);
  const unreadable = (problem: string) =>
    failure("source.bad-header", { source: name, problem: `cannot be read: ${problem}` });
  const head = await headOf(file);
  if (!isReadableHeader(head)) throw unreadable(reason["INVALID ENCODING"]);
  const input = `${literalPath(path)}, auto_detect=false, buffer_size=${BUFFER_BYTES}, compression=${quote(compression)}`;
  const { line, before, notBlank, broken } = await readFirstLine(connection, name, input);
  if (broken !== undefined) throw unreadable(reason[broken] ?? broken);
  const separators = separatorsOf(line, format, layout);
  const columns = columnsOf(line, separators, layout, name);
  checkWidth(name, columns.length);
  const hasHeader = layout.header === undefined;
  const places = new Map(columns.map((column, index) => [column, index]));
  // Names of our own: DuckDB's do not distinguish upper and lower case.
  const types = columns.map((_, index) => `'x${index}': 'VARCHAR'`).join(", ");
  const signs = `delim=${quote(separators.delimiter)}, quote=${quote(separators.quote)}, escape=${quote(separators.quote)}`;
  // DuckDB takes the first line end for that of all rows, and without a header that may be one within a value.
  const lineEnd = hasHeader || separators.quote === "" ? undefined : lineEndOf(head, separators.quote);
  const ends = lineEnd === undefined ? "" : ` new_line=${quote(lineEnd)},`;
  const reader = `read_csv(${input}, skip=${before}, header=${hasHeader}, ${signs},${ends} columns={${types}}`;
  return {
    name,
    columns,
    lined: {
      outside: notBlank + Number(hasHeader),
      mayRunOn: separators.quote !== "",
      areOfFile: file.isConverted !== true && compression !== "zstd",
      count: () => countLines(connection, name, input),
    },
    isHeaderDoubtful: hasHeader && looksLikeValues(splitLine(line, separators) ?? []),
    select(wanted, numbered) {
      const texts = wanted.map((column, index) => {
        return `${convert(column, `x${places.get(column)}`)} AS c${index}`;
      });
      const row = numbered ? ["row_number() OVER () AS row"] : [];
      return `SELECT ${[...row, "NULL::VARCHAR AS fault", ...texts].join(", ")}
        FROM ${reader}, ${numbered ? "ignore_errors=true, parallel=false" : STORE_REJECTS})`;
    },
    async takeBroken() {
      // DuckDB counts the header and blank lines, and a quoted line end is none: its lines are rows otherwise.
      const sql = `SELECT line, error_type, error_message, csv_line FROM ${identifier(REJECTS)} ORDER BY line, column_idx`;
      const rejected = await queryFile(connection, name, sql);
      const first = before + Number(hasHeader);
      const numbers = [...new Set(rejected.map(([number]) => Number(number)))];
      const blank = numbers.length === 0 ? undefined : await blankBefore(file, separators, first, numbers);
      const found = new Map<number, BrokenRow>();
      for (const [number, type, message, text] of rejected) {
        const row = Number(number) - first - (blank?.get(Number(number)) ?? 0);
        const further = type === UNQUOTED ? 0 : furtherLines(String(text));
        if (!found.has(row)) found.set(row, { row, why: reason[String(type)] ?? explain(String(message)), further });
      }
      await connection.run(DROP_REJECTS);
      return [...found.values()];
    },
  };
}

/** The first line of which there is something to see, and what is before it. */
interface FirstLine {
  readonly line: string;
  /** Lines before it, and those of them that hold blanks. */
  readonly before: number;
  readonly notBlank: number;
  /** Why a line up to it cannot be read, where one cannot. */
  readonly broken: string | undefined;
}

/** Lines are read whole, without separators and quotes; so those after the first may be broken as this sees them. */
async function readFirstLine(connection: DuckDBConnection, name: string, input: string): Promise<FirstLine> {
  const numbered = `SELECT line, row_number() OVER () AS number FROM ${wholeLines(input, "parallel=false")}`;
  const first = `SELECT line, number FROM (${numbered}) WHERE trim(line) <> '' LIMIT 1`;
  const [found] = await queryFile(connection, name, first);
  // A line that cannot be read has no number, so the next one has its.
  const until = found === undefined ? "" : `WHERE line <= ${found[1]}`;
  const [reject] = await queryFile(connection, name, `SELECT error_type FROM ${identifier(REJECTS)} ${until} LIMIT 1`);
  await connection.run(DROP_REJECTS);
  if (found === undefined && reject === undefined) throw failure("file.empty", { path: name });
  const [line, number] = found ?? ["", 1];
  const before = Number(number) - 1;
  return {
    line: String(line)
      .replace(/^\ufeff/, "")
      .replace(/\r$/, ""),
    before,
    notBlank: before === 0 ? 0 : await countLines(connection, name, input, `number <= ${before}`),
    broken: reject === undefined ? undefined : String(reject[0]),
  };
}

/** Lines that are not blank; those of which `where` is true of their `number`. */
async function countLines(connection: DuckDBConnection, name: string, input: string, where?: string): Promise<number> {
  const lines =
    where === undefined
      ? wholeLines(input, "parallel=true")
      : `(SELECT line, row_number() OVER () AS number FROM ${wholeLines(input, "parallel=false")}) WHERE ${where}`;
  const [[found]] = await queryFile(connection, name, `SELECT count(*) FILTER (line <> '') FROM ${lines}`);
  const [[rejected]] = await queryFile(connection, name, `SELECT count(*) FROM ${identifier(REJECTS)}`);
  await connection.run(DROP_REJECTS);
  return Number(found) + (where === undefined ? Number(rejected) : 0);
}

function wholeLines(input: string, reading: string): string {
  const whole = `delim='\x01', quote='', escape='', columns={'line': 'VARCHAR'}, strict_mode=false`;
  return `read_csv(${input}, header=false, ${reading}, ${whole}, ${STORE_REJECTS})`;
}

/** What DuckDB's kinds of errors mean to people. */
function reasonsOf({ encoding = "UTF-8" }: Layout): Readonly<Record<string, string>> {
  return {
    [UNQUOTED]: "a quoted value does not end as it should",
    "INVALID ENCODING": `the text is not ${encoding}`,
  };
}

function explain(message: string): string {
  const [, expected, found] = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(message) ?? [];
  return expected === undefined ? message.split("\n", 1)[0] : `expected ${expected} columns, found ${found}`;
}

/** Lines that are not blank beside the first of them. */
function furtherLines(text: string): number {
  if (text.length >= MOST_KEPT) return 0;
  return text.split("\n").filter((line) => line.replace(/\r$/, "") !== "").length - 1;
}
