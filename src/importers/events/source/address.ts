/**
 * The address of a table or query of a Postgres server, and what of it may be shown. Only here is it taken apart: a
 * password goes to the driver, inside of `server`, and nowhere else.
 */

import { identifier } from "../../../database/sql.ts";
import { failure } from "../../../errors/failure.ts";

export interface Address {
  /** For the driver alone: without table and query. It may hold a password. */
  readonly server: string;
  /** Without user, password and settings. */
  readonly name: string;
  /** SQL of what is to be read, as it stands behind FROM. */
  readonly rows: string;
}

/** Settings that hold no secret. */
const OPEN_SETTINGS = ["table", "query", "user", "host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey"];

/** Whether a source is the address of a database that can be read. */
export function isPostgres(source: string): boolean {
  return /^postgres(?:ql)?:\/\//i.test(source);
}

/** @throws UserError where an address is none, or has no table or query, or more than one */
export function parseAddress(source: string): Address {
  const url = parse(source);
  const table = url.searchParams.get("table");
  const query = url.searchParams.get("query");
  const shown = new URL(url);
  shown.username = "";
  shown.password = "";
  keepSettings(shown, ["table", "query"]);
  const name = shown.href;
  const refuse = (problem: string) => failure("source.bad-address", { source: name, problem });
  if ((table ?? "") === "" ? (query ?? "") === "" : query !== null) {
    throw refuse("expected ?table=SCHEMA.NAME or ?query=SELECT...");
  }
  for (const [part, text] of Object.entries({
    user: url.username,
    password: url.password,
    host: url.hostname,
    database: url.pathname,
  })) {
    if (!isDecodable(text)) throw refuse(`the ${part} has a % that is not percent-encoded: write %25`);
  }
  if (!/^\d*$/.test(url.searchParams.get("port") ?? "")) throw refuse("expected a number as its port");
  url.searchParams.delete("table");
  url.searchParams.delete("query");
  return {
    server: url.href,
    name,
    // The line end closes a comment that the query may end with.
    rows: table ? table.split(".").map(identifier).join(".") : `(${query!.replace(/;\s*$/, "")}\n) AS source`,
  };
}

/** An address for people to use again. @throws UserError where it is none */
export function withoutPassword(source: string): string {
  const url = parse(source);
  url.password = "";
  keepSettings(url, OPEN_SETTINGS);
  return url.href;
}

function keepSettings(url: URL, names: readonly string[]): void {
  for (const key of [...url.searchParams.keys()]) if (!names.includes(key)) url.searchParams.delete(key);
}

/**
 * A password with a bare @, /, ? or # in it ends the host too early, and what comes after it would be taken for a database
 * or a setting, and shown.
 */
function parse(source: string): URL {
  if (!URL.canParse(source)) {
    throw unusable("it is no URL: expected postgres://USER@HOST:PORT/DATABASE?table=NAME");
  }
  const url = new URL(source);
  const [, behindHost = ""] = /^\w+:\/\/[^/?#]*(.*)$/s.exec(source) ?? [];
  const isWhole =
    !behindHost.includes("@") && url.hash === "" && [...url.searchParams.keys()].every((key) => /^\w+$/.test(key));
  if (!isWhole) {
    throw unusable("it has a special character that is not percent-encoded, as @ (%40), /, ? and # have to be");
  }
  return url;
}

/** An address of which nothing may be shown, because nobody knows where in it a password stands. */
function unusable(problem: string) {
  return failure("source.bad-address", { source: "postgres address", problem });
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
