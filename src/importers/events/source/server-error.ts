/**
 * Why a server could not be read, said by what cannot hold a password: what the server itself answered, codes of the
 * system, and words of the driver that are known. Nothing else that a driver says is repeated, and none of its errors is
 * kept as a cause.
 */
import pg from "pg";

/** Codes of Node and the system (https://nodejs.org/api/errors.html#common-system-errors). */
const CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nobody answers at that host and port",
  ECONNRESET: "the connection was cut",
  EPIPE: "the connection was cut",
  ETIMEDOUT: "the host does not answer",
  EHOSTUNREACH: "there is no way to the host",
  ENETUNREACH: "there is no way to the host",
  ENOTFOUND: "no such host is known",
  EAI_AGAIN: "the name of the host cannot be looked up now",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is not trusted",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is not trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is not trusted",
  CERT_HAS_EXPIRED: "its certificate has expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another host",
};

/** What `pg` says, and what it means. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/client password must be a/, "the server asks for a password"],
  [/^Connection terminated/, "the connection was terminated"],
  [/^timeout expired$/, "the server does not answer"],
  [/does not support SSL|establishing an SSL connection/, "the server makes no encrypted connection"],
];

/** Invalid authorisation (https://www.postgresql.org/docs/current/errcodes-appendix.html, class 28). */
const REFUSED = /^28/;

export function serverReason(error: Error): string {
  // Node tries every address of a host and gathers why each failed.
  const [first = error] = error instanceof AggregateError ? error.errors : [];
  const { code = "", message } = first as NodeJS.ErrnoException;
  if (first instanceof pg.DatabaseError) {
    return REFUSED.test(code) ? "the server refuses this user with this password" : message;
  }
  const [, known = CODES[code]] = WORDS.find(([words]) => words.test(message)) ?? [];
  const why = known ?? "the connection failed";
  return /^[A-Z][A-Z0-9_]*$/.test(code) ? `${why} (${code})` : why;
}
