/** Parquet: typed columns as texts. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { parquetFailure } from "../../../database/errors.ts";
import { identifier, literalPath } from "../../../database/sql.ts";
import { failure } from "../../../errors/failure.ts";
import { HAVE_TEXT, type TextRows } from "./rows.ts";
import { numberText } from "./rules.ts";

/** Types that have no one text: lists, structures, bytes. */
const NO_TEXT = /\[\d*\]$|^(STRUCT|MAP|UNION|BLOB|BIT|VARIANT|GEOMETRY)\b/;

const LIST = /\[\d*\]$/;
const OBJECT = /^(STRUCT|MAP)\b.*[^\]]$/s;

/** @throws UserError where the file cannot be read */
export async function openParquet(connection: DuckDBConnection, path: string, name: string): Promise<TextRows> {
  const describe = `DESCRIBE SELECT * FROM read_parquet(${literalPath(path)})`;
  const described = await connection.runAndReadAll(describe).catch((error: unknown) => {
    throw parquetFailure(error, name);
  });
  const types = new Map(described.getRowsJS().map(([column, type]) => [String(column), String(type)]));
  // A column of its name hides DuckDB's own; rows come in the order of the file in any case.
  const isHidden = [...types.keys()].some((column) => column.toLowerCase() === "file_row_number");
  const rowNumber = isHidden ? "row_number() OVER ()" : "file_row_number + 1";
  return {
    name,
    columns: [...types.keys()],
    async nested() {
      return new Map([...types].flatMap(([column, type]) => (NO_TEXT.test(type) ? [[column, contentOf(type)]] : [])));
    },
    select(wanted, numbered, lists = [], objects = []) {
      const texts = wanted.map((column, index) => {
        const type = types.get(column)!;
        const isNested = (lists.includes(column) && LIST.test(type)) || (objects.includes(column) && OBJECT.test(type));
        const text = isNested ? `to_json(${identifier(column)})::VARCHAR` : textOf(name, column, type);
        return `nullif(${text}, '') AS c${index}`;
      });
      const row = numbered ? [`${rowNumber} AS row`] : [];
      return `SELECT ${[...row, "NULL::VARCHAR AS fault", ...texts].join(", ")} FROM read_parquet(${literalPath(path)})`;
    },
  };
}

function contentOf(type: string): string {
  if (LIST.test(type)) return "lists";
  return /^(BLOB|BIT|GEOMETRY)\b/.test(type) ? "bytes" : "objects";
}

/** Whole numbers in decimal, other numbers as JavaScript prints them, true and false, times as ISO 8601. */
function textOf(name: string, column: string, type: string): string {
  const value = identifier(column);
  if (NO_TEXT.test(type))
    throw failure("source.wrong-type", { source: name, column, expected: HAVE_TEXT, found: type });
  if (type === "DOUBLE" || type === "FLOAT") return numberText(value);
  // Whatever time zone the connection has.
  if (type === "TIMESTAMP WITH TIME ZONE") return `(${value} AT TIME ZONE 'UTC')::VARCHAR || '+00'`;
  return `${value}::VARCHAR`;
}
