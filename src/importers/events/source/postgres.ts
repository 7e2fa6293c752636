/**
 * A table or query of a Postgres server, copied to a CSV file as one stream: the server sends, the disk takes, neither
 * waits in memory. One transaction that only reads, so all of it is of one moment and a query can change nothing.
 */
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import pg from "pg";
import { to as copyTo } from "pg-copy-streams";
import { identifier } from "../../../database/sql.ts";
import type { InputFile } from "../../../dataset/manifest.ts";
import { failure, UserError } from "../../../errors/failure.ts";
import { fileError } from "../../../files/failures.ts";
import { currentSignal, isInterruption } from "../../../interruption.ts";
import { parseAddress } from "./address.ts";
import { HAVE_TEXT } from "./rows.ts";
import { serverReason } from "./server-error.ts";

/** Milliseconds until a server that does not answer counts as absent. */
const PATIENCE = 20_000;

export interface CopyOptions {
  /** Chooses columns of those there are; it may refuse. */
  readonly choose: (name: string, columns: readonly string[]) => readonly string[];
  /** The first so many rows; all without it. */
  readonly first?: number;
  readonly onBytes?: (bytes: number) => void;
}

export interface Copied {
  /** The address without user, password and settings. */
  readonly name: string;
  readonly input: InputFile;
  /** Columns of floating-point numbers, which Postgres and JavaScript print differently. */
  readonly reals: ReadonlySet<string>;
}

/**
 * Copies the chosen columns to a CSV file at `path`: a header, nulls bare, everything else quoted.
 * @throws UserError where the address, the server, the table or the query cannot be used, without the password
 */
export async function copyPostgres(source: string, path: string, options: CopyOptions): Promise<Copied> {
  const { server, name, rows } = parseAddress(source);
  const lost = new AbortController();
  const interruption = currentSignal();
  let client: pg.Client | undefined;
  const lose = () => {
    lost.abort(interruption?.reason);
    client?.end().catch(() => {});
  };
  try {
    client = new pg.Client({
      connectionString: server,
      connectionTimeoutMillis: PATIENCE,
      keepAlive: true,
      application_name: "dien",
    });
    // A server that goes away fails the query, or the client if no query runs.
    client.on("error", (error) => lost.abort(error));
    interruption?.addEventListener("abort", lose);
    await client.connect();
    await client.query(
      "SET TIME ZONE 'UTC'; SET DateStyle TO 'ISO'; SET extra_float_digits TO 1; SET client_encoding TO 'UTF8'; " +
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    );
    // The extended protocol takes one statement, so what the copy is made of is one too, whatever a query holds.
    const probe = { text: `SELECT * FROM ${rows} LIMIT 0`, queryMode: "extended" };
    const { fields } = await client.query(probe);
    const wanted = options.choose(
      name,
      fields.map((field) => field.name),
    );
    const chosen = fields.filter((field) => wanted.includes(field.name));
    await checkTypes(client, name, chosen);
    const list = chosen.map((field) => `${identifier(field.name)}::text AS ${identifier(field.name)}`).join(", ");
    const limit = options.first === undefined ? "" : ` LIMIT ${options.first}`;
    const copy = `COPY (SELECT ${list} FROM ${rows}${limit}) TO STDOUT (FORMAT csv, HEADER true, FORCE_QUOTE *)`;
    const hash = createHash("sha256");
    let bytes = 0;
    await pipeline(
      client.query(copyTo(copy)),
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          bytes += chunk.length;
          options.onBytes?.(bytes);
          yield chunk;
        }
      },
      createWriteStream(path),
      { signal: lost.signal },
    );
    await client.query("COMMIT");
    const { FLOAT4, FLOAT8 } = pg.types.builtins;
    const reals = chosen.filter(({ dataTypeID }) => dataTypeID === FLOAT4 || dataTypeID === FLOAT8);
    return {
      name,
      input: { name, bytes, sha256: hash.digest("hex") },
      reals: new Set(reals.map((field) => field.name)),
    };
  } catch (error) {
    throw explain(lost.signal.aborted ? lost.signal.reason : error, name, path);
  } finally {
    interruption?.removeEventListener("abort", lose);
    // Where the server has gone, so has what would be ended.
    await client?.end().catch(() => {});
  }
}

/** Types that have no one text: arrays, rows, JSON, bytes. */
async function checkTypes(client: pg.Client, name: string, fields: readonly pg.FieldDef[]): Promise<void> {
  const sql = `SELECT oid::int, format_type(oid, NULL) AS type FROM pg_type WHERE oid = ANY($1::oid[])
    AND (typcategory IN ('A', 'C') OR typname IN ('json', 'jsonb', 'bytea'))`;
  const { rows } = await client.query(sql, [fields.map(({ dataTypeID }) => dataTypeID)]);
  for (const field of fields) {
    const found = rows.find(({ oid }) => oid === field.dataTypeID);
    if (found) {
      throw failure("source.wrong-type", {
        source: name,
        column: field.name,
        expected: HAVE_TEXT,
        found: String(found.type),
      });
    }
  }
}

function explain(error: unknown, name: string, path: string): unknown {
  if (error instanceof UserError || isInterruption(error) || !(error instanceof Error)) return error;
  const { syscall, path: file = path } = error as NodeJS.ErrnoException;
  if (syscall === "open" || syscall === "write") {
    // Certificates are files too.
    const onDisk = fileError(error, file === path ? "write" : "read", file);
    if (onDisk instanceof UserError) return onDisk;
  }
  return failure("file.unusable", { action: "read", path: name, reason: serverReason(error) });
}
