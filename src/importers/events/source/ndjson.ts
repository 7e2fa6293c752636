/** NDJSON: one JSON object a line. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { literalPath, quote } from "../../../database/sql.ts";
import { queryFile, type TextRows } from "./rows.ts";
import { numberText } from "./rules.ts";
import type { SourceFile } from "./source.ts";

/**
 * The rows of a file. Strings are taken as they are, true and false as words; whole numbers as their digits and others as
 * JavaScript prints them, so that 1.0 is the category "1" here as in Parquet and in a request.
 */
export function openNdjson(connection: DuckDBConnection, { path, name, compression }: SourceFile): TextRows {
  // A line that is no JSON becomes null, and so keeps its number.
  const packed = compression === "none" ? "uncompressed" : compression;
  const lines = `read_ndjson_objects(${literalPath(path)}, ignore_errors=true, compression=${quote(packed)})`;
  return {
    name,
    async columns(first) {
      const rows = `SELECT json FROM ${lines} ${first === undefined ? "" : `LIMIT ${first}`}`;
      const keys = `SELECT DISTINCT unnest(json_keys(json)) AS key FROM (${rows}) WHERE json_type(json) = 'OBJECT'`;
      return (await queryFile(connection, name, `${keys} ORDER BY key`)).map(([key]) => String(key));
    },
    async nested(columns, first) {
      if (columns.length === 0) return new Map();
      const types = `SELECT json_type(json, [${pointersOf(columns)}]) AS types FROM ${lines} LIMIT ${first}`;
      const each = `SELECT unnest(types) AS type, unnest(range(${columns.length})) AS place FROM (${types})`;
      const found = `SELECT place, max(type) FROM (${each}) WHERE type IN ('ARRAY', 'OBJECT') GROUP BY place`;
      const contents = (await queryFile(connection, name, found)).map(
        ([place, type]) => [columns[Number(place)], type === "ARRAY" ? "lists" : "objects"] as const,
      );
      return new Map(contents);
    },
    select(wanted, numbered, lists = [], objects = []) {
      const pointers = pointersOf(wanted);
      const texts = wanted.map((_, index) => {
        const text = `texts[${index + 1}]`;
        const real = numberText(`TRY_CAST(${text} AS DOUBLE)`);
        // A whole number too large for DuckDB is DOUBLE to it, and still has all its digits.
        const isReal = `types[${index + 1}] = 'DOUBLE' AND NOT regexp_full_match(${text}, '-?[0-9]+')`;
        return `nullif(CASE WHEN ${isReal} THEN ${real} ELSE ${text} END, '') AS c${index}`;
      });
      const nested = wanted.map((key, index) => {
        const type = `types[${index + 1}]`;
        const text = `'column ' || ${quote(key)} || ': expected one value, found an ' || lower(${type})`;
        const unusable = [...(objects.includes(key) ? [] : ["'OBJECT'"]), ...(lists.includes(key) ? [] : ["'ARRAY'"])];
        return unusable.length === 0 ? "" : `WHEN ${type} IN (${unusable.join(", ")}) THEN ${text}`;
      });
      const fault = `CASE WHEN kind IS NULL THEN 'expected a JSON object, found broken JSON'
        WHEN kind <> 'OBJECT' THEN 'expected a JSON object, found another value' ${nested.join(" ")} END AS fault`;
      const row = numbered ? ["row"] : [];
      return `SELECT ${[...row, fault, ...texts].join(", ")} FROM (
        SELECT ${numbered ? "row_number() OVER () AS row, " : ""}json_type(json) AS kind,
          json_type(json, [${pointers}]) AS types, json_extract_string(json, [${pointers}]) AS texts
        FROM ${lines})`;
    },
  };
}

function pointersOf(keys: readonly string[]): string {
  return keys.map((key) => quote(`/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`)).join(", ");
}
