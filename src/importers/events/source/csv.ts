/** CSV and TSV with a header (RFC 4180; \n and \r\n both; blank lines may stand before it). */
import type { DuckDBConnection } from "@duckdb/node-api";
import { identifier, literalPath, quote } from "../../../database/sql.ts";
import { failure } from "../../../errors/failure.ts";
import { hasReadableHeader } from "./head.ts";
import { type BrokenRow, checkWidth, queryFile, type TextRows } from "./rows.ts";
import type { Compression } from "./source.ts";

const REJECTS = "dien_rejects";
const REJECT_SCANS = "dien_reject_scans";
const STORE_REJECTS = `store_rejects=true, rejects_table=${quote(REJECTS)}, rejects_scan=${quote(REJECT_SCANS)}`;
const DROP_REJECTS = `DROP TABLE ${identifier(REJECTS)}; DROP TABLE ${identifier(REJECT_SCANS)}`;

/** DuckDB's own are four times as large, and it holds several: too much for a small budget. */
const BUFFER_BYTES = 2 ** 23;

/** Of equally frequent ones the first. */
const DELIMITERS = [",", ";", "\t", "|"] as const;
type Delimiter = (typeof DELIMITERS)[number];

const NOT_UTF8 = "the text is not UTF-8";

export interface CsvOptions {
  /** As errors call it. */
  readonly name: string;
  /** Where it is left out: that of `DELIMITERS` which the header has most of. */
  readonly delimiter?: Delimiter;
  readonly compression: Compression;
  /** What the text of a column becomes, as SQL. */
  readonly convert?: (column: string, text: string) => string;
}

/** @throws UserError where there is no header or it names a column twice */
export async function openCsv(connection: DuckDBConnection, path: string, options: CsvOptions): Promise<TextRows> {
  const { name, compression, convert = (_, text) => text } = options;
  const file = `${literalPath(path)}, auto_detect=false, buffer_size=${BUFFER_BYTES}, compression=${quote(compression)}`;
  if (!(await hasReadableHeader(path, compression))) {
    throw failure("source.bad-header", { source: name, problem: `cannot be read: ${NOT_UTF8}` });
  }
  const { header, before } = await readHeader(connection, name, file);
  const { delimiter = mostFrequent(header) } = options;
  const columns = splitHeader(header, delimiter, name);
  checkWidth(name, columns.length);
  const places = new Map(columns.map((column, index) => [column, index]));
  // Names of our own: DuckDB's do not distinguish upper and lower case.
  const types = columns.map((_, index) => `'x${index}': 'VARCHAR'`).join(", ");
  const reader = `read_csv(${file}, skip=${before}, header=true, delim=${quote(delimiter)}, quote='"', escape='"', columns={${types}}`;
  return {
    name,
    columns,
    select(wanted, numbered) {
      const texts = wanted.map((column, index) => {
        return `${convert(column, `x${places.get(column)}`)} AS c${index}`;
      });
      const row = numbered ? ["row_number() OVER () AS row"] : [];
      return `SELECT ${[...row, "NULL::VARCHAR AS fault", ...texts].join(", ")}
        FROM ${reader}, ${numbered ? "ignore_errors=true, parallel=false" : STORE_REJECTS})`;
    },
    async takeBroken() {
      // DuckDB counts the header and a quoted line end is none: its lines are rows, from 2.
      const sql = `SELECT line, error_type, error_message FROM ${identifier(REJECTS)} ORDER BY line, column_idx`;
      const found = new Map<number, BrokenRow>();
      for (const [line, type, message] of await queryFile(connection, name, sql)) {
        const row = Number(line) - before - 1;
        if (!found.has(row)) found.set(row, { row, why: explain(String(type), String(message)) });
      }
      await connection.run(DROP_REJECTS);
      return [...found.values()];
    },
  };
}

/**
 * The first line that is not blank, and how many are before it. Lines are read whole, without separators and quotes; so
 * those after it may be broken as it sees them.
 */
async function readHeader(connection: DuckDBConnection, name: string, file: string) {
  const whole = `delim='\x01', quote='', escape='', columns={'line': 'VARCHAR'}, strict_mode=false`;
  const lines = `read_csv(${file}, header=false, parallel=false, ${whole}, ${STORE_REJECTS})`;
  const numbered = `SELECT line, row_number() OVER () AS number FROM ${lines}`;
  const first = `SELECT line, number FROM (${numbered}) WHERE trim(line) <> '' LIMIT 1`;
  const [found] = await queryFile(connection, name, first);
  // A line that cannot be read has no number, so the next one has its.
  const until = found === undefined ? "" : `WHERE line <= ${found[1]}`;
  const broken = `SELECT error_type FROM ${identifier(REJECTS)} ${until} LIMIT 1`;
  const [reject] = await queryFile(connection, name, broken);
  await connection.run(DROP_REJECTS);
  if (reject !== undefined) {
    const why = explain(String(reject[0]), String(reject[0]));
    throw failure("source.bad-header", { source: name, problem: `cannot be read: ${why}` });
  }
  if (found === undefined) throw failure("file.empty", { path: name });
  return { header: String(found[0]), before: Number(found[1]) - 1 };
}

function mostFrequent(header: string): Delimiter {
  const bare = header.replace(/"(?:[^"]|"")*"/g, "");
  const counts = DELIMITERS.map((delimiter) => bare.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))];
}

function explain(type: string, message: string): string {
  if (type === "UNQUOTED VALUE") return "a quoted value does not end as it should";
  if (type === "INVALID ENCODING") return NOT_UTF8;
  const [, expected, found] = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(message) ?? [];
  return expected === undefined ? message.split("\n", 1)[0] : `expected ${expected} columns, found ${found}`;
}

/** @throws UserError where a quote stays open or a name occurs twice */
function splitHeader(line: string, delimiter: Delimiter, name: string): string[] {
  const cell = new RegExp(`(?:"((?:[^"]|"")*)"|([^"${delimiter}][^${delimiter}]*|))([${delimiter}]|$)`, "y");
  const columns: string[] = [];
  const text = line.replace(/^\ufeff/, "").replace(/\r$/, "");
  for (let end: string = delimiter; end !== ""; ) {
    const match = cell.exec(text);
    if (match === null) {
      throw failure("source.bad-header", { source: name, problem: "has quotes that do not end as they should" });
    }
    columns.push(match[1]?.replaceAll('""', '"') ?? match[2]);
    end = match[3];
  }
  const seen = new Set<string>();
  const twice = columns.find((column) => column !== "" && (seen.has(column) || !seen.add(column)));
  if (twice !== undefined) {
    throw failure("source.bad-header", { source: name, problem: `names column ${twice} twice` });
  }
  return columns;
}
