/** What routes are given. */

import type { BehaviourStore } from "../store/store.ts";
import type { Answering } from "./answering.ts";
import type { App } from "./exchange.ts";
import type { RunningExperiment } from "./experiments/running.ts";
import type { Limits } from "./limits.ts";
import type { ServerMetrics } from "./metrics/metrics.ts";
import type { Models } from "./models/models.ts";
import type { OpenApi } from "./openapi.ts";
import type { LoadableRuns } from "./runs.ts";

export interface Services {
  readonly models: Models;
  readonly store: BehaviourStore;
  /** Which runs requests may have loaded. */
  readonly runs: LoadableRuns;
  /** The online experiment, if there is one, with its records. */
  readonly experiment: RunningExperiment | undefined;
  readonly limits: Limits;
  /** Why no requests should be sent here; undefined while they should. */
  readonly unready: () => string | undefined;
  readonly answering: Answering;
  readonly metrics: ServerMetrics;
  /** Collects what the routes say of themselves. */
  readonly openApi: OpenApi;
}

/** A group of routes: adds them to the app. */
export type RouteGroup = (app: App, services: Services) => void;
