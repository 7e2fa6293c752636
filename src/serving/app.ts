/** The app as a value: what every request passes, then the groups of routes. Nothing here listens. */
import type { Tracer } from "@opentelemetry/api";
import { Hono } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import { failure } from "../errors/failure.ts";
import { bearers, localGuests, pagesOf } from "./access.ts";
import type { App, Env, ExchangeListener } from "./exchange.ts";
import { exchanges } from "./exchange.ts";
import { refuse } from "./refusal.ts";
import { addBehaviours } from "./routes/behaviours.ts";
import { addDocumentation } from "./routes/documentation.ts";
import { addExperiment } from "./routes/experiment.ts";
import { addHealth } from "./routes/health.ts";
import { addInference } from "./routes/inference.ts";
import { addMetrics } from "./routes/metrics.ts";
import { addModels } from "./routes/models.ts";
import { addOutcomes } from "./routes/outcomes.ts";
import { addScoring } from "./routes/scoring.ts";
import type { RouteGroup, Services } from "./services.ts";
import { traces } from "./tracing.ts";

const GROUPS: readonly RouteGroup[] = [
  ...[addScoring, addBehaviours, addModels, addExperiment, addOutcomes, addInference],
  ...[addHealth, addMetrics, addDocumentation],
];

export interface AppOptions {
  /** Without one, whoever reaches the server may ask. */
  readonly token?: string | undefined;
  /** The origin whose pages may ask from a browser. */
  readonly cors?: string | undefined;
  readonly tracer: Tracer;
  readonly listeners: readonly ExchangeListener[];
}

export function createApp(services: Services, { token, cors, tracer, listeners }: AppOptions): App {
  const app: App = new Hono<Env>();
  app.onError((error, c) => refuse(c, error));
  app.notFound((c) => refuse(c, failure("serving.no-route", { path: c.req.path })));
  app.use(exchanges(listeners));
  app.use(traces(tracer));
  app.use(localGuests);
  if (cors !== undefined) app.use(pagesOf(cors));
  if (token !== undefined) app.use(bearers(token));
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, allowed) => {
        c.header("allow", allowed.join(", "));
        return refuse(c, failure("serving.wrong-method", { path: c.req.path, method: c.req.method, allowed }));
      },
    }),
  );
  for (const add of GROUPS) add(app, services);
  return app;
}
