/** An online experiment: who takes part, how its arms answer, and what could not be recorded. */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { countsOf } from "../../ab/experiment/layout.ts";
import type { Exchange } from "../exchange.ts";
import type { RunningExperiment } from "../experiments/running.ts";
import { recordMetrics } from "./records.ts";

const SECONDS = [0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 1, 10];
const EVENTS = {
  loaded: "loaded",
  "load-refused": "refused",
  round: "round",
  "round-refused": "round refused",
} as const;

export interface ExperimentMetrics {
  onExchange(exchange: Exchange): void;
  /** Looks at what runs now. */
  refresh(): void;
}

export function experimentMetrics(registry: Registry, running: RunningExperiment): ExperimentMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: "dien_experiment_requests_total",
    help: "Requests for scores that took part in the experiment, by arm and by the status of the answer.",
    labelNames: ["experiment", "arm", "status"],
    registers,
  });
  const apart = new Counter({
    name: "dien_experiment_apart_total",
    help: "Requests for scores that did not take part, by the reason.",
    labelNames: ["experiment", "reason"],
    registers,
  });
  const durations = new Histogram({
    name: "dien_experiment_request_duration_seconds",
    help: "From the first byte that is read of a request until its answer is written, by arm.",
    labelNames: ["experiment", "arm"],
    buckets: SECONDS,
    registers,
  });
  const lost = new Counter({
    name: "dien_experiment_unrecorded_exposures_total",
    help: "Exposures that could not be recorded; their requests were answered as those of no experiment.",
    labelNames: ["experiment"],
    registers,
  });
  const shares = new Gauge({
    name: "dien_experiment_share",
    help: "Share of all users that an arm has, before namespace, holdout and conditions.",
    labelNames: ["experiment", "arm"],
    registers,
  });
  const changes = new Counter({
    name: "dien_experiment_changes_total",
    help: "Definitions that were loaded or refused, and rounds of a bandit that were begun or could not be.",
    labelNames: ["experiment", "result"],
    registers,
  });
  running.onEvent((event) => {
    const { experiment } = event;
    if (event.kind === "not-recorded") lost.inc({ experiment }, event.exposures);
    else changes.inc({ experiment, result: EVENTS[event.kind] });
  });
  const refreshRecords = recordMetrics(registry, running.records);
  return {
    onExchange({ part, status, milliseconds }) {
      if (part === undefined) return;
      const { experiment } = part;
      if ("apart" in part) {
        apart.inc({ experiment, reason: part.apart });
        return;
      }
      requests.inc({ experiment, arm: part.arm, status });
      durations.observe({ experiment, arm: part.arm }, milliseconds / 1000);
    },
    refresh() {
      const { name: experiment, arms, layout } = running.definition;
      const counts = countsOf(layout, arms.length);
      shares.reset();
      for (const [place, { name: arm }] of arms.entries()) {
        shares.set({ experiment, arm }, counts[place] / layout.length);
      }
      refreshRecords();
      // So that the first one is an increase.
      lost.inc({ experiment }, 0);
    },
  };
}
