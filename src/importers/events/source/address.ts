/** The address of a table or query of a Postgres server, and what of it may be shown. */

import { identifier } from "../../../database/sql.ts";
import { failure } from "../../../errors/failure.ts";

export interface Address {
  /** For the driver: without table and query. */
  readonly server: string;
  /** Without user, password and settings. */
  readonly name: string;
  readonly password: string;
  /** SQL of what is to be read, as it stands behind FROM. */
  readonly rows: string;
}

/** Whether a source is a database's address and no path. */
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
  for (const key of [...shown.searchParams.keys()])
    if (key !== "table" && key !== "query") shown.searchParams.delete(key);
  const name = shown.href;
  if ((table ?? "") === "" ? (query ?? "") === "" : query !== null) {
    throw failure("source.bad-address", { source: name, problem: "expected ?table=SCHEMA.NAME or ?query=SELECT..." });
  }
  const password = decode(url.password, name) || (url.searchParams.get("password") ?? "");
  url.searchParams.delete("table");
  url.searchParams.delete("query");
  return {
    server: url.href,
    name,
    password,
    // The line end closes a comment that the query may end with.
    rows: table ? table.split(".").map(identifier).join(".") : `(${query!.replace(/;\s*$/, "")}\n) AS source`,
  };
}

/** An address for people to use again. @throws UserError where it is none */
export function withoutPassword(source: string): string {
  const url = parse(source);
  url.password = "";
  url.searchParams.delete("password");
  return url.href;
}

function parse(source: string): URL {
  if (!URL.canParse(source)) {
    throw unusable("it is no URL: expected postgres://USER@HOST:PORT/DATABASE?table=NAME");
  }
  const url = new URL(source);
  // A password with a / or # in it ends the host too early, and would be shown as what comes after it.
  if (url.pathname.includes("@") || url.hash !== "") {
    throw unusable("it has a special character that is not percent-encoded, as / and # of a password have to be");
  }
  return url;
}

/** An address of which nothing may be shown, because nobody knows where in it a password stands. */
function unusable(problem: string) {
  return failure("source.bad-address", { source: "postgres address", problem });
}

function decode(password: string, name: string): string {
  try {
    return decodeURIComponent(password);
  } catch {
    const problem = "the password has a % that is not percent-encoded: write %25";
    throw failure("source.bad-address", { source: name, problem });
  }
}
