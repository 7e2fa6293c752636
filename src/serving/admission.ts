/** How many requests are answered at once: those beyond are refused at once, before their bodies are read. */
import type { MiddlewareHandler } from "hono";
import { failure } from "../errors/failure.ts";
import type { Env } from "./exchange.ts";

/** Whether the process lives must be known just when it has too much to do. */
const OPEN = ["/livez", "/readyz"];

export function admission(most: number): MiddlewareHandler<Env> {
  let running = 0;
  return async (c, next) => {
    if (OPEN.includes(c.req.path)) return await next();
    if (running >= most) throw failure("serving.overloaded", { name: "requests", expected: most });
    running++;
    try {
      await next();
    } finally {
      running--;
    }
  };
}
