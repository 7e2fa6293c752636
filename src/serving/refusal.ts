/** Errors as answers: of the catalogue with its status and message, defects without what they say. */
import { isAbsolute } from "node:path";
import type { Context } from "hono";
import { z } from "zod";
import { type Code, entryOf } from "../errors/catalogue/catalogue.ts";
import { failure, retold, UserError } from "../errors/failure.ts";
import type { Env } from "./exchange.ts";
import { type InferenceRefusal, isInference } from "./inference/protocol.ts";

export const refusalSchema = z
  .strictObject({
    error: z.strictObject({
      code: z.string().describe("what went wrong; a code never changes its meaning"),
      message: z.string().describe("for people"),
      field: z.string().describe("which part of the request is wrong").optional(),
    }),
    request_id: z.string().nullable().describe("null where the rest of a request that was begun cannot be read"),
  })
  .meta({ id: "Error" });

export type Refusal = z.output<typeof refusalSchema>;

/** Seconds after which a request may be tried again. */
const RETRY_AFTER = "1";

/** Whatever was thrown, as an error of the catalogue. */
export function asRefusal(thrown: unknown): UserError {
  if (thrown instanceof UserError) return thrown;
  const { name, message } = thrown instanceof Error ? thrown : new Error(String(thrown));
  return failure("system.defect", { name, reason: message }, thrown);
}

/** What is said of an error to whoever asked: of failures of the server, which may name its files, no more than their kind. */
export function saidOf(error: UserError): { readonly code: Code; readonly message: string; readonly field?: string } {
  const { code, status, values, circumstances } = error;
  const isOurs = status >= 500 && !code.startsWith("serving.");
  if (isOurs) return { code, message: entryOf(code).meaning };
  const { field, name } = values as { field?: unknown; name?: unknown };
  // Elsewhere a name is one that was given.
  const part = code.startsWith("serving.") ? (field ?? name) : field;
  const place = [...(circumstances.places ?? []), part].filter((text) => typeof text === "string" && text !== "");
  return { code, message: withoutFolders(error), ...(place.length === 0 ? {} : { field: place.join(".") }) };
}

/** The message of an error; of a file of this machine no more than its name and its folder's. */
function withoutFolders(error: UserError): string {
  const { path } = error.values as { path?: unknown };
  const isFile = !error.code.startsWith("serving.") && typeof path === "string" && isAbsolute(path);
  if (!isFile) return error.message;
  return retold(error, { path: path.split(/[/\\]/).slice(-2).join("/") }).message;
}

/** Answers a request with an error. */
export function refuse(c: Context<Env>, thrown: unknown): Response {
  const isCutOff = !(thrown instanceof UserError) && c.req.raw.signal.aborted;
  const error = isCutOff ? failure("serving.cut-off", { name: "request" }, thrown) : asRefusal(thrown);
  const exchange = c.get("exchange");
  exchange.error = error;
  if (error.status === 413 || hasUnreadBody(c)) c.header("connection", "close");
  if (error.status === 503) c.header("retry-after", RETRY_AFTER);
  if (error.status === 401) c.header("www-authenticate", "Bearer");
  const said = saidOf(error);
  if (isInference(c.req.path)) return c.json({ error: said.message } satisfies InferenceRefusal, error.status);
  return c.json({ error: said, request_id: exchange.id } satisfies Refusal, error.status);
}

/** Whether a body may still be on its way: the connection ends with the answer then, and no other request may follow on it. */
function hasUnreadBody({ req }: Context<Env>): boolean {
  const isSent = Number(req.header("content-length") ?? 0) > 0 || req.header("transfer-encoding") !== undefined;
  return isSent && !req.raw.bodyUsed;
}
