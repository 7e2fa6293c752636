/** Metrics, for Prometheus. They are answered however many requests are being answered. */
import type { App } from "../exchange.ts";
import type { Services } from "../services.ts";

export function addMetrics(app: App, { metrics }: Services): void {
  app.get("/metrics", async (c) => {
    c.get("exchange").route = "/metrics";
    return c.body(await metrics.text(), 200, { "content-type": metrics.contentType });
  });
}
