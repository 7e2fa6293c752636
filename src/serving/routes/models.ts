/** The models that are served. */
import { addRoute } from "../add-route.ts";
import type { App } from "../exchange.ts";
import { modelsAnswer } from "../schemas.ts";
import type { Services } from "../services.ts";

export function addModels(app: App, services: Services): void {
  const { models } = services;
  addRoute(
    app,
    services,
    {
      method: "get",
      path: "/v1/models",
      group: "models",
      name: "listModels",
      summary: "The models that are served, and since when",
      answer: modelsAnswer,
    },
    async () => ({
      models: models.list().map(({ name, version, since }, place) => ({
        ...{ model: name, version },
        since: since.toISOString(),
        default: place === 0,
      })),
    }),
  );
}
