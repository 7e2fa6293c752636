/** Metrics, for Prometheus. They are answered however many requests are being answered. */
import { addText } from "../add-route.ts";
import type { App } from "../exchange.ts";
import type { Services } from "../services.ts";

export function addMetrics(app: App, services: Services): void {
  const { metrics } = services;
  addText(
    app,
    services,
    {
      ...{ path: "/metrics", group: "health", name: "metrics", type: metrics.contentType },
      summary: "What a person on call needs to know, for Prometheus",
    },
    () => metrics.text(),
  );
}
