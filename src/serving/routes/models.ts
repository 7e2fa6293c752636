/** The models that are served, and how they come and go. */
import { type Code, codes } from "../../errors/catalogue/catalogue.ts";
import { addRoute } from "../add-route.ts";
import type { App } from "../exchange.ts";
import type { ServedModel } from "../models/models.ts";
import { loadBody, modelAnswer, modelParameters, modelsAnswer, rollbackBody } from "../schemas.ts";
import type { Services } from "../services.ts";

const group = "models";

/** A run may be unreadable in every way there is. */
const ofRuns = codes.filter((code) => /^(file|run|served)\./.test(code));
const refusals: readonly Code[] = ["settings.unknown-model", "scoring.closed"];

export function addModels(app: App, services: Services): void {
  const { models, runs } = services;

  addRoute(
    app,
    services,
    {
      ...{ method: "get", path: "/v1/models", group, name: "listModels" },
      summary: "The models that are served, and since when",
      answer: modelsAnswer,
    },
    async () => ({ models: models.list().map((model, place) => ({ ...shown(model), default: place === 0 })) }),
  );

  addRoute(
    app,
    services,
    {
      ...{ method: "post", path: "/v1/models/{model}/load", group, name: "loadModel" },
      summary: "Loads a model anew, beside the version that goes on answering until then",
      description:
        "From where it was loaded, or from another run. Where that cannot be used, the version before goes on.",
      ...{ params: modelParameters, body: loadBody, answer: modelAnswer, seconds: 600 },
      refusals: [...refusals, ...ofRuns, "serving.no-runs", "serving.foreign-run", "system.no-memory"],
    },
    async ({ params: { model }, body: { run } }) => {
      return shown(await models.load(model, run === undefined ? undefined : await runs.resolve(run)));
    },
  );

  addRoute(
    app,
    services,
    {
      ...{ method: "post", path: "/v1/models/{model}/rollback", group, name: "rollBackModel" },
      summary: "Goes back to the version before, at once",
      ...{ params: modelParameters, body: rollbackBody, answer: modelAnswer },
      refusals: [...refusals, "served.no-version-before"],
    },
    async ({ params: { model } }) => shown(await models.rollback(model)),
  );
}

function shown({ name, version, calibration, since }: ServedModel) {
  return { model: name, version, ...(calibration && { calibration }), since: since.toISOString() };
}
