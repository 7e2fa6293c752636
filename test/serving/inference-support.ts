/** A small trained model behind the Open Inference Protocol, without threads, and bodies as its clients make them. */
import { failure } from "../../src/errors/failure.ts";
import { readModelDescription } from "../../src/run/model-folder.ts";
import { loadScorer } from "../../src/scoring/predict.ts";
import type { PredictRequest, RankRequest } from "../../src/scoring/request.ts";
import type { Models, ServedModel } from "../../src/serving/models/models.ts";
import { createServer, type Server, type ServerOptions } from "../../src/serving/server.ts";
import { openStore } from "../../src/store/open.ts";
import type { BehaviourStore } from "../../src/store/store.ts";
import { testRequests } from "../support/dataset.ts";
import { tinyRun } from "../support/tiny-run.ts";

export interface Shop {
  /** Samples of the test part, and their scores as `dien predict` has them. */
  readonly requests: readonly PredictRequest[];
  readonly scores: Float32Array;
  readonly version: string;
  /** What the model has scored. */
  readonly asked: RankRequest[];
  readonly store: BehaviourStore;
  readonly server: (options?: Partial<ServerOptions>) => Promise<Server>;
}

/** A trained model with lists and numbers among its fields, which is called `shop`. */
export async function openShop(): Promise<Shop> {
  const { data, run } = await tinyRun("din", { lists: true });
  const requests = (await testRequests(data)).slice(0, 60).map((request, i) => ({
    ...request,
    candidate: { item: request.candidate, price: i / 7, tags: "v1|v2" } as PredictRequest["candidate"],
  }));
  const description = await readModelDescription(run);
  const scorer = await loadScorer(run);
  const version = "5ca1ab1e";
  const asked: RankRequest[] = [];
  const model: ServedModel = {
    ...{ name: "shop", version, since: new Date(0), description },
    knowsItem: () => true,
    async score(request) {
      const probabilities = Float32Array.from(scorer.rank(request));
      asked.push(request);
      return { probabilities, counts: scorer.counts, version };
    },
    explain: () => Promise.reject(new Error("not asked for")),
  };
  const store = await openStore("memory:", { most: 100 });
  return {
    requests,
    scores: Float32Array.from(scorer.score(requests)),
    ...{ version, asked, store },
    server: (options) => createServer({ models: only(model), store, ...options }),
  };
}

function only(model: ServedModel): Models {
  return {
    engine: "wasm",
    list: () => [model],
    get: (name = model.name) => {
      if (name === model.name) return model;
      throw failure("settings.unknown-model", { name, known: [model.name] });
    },
    load: async () => model,
    rollback: async () => model,
    onEvent: () => {},
    queue: { waiting: 0, running: 0 },
    close: async () => {},
  };
}

export interface Tensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: readonly unknown[];
}

export function texts(name: string, data: readonly string[], shape: readonly number[] = [data.length]): Tensor {
  return { name, datatype: "BYTES", shape, data };
}

/** A body with its tensors in bytes behind the JSON, and the header that says where they begin. */
export function binary(tensors: readonly Tensor[], rest: object = {}) {
  const parts = tensors.map(({ datatype, data }) => Buffer.concat(data.map((value) => bytesOf(datatype, value))));
  const inputs = tensors.map(({ data, ...head }, i) => {
    return { ...head, parameters: { binary_data_size: parts[i].length } };
  });
  const json = Buffer.from(JSON.stringify({ inputs, ...rest }));
  return {
    body: Buffer.concat([json, ...parts]),
    headers: { "inference-header-content-length": String(json.length) },
  };
}

function bytesOf(datatype: string, value: unknown): Uint8Array {
  if (datatype === "FP64") return new Uint8Array(Float64Array.of(Number(value)).buffer);
  if (datatype === "INT64") return new Uint8Array(BigInt64Array.of(BigInt(value as bigint)).buffer);
  const text = Buffer.from(String(value));
  return Buffer.concat([new Uint8Array(Uint32Array.of(text.length).buffer), text]);
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever was answered
  readonly body: any;
  /** Behind the JSON. */
  readonly bytes: Uint8Array;
}

/** Asks a server, whose answers say how much of them is JSON. */
export async function ask(server: Server, path: string, init: RequestInit = {}): Promise<Answer> {
  const { status, headers, ...response } = await readAnswer(
    await server.fetch(new Request(`http://localhost${path}`, init)),
  );
  return { status, headers, ...response };
}

async function readAnswer(response: Response): Promise<Answer> {
  const { status, headers } = response;
  const bytes = Buffer.from(await response.arrayBuffer());
  const end = Number(headers.get("inference-header-content-length") ?? bytes.length);
  return { status, headers, body: JSON.parse(bytes.toString("utf8", 0, end)), bytes: bytes.subarray(end) };
}

/** Posts a request for scores: JSON without a type of content, as some clients send it, or bytes. */
export function infer(
  server: Server,
  body: object | string | Uint8Array,
  { path = "/v2/models/shop/infer", ...headers }: Record<string, string> = {},
): Promise<Answer> {
  const bytes = body instanceof Uint8Array ? body : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  return ask(server, path, { method: "POST", body: new Uint8Array(bytes), headers });
}

/** The samples as tensors, each with a user and a history of its own. */
export function samplesOf(shop: Shop, from = 0, to = shop.requests.length): Tensor[] {
  const some = shop.requests.slice(from, to);
  const candidates = some.map(({ candidate }) => candidate as { item: string; price: number; tags: string });
  return [
    texts(
      "user",
      some.map(({ user }) => String(user)),
    ),
    texts(
      "candidate",
      candidates.map(({ item }) => item),
      [some.length, 1],
    ),
    texts(
      "candidate.tags",
      candidates.map(({ tags }) => tags),
    ),
    { name: "candidate.price", datatype: "FP64", shape: [some.length], data: candidates.map(({ price }) => price) },
    texts(
      "context.hour",
      some.map(({ context }) => String(context!.hour)),
    ),
    texts(
      "history",
      some.map(({ history }) => JSON.stringify(history)),
    ),
  ];
}
