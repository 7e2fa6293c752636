/** Requests over HTTP: how many, how they ended, and where their time went. */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { type Exchange, type ExchangeListener, STRAY } from "../exchange.ts";
import { asRefusal } from "../refusal.ts";

const REQUEST_SECONDS = [
  ...[0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05],
  ...[0.1, 0.25, 0.5, 1, 2.5, 5, 10],
];
const STAGE_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5];

/** Clients may send others, as many as they like. */
const METHODS = ["GET", "POST", "DELETE", "HEAD", "OPTIONS", "PUT", "PATCH"];

export interface RequestMetrics {
  readonly onExchange: ExchangeListener;
  /** Says how many requests are being answered now. */
  setRunning(count: number): void;
}

export function requestMetrics(registry: Registry): RequestMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: "dien_http_requests_total",
    help: "Requests that were answered, by the pattern of their path.",
    labelNames: ["method", "route", "status"],
    registers,
  });
  const errors = new Counter({
    name: "dien_http_errors_total",
    help: "Requests that were answered with an error, by its code (docs/errors.md).",
    labelNames: ["route", "code"],
    registers,
  });
  const durations = new Histogram({
    name: "dien_http_request_duration_seconds",
    help: "From the first byte that is read of a request until its answer is written.",
    labelNames: ["method", "route"],
    buckets: REQUEST_SECONDS,
    registers,
  });
  const stages = new Histogram({
    name: "dien_http_stage_duration_seconds",
    help: "Time in a stage of a request: read, store, queue, encode, score, record, answer.",
    labelNames: ["route", "stage"],
    buckets: STAGE_SECONDS,
    registers,
  });
  const odd = new Counter({
    name: "dien_odd_events_total",
    help: "Posted events that were stored although no model knows their item (unknown), or they are of before 1990 or of the future (unlikely).",
    labelNames: ["reason"],
    registers,
  });
  const running = new Gauge({
    name: "dien_http_requests_running",
    help: "Requests that are being answered, of which the server takes a limited number.",
    registers,
  });
  return {
    onExchange(exchange: Exchange): void {
      const { status, milliseconds, error } = exchange;
      const { method, route } = labelsOf(exchange);
      requests.inc({ method, route, status });
      if (exchange.method !== STRAY) durations.observe({ method, route }, milliseconds / 1000);
      for (const { stage, start, end } of exchange.stages) stages.observe({ route, stage }, (end - start) / 1000);
      if (error !== undefined) errors.inc({ route, code: asRefusal(error).code });
      for (const reason of ["unknown", "unlikely"] as const) odd.inc({ reason }, exchange.odd?.[reason] ?? 0);
    },
    setRunning: (count) => running.set(count),
  };
}

function labelsOf({ method, route = "none" }: Exchange): { method: string; route: string } {
  return { method: method === STRAY || METHODS.includes(method) ? method : "other", route };
}
