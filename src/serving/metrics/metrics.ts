/**
 * What a person on call sees of a server, for Prometheus. Labels have few values: patterns of paths, codes, names of models
 * that are served. The registry is the server's own, so a team that mounts it keeps its.
 */
import { Registry } from "prom-client";
import type { BehaviourStore } from "../../store/store.ts";
import type { Answering } from "../answering.ts";
import type { ExchangeListener } from "../exchange.ts";
import type { RunningExperiment } from "../experiments/running.ts";
import type { Models } from "../models/models.ts";
import { experimentMetrics } from "./experiment.ts";
import { modelMetrics } from "./models.ts";
import { processMetrics } from "./process.ts";
import { requestMetrics } from "./requests.ts";
import { scoringMetrics } from "./scoring.ts";
import { MeasuredStore } from "./store.ts";

export interface Measured {
  readonly models: Models;
  readonly store: BehaviourStore;
  readonly answering: Answering;
  readonly experiment: RunningExperiment | undefined;
}

export interface ServerMetrics {
  /** The same store, measured. */
  readonly store: BehaviourStore;
  readonly onExchange: ExchangeListener;
  readonly contentType: string;
  /** All metrics as they are now, in Prometheus' text format. */
  text(): Promise<string>;
}

/** Measures models, a store and requests from now on. */
export function measure({ models, store, answering, experiment }: Measured): ServerMetrics {
  const registry = new Registry();
  const requests = requestMetrics(registry);
  const onScoring = scoringMetrics(registry);
  const ofModels = modelMetrics(registry, models);
  const measuredStore = new MeasuredStore(registry, store);
  const ofExperiment = experiment && experimentMetrics(registry, experiment);
  models.onEvent(onScoring);
  models.onEvent(ofModels.onEvent);
  return {
    store: measuredStore,
    onExchange(exchange) {
      requests.onExchange(exchange);
      ofExperiment?.onExchange(exchange);
    },
    contentType: registry.contentType,
    async text() {
      await measuredStore.refresh();
      ofModels.refresh();
      ofExperiment?.refresh();
      requests.setRunning(answering.running);
      return `${await registry.metrics()}\n${await processMetrics()}`;
    },
  };
}
