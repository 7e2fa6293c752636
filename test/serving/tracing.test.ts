/** Traces: spans as a program with an SDK would get them, and nothing without one. */
import { AsyncLocalStorage } from "node:async_hooks";
import {
  type Attributes,
  type Context,
  type ContextManager,
  context,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  type TimeInput,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { afterEach, beforeEach, expect, it } from "vitest";
import { failure } from "../../src/errors/failure.ts";
import type { Exchange } from "../../src/serving/exchange.ts";
import { fakeModel, fakeModels, post, serverOf } from "./support.ts";

interface KeptSpan {
  name: string;
  readonly kind: SpanKind | undefined;
  readonly parent: SpanContext | undefined;
  readonly own: SpanContext;
  readonly start: TimeInput | undefined;
  end?: TimeInput | undefined;
  isEnded: boolean;
  status?: SpanStatusCode;
  readonly attributes: Attributes;
}

/** A tracer that keeps its spans. */
class KeepingTracer implements Tracer {
  readonly spans: KeptSpan[] = [];

  startSpan(name: string, { kind, startTime }: SpanOptions = {}, within: Context = context.active()): Span {
    const parent = trace.getSpanContext(within);
    const number = (this.spans.length + 1).toString(16);
    const own = { traceId: parent?.traceId ?? "a".repeat(32), spanId: number.padStart(16, "0"), traceFlags: 1 };
    const kept: KeptSpan = { name, kind, parent, own, start: startTime, isEnded: false, attributes: {} };
    this.spans.push(kept);
    const span: Partial<Span> = {
      spanContext: () => own,
      isRecording: () => true,
      updateName: (changed) => {
        kept.name = changed;
        return span as Span;
      },
      setAttribute: (key, value) => {
        kept.attributes[key] = value;
        return span as Span;
      },
      setAttributes: (more) => {
        Object.assign(kept.attributes, more);
        return span as Span;
      },
      setStatus: ({ code }) => {
        kept.status = code;
        return span as Span;
      },
      end: (time) => {
        Object.assign(kept, { end: time, isEnded: true });
      },
    };
    return span as Span;
  }

  startActiveSpan(): never {
    throw new Error("not asked for here");
  }
}

class Contexts implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();
  active = () => this.#storage.getStore() ?? ROOT_CONTEXT;
  with: ContextManager["with"] = (within, work, self, ...given) =>
    this.#storage.run(within, () => work.apply(self, given));
  bind: ContextManager["bind"] = (_, target) => target;
  enable = () => this;
  disable = () => this;
}

const request = { user: "u", history: ["x"], candidates: ["a", "b"] };
const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";
const traceparent = `00-${traceId}-${spanId}-01`;

let tracer: KeepingTracer;
beforeEach(() => {
  tracer = new KeepingTracer();
  trace.setGlobalTracerProvider({ getTracer: () => tracer });
  context.setGlobalContextManager(new Contexts());
});
afterEach(() => {
  trace.disable();
  context.disable();
});

it("a request is a span that says what it was, with its stages in it, at their times", async () => {
  const server = await serverOf();
  await post(server, "/v1/score", request);
  const [whole, ...stages] = tracer.spans;
  expect(whole).toMatchObject({ name: "POST /v1/score", kind: SpanKind.SERVER, parent: undefined, isEnded: true });
  expect(whole.attributes).toEqual({
    "http.request.method": "POST",
    "http.route": "/v1/score",
    "http.response.status_code": 200,
    "dien.request_id": expect.any(String),
    ...{ "dien.model": "a", "dien.version": "a-sha", "dien.candidates": 2 },
  });
  expect(whole.status).toBeUndefined();
  expect(stages.map(({ name }) => name)).toEqual(["read", "answer"]);
  let before = Number(whole.start);
  expect(Math.abs(before - Date.now())).toBeLessThan(60_000);
  for (const { parent, start, end, isEnded } of stages) {
    expect([parent, isEnded]).toEqual([whole.own, true]);
    expect(Number(start)).toBeGreaterThanOrEqual(before);
    expect(Number(end)).toBeGreaterThanOrEqual(Number(start));
    before = Number(end);
  }
});

it("what the pool reports of a request, and the store, are stages too", async () => {
  const model = fakeModel("a");
  const scoring: typeof model = {
    ...model,
    score: (asked, options) => {
      for (const stage of ["queue", "encode", "score"] as const) options!.onStage!(stage, 1, 2);
      return model.score(asked, options);
    },
  };
  const server = await serverOf({ models: fakeModels(scoring) });
  await post(server, "/v1/rank", { user: "u", candidates: ["a"] });
  const names = tracer.spans.map(({ name }) => name);
  expect(names).toEqual(["POST /v1/rank", "read", "store", "queue", "encode", "score", "answer"]);
});

it("errors are named by their codes; those of the server are marked", async () => {
  const broken = { ...fakeModel("a"), score: () => Promise.reject(failure("scoring.closed", { name: "a" })) };
  const server = await serverOf({ models: fakeModels(broken) });
  await post(server, "/v1/score", request);
  await post(server, "/v1/score", "{");
  await post(server, "/secret-path", request);
  const roots = tracer.spans.filter(({ kind }) => kind === SpanKind.SERVER);
  expect(roots.map(({ name, status, attributes }) => [name, status, attributes["error.type"]])).toEqual([
    ["POST /v1/score", SpanStatusCode.ERROR, "scoring.closed"],
    ["POST /v1/score", undefined, "serving.not-json"],
    ["POST", undefined, "serving.no-route"],
  ]);
  expect(JSON.stringify(tracer.spans)).not.toContain("secret-path");
});

it.each<[string, string | undefined]>([
  [traceparent, traceId],
  [`01-${traceId}-${spanId}-00-more`, traceId],
  [`00-${traceId}-${spanId}-01-more`, undefined],
  [`ff-${traceId}-${spanId}-01`, undefined],
  [`00-${"0".repeat(32)}-${spanId}-01`, undefined],
  [`00-${traceId}-${"0".repeat(16)}-01`, undefined],
  [`00-${traceId.toUpperCase()}-${spanId}-01`, undefined],
  ["user-17", undefined],
])("traceparent %s: the trace is %s", async (given, expected) => {
  const server = await serverOf();
  await post(server, "/v1/score", request, { traceparent: given, tracestate: "vendor=1" });
  const [{ parent, own }] = tracer.spans;
  expect(own.traceId).toBe(expected ?? "a".repeat(32));
  expect(parent?.spanId).toBe(expected && spanId);
  expect(parent?.isRemote).toBe(expected && true);
  expect(parent?.traceState?.serialize()).toBe(expected && "vendor=1");
});

it("a span around the server wins over what the client says, and what is asked meanwhile belongs to the request", async () => {
  const around = tracer.startSpan("around");
  const model = fakeModel("a");
  const asking = {
    ...model,
    score: (...given: Parameters<typeof model.score>) => {
      tracer.startSpan("asked of a database");
      return model.score(...given);
    },
  };
  const server = await serverOf({ models: fakeModels(asking) });
  await context.with(trace.setSpan(ROOT_CONTEXT, around), () => post(server, "/v1/score", request, { traceparent }));
  const [first, whole, asked] = tracer.spans;
  expect(whole.parent).toEqual(first.own);
  expect(asked.parent).toEqual(whole.own);
});

it("without an SDK there are no spans; the trace of a client is still known", async () => {
  trace.disable();
  context.disable();
  const exchanges: Exchange[] = [];
  const server = await serverOf({ listeners: [(exchange) => exchanges.push(exchange)] });
  expect((await post(server, "/v1/score", request)).status).toBe(200);
  expect((await post(server, "/v1/score", request, { traceparent })).status).toBe(200);
  expect(exchanges.map((exchange) => exchange.traceId)).toEqual([undefined, traceId]);
  expect(tracer.spans).toEqual([]);
});
