/** Who may ask: whoever has the token, where there is one. Pages of other origins, where one is allowed. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { failure } from "../errors/failure.ts";
import { TIMEOUT_HEADER } from "./answering.ts";
import type { Env } from "./exchange.ts";
import { HEALTH } from "./guarded.ts";
import { isLoopback } from "./loopback.ts";

/** Refuses requests without the token. How long that takes tells nothing of the token: digests are compared, in constant time. */
export function bearers(token: string): MiddlewareHandler<Env> {
  const expected = digestOf(token);
  return async (c, next) => {
    const [, given] = /^Bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "") ?? [];
    const isRight = timingSafeEqual(digestOf(given ?? ""), expected) && given !== undefined;
    const path = c.req.path.replace(/\/$/, "");
    if (!isRight && !HEALTH.includes(path)) throw failure("serving.unauthorized", { name: "authorization" });
    await next();
  };
}

const digestOf = (text: string) => createHash("sha256").update(text).digest();

/**
 * Where no token is asked for, requests must be meant for this machine: a page may have its host's name lead here, and
 * would then ask as if it came from here (https://en.wikipedia.org/wiki/DNS_rebinding).
 */
export const localGuests: MiddlewareHandler<Env> = async (c, next) => {
  const { hostname } = new URL(c.req.url);
  if (c.env.onlyLocal && !isLoopback(hostname)) {
    throw failure("serving.wrong-host", { name: "host", expected: "localhost, or an address of it", found: hostname });
  }
  await next();
};

/** Lets pages of one origin ask from a browser. */
export function pagesOf(origin: string): MiddlewareHandler {
  return cors({
    origin,
    allowMethods: ["GET", "POST", "DELETE"],
    allowHeaders: ["authorization", "content-type", "x-request-id", TIMEOUT_HEADER],
    exposeHeaders: ["x-request-id", "retry-after"],
    maxAge: 600,
  });
}
