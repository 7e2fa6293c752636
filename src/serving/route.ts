/**
 * A route as data: where it is, what it takes, what it answers. The same schemas check requests, type the code that
 * answers them, and are what /openapi.json shows.
 */
import type { z } from "zod";
import type { Code } from "../errors/catalogue/catalogue.ts";
import type { Limits } from "./limits.ts";

export interface Route<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType, A extends z.ZodObject> {
  readonly method: "get" | "post" | "delete";
  /** With parameters in braces: `/v1/users/{user}/history`. */
  readonly path: string;
  /** Which group of the documentation it belongs to. */
  readonly group: string;
  /** Its name in clients that are made from the documentation. */
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Lists of the body, and the limit of each. */
  readonly most?: Readonly<Record<string, keyof Limits>>;
  /** Without the id of the request, which every answer has. */
  readonly answer: A;
  /** Errors that it answers with, beside those that every route may answer with. */
  readonly refusals?: readonly Code[];
  /** Seconds that an answer may take, where those of the limits are too few. */
  readonly seconds?: number;
  /** Whether it is answered without the token, and however many requests are being answered. */
  readonly open?: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: any route
export type AnyRoute = Route<any, any, any, any>;

/** A route that is asked with GET and nothing else, and answers with a text; however many requests are being answered. */
export interface TextRoute extends Pick<AnyRoute, "path" | "group" | "name" | "summary"> {
  /** Its content-type. */
  readonly type: string;
}
