/** The Open Inference Protocol in REST: the models as the clients of KServe and Triton ask for them. */
import type { Context } from "hono";
import type { z } from "zod";
import type { Code } from "../../errors/catalogue/catalogue.ts";
import { failure } from "../../errors/failure.ts";
import { addRoute, pathsOf } from "../add-route.ts";
import { deadlineOf } from "../answering.ts";
import { type App, type Env, keepStages } from "../exchange.ts";
import { checkInput, groupSamples, inputsOf } from "../inference/inputs.ts";
import { binaryAnswer, HEADER_LENGTH, inferenceBody, jsonAnswer, OUTPUT, readInference } from "../inference/message.ts";
import {
  inferenceAnswer,
  modelAnswer,
  modelParameters,
  modelReadyAnswer,
  serverAnswer,
  serverLiveAnswer,
  serverReadyAnswer,
  versionParameters,
} from "../inference/protocol.ts";
import { scoreGroups } from "../inference/score.ts";
import type { Models, ServedModel } from "../models/models.ts";
import type { AnyRoute } from "../route.ts";
import type { Services } from "../services.ts";
import { timed } from "../stages.ts";
import { checkReady } from "./health.ts";

const group = "open inference protocol";
const unknown: readonly Code[] = ["settings.unknown-model", "serving.unknown-version"];
const refusals: readonly Code[] = [
  ...unknown,
  ...(["request.wrong-value", "scoring.overloaded", "scoring.deadline", "scoring.thread-ended"] as const),
  ...(["scoring.closed", "store.unavailable", "store.damaged"] as const),
];

/** Every route of a model is there twice: of the version that answers, and of one by its name. */
const MODEL_PATHS = [
  { path: "/v2/models/{model}", params: modelParameters, suffix: "" },
  { path: "/v2/models/{model}/versions/{version}", params: versionParameters, suffix: "Version" },
] as const;

interface NamedVersion {
  readonly model: string;
  readonly version?: string;
}

export function addInference(app: App, services: Services): void {
  addServer(app, services);
  for (const { path, params, suffix } of MODEL_PATHS) {
    addModel(app, services, path, params, suffix);
    addInfer(app, services, path, params, suffix);
  }
}

function addServer(app: App, services: Services): void {
  addRoute(
    app,
    services,
    {
      ...{ method: "get", path: "/v2", group, name: "inferenceServer" },
      summary: "What this server is",
      answer: serverAnswer,
    },
    async () => ({ name: "dien" as const, version: services.openApi.version, extensions: ["binary_tensor_data"] }),
  );

  addRoute(
    app,
    services,
    {
      ...{ method: "get", path: "/v2/health/live", group, name: "inferenceLive" },
      summary: "Whether the process answers",
      ...{ answer: serverLiveAnswer, open: true },
    },
    async () => ({ live: true as const }),
  );

  addRoute(
    app,
    services,
    {
      ...{ method: "get", path: "/v2/health/ready", group, name: "inferenceReady" },
      summary: "Whether requests should be sent here, as /readyz says",
      ...{ answer: serverReadyAnswer, refusals: ["serving.not-ready"], open: true },
    },
    async () => {
      await checkReady(services);
      return { ready: true as const };
    },
  );
}

function addModel(
  app: App,
  services: Services,
  path: string,
  params: z.ZodType<NamedVersion> & z.ZodObject,
  suffix: string,
): void {
  const { models } = services;

  addRoute(
    app,
    services,
    {
      ...{ method: "get", path, group, name: `inferenceModel${suffix}` },
      summary: "The inputs and the output of a model",
      ...{ params, answer: modelAnswer, refusals: unknown },
    },
    async ({ params: named }) => {
      const { name, version, description } = servedOf(models, named);
      const inputs = inputsOf(description).map(({ name, datatype }) => ({ name, datatype, shape: [-1] }));
      const outputs = [{ name: OUTPUT, datatype: "FP32", shape: [-1] }];
      return { name, versions: [version], platform: "dien" as const, inputs, outputs };
    },
  );

  addRoute(
    app,
    services,
    {
      ...{ method: "get", path: `${path}/ready`, group, name: `inferenceModelReady${suffix}` },
      summary: "Whether a model answers",
      ...{ params, answer: modelReadyAnswer, refusals: unknown },
    },
    async ({ params: named }) => ({ name: servedOf(models, named).name, ready: true as const }),
  );
}

/** Bodies may be bytes, packed, and of any type of content, so the route reads and answers them itself. */
function addInfer(app: App, services: Services, path: string, params: z.ZodObject, suffix: string): void {
  const { models, limits, openApi, answering } = services;
  const route: AnyRoute = {
    ...{ method: "post", path: `${path}/infer`, group, name: `infer${suffix}` },
    summary: "Probabilities of a click, a sample each",
    description: `Tensors may stand in bytes behind the JSON, whose length the header ${HEADER_LENGTH} says. Any content-type is taken, and content-encoding gzip or deflate.`,
    ...{ params, body: inferenceBody, answer: inferenceAnswer, refusals },
  };
  openApi.add(route);
  app.on("POST", pathsOf(route), async (c: Context<Env>) => {
    const exchange = c.get("exchange");
    exchange.route = route.path;
    const onStage = keepStages(exchange);
    const named = c.req.param() as unknown as NamedVersion;
    const deadline = deadlineOf(c.req, limits.maxSeconds);
    const { description } = servedOf(models, named);
    const inputs = inputsOf(description);
    const { id, tensors, isBinary } = await timed(onStage, "read", () =>
      readInference(c.req, limits.maxBody, (head) => {
        checkInput(inputs, limits, head);
      }),
    );
    const options = { deadline: deadline.at, signal: c.req.raw.signal, onStage };
    const scored = await answering.within(deadline, async () => {
      return await scoreGroups(() => servedOf(models, named), services, groupSamples(inputs, tensors, limits), options);
    });
    exchange.scored = scored;
    return await timed(onStage, "answer", async () => {
      const { model, version, probabilities } = scored;
      if (!isBinary) return c.json(jsonAnswer({ id, model, version }, probabilities));
      const { body, length } = binaryAnswer({ id, model, version }, probabilities);
      return c.body(body, 200, { "content-type": "application/octet-stream", [HEADER_LENGTH]: String(length) });
    });
  });
}

/** @throws UserError where there is no such model, or another version of it answers */
function servedOf(models: Models, { model, version }: NamedVersion): ServedModel {
  const served = models.get(model);
  if (version === undefined || version === served.version) return served;
  throw failure("serving.unknown-version", { name: served.name, version: served.version });
}
