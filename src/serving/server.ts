/** `createServer`: the whole service as a value, which a test asks in-process and a team mounts in its own server. */
import { readFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { getRequestListener, RequestError } from "@hono/node-server";
import { trace } from "@opentelemetry/api";
import { z } from "zod";
import { failure } from "../errors/failure.ts";
import { path } from "../options/pieces.ts";
import { checkOptions } from "../options/problems.ts";
import type { BehaviourStore } from "../store/store.ts";
import { Answering } from "./answering.ts";
import { createApp } from "./app.ts";
import { type ExchangeListener, strays } from "./exchange.ts";
import { RunningExperiment, type RunningOptions, type ServedExperiment } from "./experiments/running.ts";
import { originOption, tokenOption } from "./guarded.ts";
import { type GivenLimits, limitOptions } from "./limits.ts";
import { type Listening, type ListenOptions, listenOn, type OnStray } from "./listening.ts";
import { isLoopback } from "./loopback.ts";
import { measure } from "./metrics/metrics.ts";
import type { Models } from "./models/models.ts";
import { OpenApi } from "./openapi.ts";
import { asRefusal, type Refusal, saidOf } from "./refusal.ts";
import { LoadableRuns } from "./runs.ts";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

const serverOptions = z.strictObject({
  models: z.custom<Models>((given) => typeof given === "object", "expected models, as openModels gives them"),
  store: z.custom<BehaviourStore>((given) => typeof given === "object", "expected a store, as openStore gives it"),
  experiment: z
    .custom<RunningOptions>((given) => typeof given === "object", "expected an experiment with its records")
    .optional(),
  runs: path.optional(),
  limits: limitOptions.prefault({}),
  token: tokenOption.optional(),
  cors: originOption.optional(),
  listeners: z
    .array(z.custom<ExchangeListener>((given) => typeof given === "function", "expected a function"))
    .default([]),
});

export interface ServerOptions {
  readonly models: Models;
  readonly store: BehaviourStore;
  /** An online experiment between the models, and its records, which the server closes with itself. */
  readonly experiment?: RunningOptions | undefined;
  /** Folder whose runs requests may have loaded; without one, models are loaded from where they were. */
  readonly runs?: string | undefined;
  readonly limits?: GivenLimits;
  /** What requests have to bring as `Authorization: Bearer TOKEN`. */
  readonly token?: string | undefined;
  /** The origin whose pages may ask from a browser. */
  readonly cors?: string | undefined;
  /** Are told of every request, when it has been answered. */
  readonly listeners?: readonly ExchangeListener[];
}

export interface ServerAddress extends ListenOptions {
  /** Listens where other machines reach it although there is no token. */
  readonly unguarded?: boolean | undefined;
}

export interface Server {
  /** Answers a request, without a socket. */
  fetch(request: Request): Promise<Response>;
  /** The experiment that is run. */
  readonly experiment: ServedExperiment | undefined;
  /** The same for a server of Node's. */
  readonly handle: RequestListener;
  /** Listens; `close` ends that too. */
  listen(options?: ServerAddress): Promise<{ readonly url: string }>;
  /** Is not ready any more, answers what has begun, and closes models, store and records. */
  close(): Promise<void>;
}

/**
 * Makes a server of models and a store, which it closes with itself. It does not listen yet.
 * @throws UserError where an option cannot be used
 */
export async function createServer(options: ServerOptions): Promise<Server> {
  const checked = checkOptions("createServer", serverOptions, options);
  const { models, store, runs, token, cors, listeners, limits } = checked;
  const experiment = checked.experiment && (await RunningExperiment.open(checked.experiment, models));
  const openApi = new OpenApi({ version, limits, hasToken: token !== undefined });
  let ending = false;
  const unready = () => (ending ? "it is ending" : undefined);
  const answering = new Answering(limits);
  const metrics = measure({ models, store, answering, experiment });
  const services = {
    ...{ models, store: metrics.store, runs: new LoadableRuns(runs), experiment },
    ...{ limits, unready, openApi, answering, metrics },
  };
  const tracer = trace.getTracer("dien", version);
  const told = [metrics.onExchange, ...listeners];
  const onStray = strays(told);
  const app = createApp(services, { token, cors, tracer, listeners: told });
  const handler = (onlyLocal: boolean, isMounted: boolean) =>
    getRequestListener((request) => app.fetch(request, { onlyLocal }), {
      // The Response of node-server goes to the socket in one write; Node's own is a stream, which costs a millisecond.
      // A server of others' keeps the globals that it has.
      overrideGlobalObjects: !isMounted,
      errorHandler: (thrown) => refuseOutside(thrown, onStray),
    });
  const open: Listening[] = [];
  return {
    experiment,
    fetch: async (request) => await app.fetch(request, { onlyLocal: false }),
    handle: handler(false, true),
    async listen({ unguarded = false, ...where } = {}) {
      const isGuarded = token !== undefined || unguarded;
      if (!isGuarded && where.host !== undefined && !isLoopback(where.host)) {
        throw failure("serving.unguarded", { name: where.host });
      }
      const listening = await listenOn(handler(!isGuarded, false), onStray, limits, where);
      open.push(listening);
      return { url: listening.url };
    },
    async close() {
      ending = true;
      await Promise.all(open.splice(0).map((listening) => listening.close()));
      await models.close();
      await store.close();
      await experiment?.close();
    },
  };
}

/** Answers what did not come to the app: a request whose host and path make no address. */
function refuseOutside(thrown: unknown, onStray: OnStray): Response {
  const isRequest = thrown instanceof RequestError;
  const error = isRequest ? failure("serving.not-http", { name: "request's host or path" }, thrown) : asRefusal(thrown);
  const request_id = onStray(error, true);
  return Response.json({ error: saidOf(error), request_id } satisfies Refusal, { status: error.status });
}
