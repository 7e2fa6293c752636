/**
 * Traces through OpenTelemetry's API: a span a request, with spans of its stages in it. The API does nothing until a program
 * registers an SDK, which says where spans go.
 */
import {
  type Context,
  context,
  createTraceState,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { HonoRequest, MiddlewareHandler } from "hono";
import type { Env, Exchange } from "./exchange.ts";
import { asRefusal } from "./refusal.ts";

export function traces(tracer: Tracer): MiddlewareHandler<Env> {
  return async (c, next) => {
    const exchange = c.get("exchange");
    const parent = parentOf(c.req);
    const span = tracer.startSpan(
      exchange.method,
      { kind: SpanKind.SERVER, startTime: sinceEpoch(exchange.start) },
      parent,
    );
    const spanContext = span.spanContext();
    if (isSpanContextValid(spanContext)) exchange.traceId = spanContext.traceId;
    const inSpan = trace.setSpan(parent, span);
    await context.with(inSpan, next);
    if (!span.isRecording()) return;
    for (const { stage, start, end } of exchange.stages) {
      tracer.startSpan(stage, { startTime: sinceEpoch(start) }, inSpan).end(sinceEpoch(end));
    }
    describe(span, exchange, c.res.status);
    span.end();
  };
}

/** What a span of `performance.now()` is for OpenTelemetry. */
const sinceEpoch = (moment: number) => performance.timeOrigin + moment;

/** Names by https://opentelemetry.io/docs/specs/semconv/http/http-spans, and what is ours; nothing personal. */
function describe(span: Span, { id, method, route, error, scored, part }: Exchange, status: number): void {
  if (route !== undefined) span.updateName(`${method} ${route}`).setAttribute("http.route", route);
  span.setAttributes({ "http.request.method": method, "http.response.status_code": status, "dien.request_id": id });
  if (error !== undefined) span.setAttribute("error.type", asRefusal(error).code);
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  if (part !== undefined && "arm" in part) {
    span.setAttributes({ "dien.experiment": part.experiment, "dien.arm": part.arm });
  }
  if (scored === undefined) return;
  const { model, version, probabilities } = scored;
  span.setAttributes({ "dien.model": model, "dien.version": version, "dien.candidates": probabilities.length });
}

/** The span that a request belongs to: one of this process, as of an instrumented server around ours, or its client's. */
function parentOf(request: HonoRequest): Context {
  const active = context.active();
  return trace.getSpan(active) === undefined ? clientsSpan(request) : active;
}

/** https://www.w3.org/TR/trace-context, version 00 and what later ones have in common with it. */
const TRACEPARENT = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;

function clientsSpan(request: HonoRequest): Context {
  const [, version, traceId = "", spanId = "", flags, more] =
    TRACEPARENT.exec(request.header("traceparent") ?? "") ?? [];
  if (version === "ff" || (version === "00" && more !== undefined)) return ROOT_CONTEXT;
  const spanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  if (!isSpanContextValid(spanContext)) return ROOT_CONTEXT;
  const state = request.header("tracestate");
  return trace.setSpanContext(ROOT_CONTEXT, {
    ...spanContext,
    ...(state === undefined ? {} : { traceState: createTraceState(state) }),
  });
}
