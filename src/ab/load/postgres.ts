/**
 * Records into tables of a Postgres server: as one stream, in one transaction, so that all of it is there or nothing. What
 * is there already is left alone, so the same may be loaded again, and what came since is added.
 */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { identifier } from "../../database/sql.ts";
import { failure, UserError } from "../../errors/failure.ts";
import { isPostgres } from "../../importers/events/source/address.ts";
import { serverReason } from "../../importers/events/source/server-error.ts";
import { currentSignal, isInterruption } from "../../interruption.ts";
import { type RecordPaths, type RecordReading, readRecords } from "../records/read.ts";
import { columns, KINDS, type Kind } from "../records/rows.ts";

/** What was loaded. */
export interface LoadedRecords {
  /** The server, without user and password. */
  readonly name: string;
  readonly read: RecordReading;
  /** Rows of each kind that were not there before. */
  readonly added: Readonly<Record<Kind, number>>;
  readonly known: Readonly<Record<Kind, number>>;
}

/** Milliseconds until a server that does not answer counts as absent. */
const PATIENCE = 20_000;

/** Names that no table of a team's own is likely to have. */
const TABLES = { exposures: "dien_exposures", outcomes: "dien_outcomes" } as const satisfies Record<Kind, string>;
/** By which a row is known, as expressions: an index holds no longer texts than this. */
const KEYS = { exposures: "md5(id), md5(item)", outcomes: "md5(id)" } as const satisfies Record<Kind, string>;
const TYPES = {
  VARCHAR: "text",
  TIMESTAMP: "timestamptz",
  BOOLEAN: "boolean",
  INTEGER: "integer",
  DOUBLE: "double precision",
  JSON: "json",
} as const;

/** Loads records into the server at an address. @throws UserError where that cannot be done, without the password */
export async function loadRecords(paths: RecordPaths, to: string): Promise<LoadedRecords> {
  const name = nameOf(to);
  const signal = currentSignal();
  const client = new pg.Client({
    connectionString: to,
    connectionTimeoutMillis: PATIENCE,
    keepAlive: true,
    application_name: "dien",
  });
  // A server that goes away fails the query under way.
  client.on("error", () => {});
  const end = () => void client.end().catch(() => {});
  signal?.addEventListener("abort", end);
  try {
    return await readRecords(paths, async (connection, read) => {
      await client.connect();
      await client.query("SET TIME ZONE 'UTC'; SET DateStyle TO 'ISO'; SET client_encoding TO 'UTF8'; BEGIN");
      const added = { exposures: 0, outcomes: 0 };
      const known = { exposures: 0, outcomes: 0 };
      for (const kind of KINDS) {
        const { rows, fresh } = await loadKind(client, connection, kind);
        added[kind] = fresh;
        known[kind] = rows - fresh;
      }
      await client.query("COMMIT");
      return { name, read, added, known };
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof UserError || isInterruption(error) || !(error instanceof Error)) throw error;
    throw failure("file.unusable", { action: "write to", path: name, reason: serverReason(error) });
  } finally {
    signal?.removeEventListener("abort", end);
    await client.end().catch(() => {});
  }
}

/** An address without user, password and settings. @throws UserError where it is none of a Postgres server */
function nameOf(to: string): string {
  const refuse = (source: string) =>
    failure("source.bad-address", { source, problem: "expected postgres://USER:PASSWORD@HOST:PORT/DATABASE" });
  if (!isPostgres(to)) throw refuse("the database");
  if (!URL.canParse(to)) throw refuse("postgres://...");
  const { protocol, host, pathname } = new URL(to);
  return `${protocol}//${host}${pathname}`;
}

async function loadKind(
  client: pg.Client,
  connection: DuckDBConnection,
  kind: Kind,
): Promise<{ rows: number; fresh: number }> {
  const table = TABLES[kind];
  const names = Object.keys(columns[kind]).map(identifier).join(", ");
  const list = Object.entries(columns[kind]).map(([name, type]) => `${identifier(name)} ${TYPES[type]}`);
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${table} (${list.join(", ")});
     CREATE UNIQUE INDEX IF NOT EXISTS ${table}_key ON ${table} (${KEYS[kind]});
     CREATE TEMP TABLE ${table}_new (LIKE ${table}) ON COMMIT DROP`,
  );
  const target = client.query(copyFrom(`COPY ${table}_new (${names}) FROM STDIN (FORMAT csv)`));
  await pipeline(Readable.from(linesOf(connection, kind)), target);
  const { rowCount } = await client.query(
    `INSERT INTO ${table} (${names}) SELECT ${names} FROM ${table}_new ON CONFLICT DO NOTHING`,
  );
  return { rows: target.rowCount, fresh: rowCount ?? 0 };
}

/** All rows of a kind as CSV: nulls bare, everything else quoted. */
async function* linesOf(connection: DuckDBConnection, kind: Kind): AsyncGenerator<string> {
  const list = Object.entries(columns[kind]).map(([name, type]) =>
    type === "TIMESTAMP" ? `${identifier(name)}::VARCHAR || '+00'` : identifier(name),
  );
  const result = await connection.stream(`SELECT ${list.join(", ")} FROM ${kind}`);
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    yield chunk
      .getRows()
      .map((row) => `${row.map(cellOf).join(",")}\n`)
      .join("");
  }
}

function cellOf(value: unknown): string {
  if (value === null) return "";
  // Postgres has no such character.
  return `"${String(value).replaceAll("\0", "\ufffd").replaceAll('"', '""')}"`;
}
