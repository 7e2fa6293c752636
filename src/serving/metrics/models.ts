/** Which models are served, how loading went, and how shadows differ. */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { ModelListener } from "../models/events.ts";
import type { Models } from "../models/models.ts";

const DISTANCES = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3];
const LOAD_RESULTS = { loaded: "loaded", "rolled-back": "rolled-back", "load-refused": "refused" } as const;

export interface ModelMetrics {
  readonly onEvent: ModelListener;
  /** Looks at what is served now. */
  refresh(): void;
}

export function modelMetrics(registry: Registry, models: Models): ModelMetrics {
  const registers = [registry];
  const info = new Gauge({
    name: "dien_model_info",
    help: "1 for each model and the version that answers now, the SHA-256 of its weights, and that of its calibration.",
    labelNames: ["model", "version", "calibration"],
    registers,
  });
  const since = new Gauge({
    name: "dien_model_since_timestamp_seconds",
    help: "When the version of a model that answers now began to.",
    labelNames: ["model"],
    registers,
  });
  const queue = new Gauge({
    name: "dien_queue_requests",
    help: "Requests that wait for a thread, and those that are being scored.",
    labelNames: ["state"],
    registers,
  });
  const loads = new Counter({
    name: "dien_model_loads_total",
    help: "Versions that were loaded, refused, or rolled back to.",
    labelNames: ["model", "result"],
    registers,
  });
  const compared = new Counter({
    name: "dien_shadow_requests_total",
    help: "Requests that a shadow scored too (compared), or not: it was busy, or refused them.",
    labelNames: ["model", "shadow", "result"],
    registers,
  });
  const sameFirst = new Counter({
    name: "dien_shadow_same_first_total",
    help: "Compared requests in which model and shadow put the same candidate first.",
    labelNames: ["model", "shadow"],
    registers,
  });
  const distances = new Histogram({
    name: "dien_shadow_distance",
    help: "How far the scores of a shadow are from the model's, a mean over the candidates of a request.",
    labelNames: ["model", "shadow"],
    buckets: DISTANCES,
    registers,
  });
  return {
    onEvent(event) {
      const { kind, model } = event;
      if (kind === "loaded" || kind === "rolled-back" || kind === "load-refused") {
        loads.inc({ model, result: LOAD_RESULTS[kind] });
      } else if (kind === "compared") {
        const { shadow, distance } = event;
        compared.inc({ model, shadow, result: "compared" });
        distances.observe({ model, shadow }, distance);
        sameFirst.inc({ model, shadow }, event.sameFirst ? 1 : 0);
      } else if (kind === "not-compared") compared.inc({ model, shadow: event.shadow, result: event.reason });
    },
    refresh() {
      info.reset();
      since.reset();
      for (const { name: model, version, calibration, since: moment } of models.list()) {
        info.set({ model, version, ...(calibration && { calibration }) }, 1);
        since.set({ model }, moment.getTime() / 1000);
        // So that the first one is an increase.
        for (const result of Object.values(LOAD_RESULTS)) loads.inc({ model, result }, 0);
      }
      queue.set({ state: "waiting" }, models.queue.waiting);
      queue.set({ state: "running" }, models.queue.running);
    },
  };
}
