/** The frame of every request: its id, its time, and who is told of it. */
import { randomUUID } from "node:crypto";
import type { Hono, MiddlewareHandler } from "hono";
import type { UserError } from "../errors/failure.ts";
import type { Scored } from "../scoring/pool/job.ts";
import type { ScoredBy } from "./models/version.ts";
import type { OnStage, StageTime } from "./stages.ts";

/** What is scored by a request. */
export interface ScoredRequest extends Scored, ScoredBy {
  readonly model: string;
}

/** Whether a request took part in an experiment: with an arm, or apart from it for a reason. */
export type ExperimentPart =
  | { readonly experiment: string; readonly arm: string }
  | { readonly experiment: string; readonly apart: string };

/**
 * A request and its answer, for logs and metrics. Nothing in it is personal: the route is the pattern of a path
 * (`/v1/users/{user}/history`), not the path.
 */
export interface Exchange {
  /** Comes back as `request_id`, and in the header `x-request-id`. */
  readonly id: string;
  /** Whether the id is its client's, who may have sent it before. */
  readonly isNamed: boolean;
  /** `STRAY` of what never became a request. */
  readonly method: string;
  /** Undefined where nothing is served at the path. */
  route?: string;
  /** 0 until it is answered, and of what cannot be. */
  status: number;
  /** `performance.now()` at its beginning, and milliseconds until the answer. */
  readonly start: number;
  milliseconds: number;
  /** What went wrong. */
  error?: unknown;
  scored?: Pick<ScoredRequest, "model" | "version" | "calibration" | "probabilities">;
  /** Of events that it added, those that may not be what was meant. */
  odd?: { readonly unknown: number; readonly unlikely: number };
  /** Of a request for scores, where an experiment runs. */
  part?: ExperimentPart;
  /** What it has gone through so far. */
  readonly stages: StageTime[];
  /** Of the trace that it belongs to, if there is one: 32 hexadecimal digits. */
  traceId?: string;
}

/** Keeps the stages of a request. */
export function keepStages({ stages }: Exchange): OnStage {
  return (stage, start, end) => stages.push({ stage, start, end });
}

/** Is told of every request, when it has been answered. It must not throw. */
export type ExchangeListener = (exchange: Exchange) => void;

/** What Hono keeps of a request. */
export interface Env {
  Variables: { exchange: Exchange };
  Bindings: {
    /** Whether the request must be meant for this machine. */
    readonly onlyLocal: boolean;
  };
}
export type App = Hono<Env>;

/** Stands for the method of bytes that are no request. */
export const STRAY = "none";

/** Tells listeners of what never became a request; returns the id that it is given. */
export function strays(listeners: readonly ExchangeListener[]): (error: UserError, isAnswered: boolean) => string {
  return (error, isAnswered) => {
    const id = randomUUID();
    const status = isAnswered ? error.status : 0;
    const exchange: Exchange = {
      ...{ id, isNamed: false, method: STRAY, status, error },
      ...{ start: performance.now(), milliseconds: 0, stages: [] },
    };
    for (const listener of listeners) listener(exchange);
    return id;
  };
}

/** What a client may call its request; anything else is replaced. */
const SANE_ID = /^[\w.:-]{1,64}$/;

/** Gives each request an `Exchange`, its answer the header `x-request-id`, and tells the listeners when it is answered. */
export function exchanges(listeners: readonly ExchangeListener[]): MiddlewareHandler<Env> {
  return async (c, next) => {
    const given = c.req.header("x-request-id");
    const isNamed = given !== undefined && SANE_ID.test(given);
    const id = isNamed ? given : randomUUID();
    const exchange: Exchange = {
      ...{ id, isNamed, method: c.req.method, start: performance.now(), stages: [] },
      ...{ status: 0, milliseconds: 0 },
    };
    c.set("exchange", exchange);
    // Before there is an answer: to add them to one would make another of it.
    c.header("x-request-id", id);
    c.header("x-content-type-options", "nosniff");
    c.header("cache-control", "no-store");
    await next();
    exchange.status = c.res.status;
    exchange.milliseconds = performance.now() - exchange.start;
    for (const listener of listeners) listener(exchange);
  };
}
