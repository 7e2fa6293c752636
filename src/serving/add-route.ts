/** Adds routes to the app: what they take is checked before they are asked. */
import type { Context, HonoRequest } from "hono";
import type { z } from "zod";
import { failure } from "../errors/failure.ts";
import { problemsOf, sentence } from "../options/problems.ts";
import { deadlineOf, inTime } from "./answering.ts";
import { readJson } from "./body.ts";
import { type App, type Env, type Exchange, keepStages } from "./exchange.ts";
import { isInference } from "./inference/protocol.ts";
import type { Limits } from "./limits.ts";
import type { AnyRoute, Route, TextRoute } from "./route.ts";
import type { Services } from "./services.ts";
import { type OnStage, timed } from "./stages.ts";

/** What every route is given. */
export interface Asked {
  readonly exchange: Exchange;
  /** When the answer is due, as `performance.now()` counts. */
  readonly deadline: number;
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal;
  readonly onStage: OnStage;
}

/** What a route is given of a request, checked. */
export interface Given<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> extends Asked {
  readonly params: z.output<P>;
  readonly query: z.output<Q>;
  readonly body: z.output<B>;
}

/** Answers are only read. */
type Unchanged<T> = T extends object ? { readonly [K in keyof T]: Unchanged<T[K]> } : T;

/** Adds a route to the app and to its documentation. */
export function addRoute<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType, A extends z.ZodObject>(
  app: App,
  { limits, openApi, answering }: Services,
  route: Route<P, Q, B, A>,
  answer: (given: Given<P, Q, B>) => Promise<Unchanged<z.input<A>>>,
): void {
  openApi.add(route);
  app.on(route.method.toUpperCase(), pathsOf(route), async (c: Context<Env>) => {
    const exchange = c.get("exchange");
    exchange.route = route.path;
    const onStage = keepStages(exchange);
    const deadline = deadlineOf(c.req, route.seconds ?? limits.maxSeconds);
    const asked = await timed(onStage, "read", async () => ({
      params: route.params && checked(route.params, paramsOf(c.req)),
      query: route.query && checked(route.query, c.req.query()),
      body: route.body && checkedBody(route, limits, await readJson(c.req, limits.maxBody)),
    }));
    const { signal } = c.req.raw;
    const given = { ...asked, exchange, deadline: deadline.at, signal, onStage } as Given<P, Q, B>;
    const work = () => answer(given);
    const result = await (route.open ? inTime(deadline, work) : answering.within(deadline, work));
    return await timed(onStage, "answer", async () =>
      c.json(isInference(route.path) ? result : { ...result, request_id: exchange.id }),
    );
  });
}

/** Adds a route that answers with a text to the app and to its documentation. */
export function addText(
  app: App,
  { limits, openApi }: Services,
  route: TextRoute,
  answer: () => string | Promise<string>,
  headers: Readonly<Record<string, string>> = {},
): void {
  openApi.addText(route);
  app.get(route.path, async (c) => {
    c.get("exchange").route = route.path;
    const text = await inTime(deadlineOf(c.req, limits.maxSeconds), async () => await answer());
    return c.body(text, 200, { "content-type": route.type, ...headers });
  });
}

/** The path of a route as Hono has it; of the Open Inference Protocol, with and without a slash at its end. */
export function pathsOf({ path }: AnyRoute): string[] {
  const pattern = path.replaceAll(/\{(\w+)\}/g, ":$1");
  return isInference(path) ? [pattern, `${pattern}/`] : [pattern];
}

/** @throws UserError where escapes of the path are no UTF-8, which Hono leaves as they are */
function paramsOf(request: HonoRequest): Record<string, string> {
  const { pathname } = new URL(request.url);
  try {
    decodeURIComponent(pathname);
  } catch (error) {
    throw failure("serving.wrong-path", { path: pathname }, error);
  }
  return request.param();
}

/** Long lists are refused before anybody looks at what is in them. */
function checkedBody({ body, most = {} }: AnyRoute, limits: Limits, given: unknown): unknown {
  for (const [key, limit] of Object.entries(most)) {
    const list =
      typeof given === "object" && given !== null ? Object.getOwnPropertyDescriptor(given, key)?.value : undefined;
    if (!Array.isArray(list) || list.length <= limits[limit]) continue;
    throw failure("serving.too-many", { field: key, expected: limits[limit], found: list.length });
  }
  return checked(body, given);
}

function checked(schema: z.ZodType, given: unknown): unknown {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const [problem] = problemsOf(schema, given);
  throw failure("request.invalid", { field: problem.path.join("."), problem: sentence(problem) });
}
