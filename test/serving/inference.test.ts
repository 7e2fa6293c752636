/** The Open Inference Protocol: scores of samples, in JSON and in bytes, are those of `dien predict`, to the bit. */
import { deflateSync, gzipSync } from "node:zlib";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { scoreGroups } from "../../src/serving/inference/score.ts";
import type { ServedModel } from "../../src/serving/models/models.ts";
import type { Server } from "../../src/serving/server.ts";
import { ask, binary, infer, openShop, type Shop, samplesOf, type Tensor, texts } from "./inference-support.ts";

let shop: Shop;
let server: Server;
beforeAll(async () => {
  shop = await openShop();
  server = await shop.server();
});
beforeEach(() => {
  shop.asked.length = 0;
});

const nested = ({ data, shape, ...head }: Tensor) => ({
  ...head,
  shape: [shape[0], 1],
  data: data.map((value) => [value]),
});

/** Float32 values of an answer in bytes. */
function floatsOf(bytes: Uint8Array): Float32Array {
  return new Float32Array(new Uint8Array(bytes).buffer);
}

describe("what is served", () => {
  it.each(["", "/"])(
    "the server, its health and its models say what they are, at paths that end in %j",
    async (slash) => {
      const get = async (path: string) => (await ask(server, `${path}${slash}`)).body;
      expect(await get("/v2")).toEqual({
        name: "dien",
        version: expect.any(String),
        extensions: ["binary_tensor_data"],
      });
      expect(await get("/v2/health/live")).toEqual({ live: true });
      expect(await get("/v2/health/ready")).toEqual({ ready: true });
      for (const path of ["/v2/models/shop", `/v2/models/shop/versions/${shop.version}`]) {
        expect(await get(`${path}/ready`)).toEqual({ name: "shop", ready: true });
        expect(await get(path)).toMatchObject({ name: "shop", versions: [shop.version], platform: "dien" });
      }
    },
  );

  it("metadata name exactly the inputs that are taken, and the output", async () => {
    const { body } = await ask(server, "/v2/models/shop");
    const named = (name: string, datatype = "BYTES") => ({ name, datatype, shape: [-1] });
    expect(body.inputs).toEqual([
      ...[named("candidate"), named("candidate.category"), named("candidate.tags"), named("candidate.price", "FP64")],
      ...[named("user"), named("user.moods"), named("user.height", "FP64"), named("context.hour")],
      ...[named("history"), named("time")],
    ]);
    expect(body.outputs).toEqual([named("probability", "FP32")]);
    const inputs = body.inputs.map(({ name, datatype }: Tensor) => {
      const data = [datatype === "FP64" ? 1.5 : name === "history" ? "[]" : name === "time" ? "2020-01-01" : "a"];
      return { name, datatype, shape: [1], data };
    });
    const { status, body: answer } = await infer(server, { inputs });
    expect({ status, ...answer.outputs[0] }).toMatchObject({
      status: 200,
      name: "probability",
      datatype: "FP32",
      shape: [1],
    });
    expect(shop.asked).toEqual([
      {
        user: { user: "a", moods: "a", height: 1.5 },
        candidates: [{ item: "a", category: "a", tags: "a", price: 1.5 }],
        ...{ history: [], context: { hour: "a" }, time: "2020-01-01" },
      },
    ]);
  });
});

it("the documentation has the errors of the protocol, answers without the id of the request, and what values are", async () => {
  const { paths, components } = (await ask(server, "/openapi.json")).body;
  const { responses } = paths["/v2/models/{model}/versions/{version}/infer"].post;
  const schemaOf = (status: number) => responses[status].content["application/json"].schema.$ref.split("/").at(-1);
  const { [schemaOf(200)]: answer, [schemaOf(404)]: refusal, InferenceRequest, ScoreRequest } = components.schemas;
  expect(Object.keys(answer.properties)).toEqual(["model_name", "model_version", "id", "outputs"]);
  expect(refusal.properties).toEqual({ error: { type: "string", description: "for people" } });
  const { datatype, shape } = InferenceRequest.properties.inputs.items.properties;
  expect(datatype.enum).toContain("BYTES");
  expect(shape).toMatchObject({ minItems: 1, maxItems: 2, items: { minimum: 1 } });
  const value = { type: ["string", "number", "boolean", "null"] };
  const list = { type: "array", items: value };
  const values = { type: "object", additionalProperties: { anyOf: [value, list] } };
  expect(ScoreRequest.properties.candidates.items.anyOf).toEqual([value, values]);
  expect(ScoreRequest.properties.time).toMatchObject(value);
});

describe("scores are those of dien predict, to the bit", () => {
  it("in JSON, flat and nested, with the id and the version", async () => {
    for (const inputs of [samplesOf(shop), samplesOf(shop).map(nested)]) {
      const { status, body } = await infer(server, { id: "42", model_name: "shop", inputs });
      expect(status).toBe(200);
      const output = { name: "probability", datatype: "FP32", shape: [shop.scores.length], data: [...shop.scores] };
      expect(body).toEqual({ model_name: "shop", model_version: shop.version, id: "42", outputs: [output] });
    }
  });

  it("in bytes, packed or not, wherever the output is asked for", async () => {
    const path = `/v2/models/shop/versions/${shop.version}/infer/`;
    const asking = [
      { parameters: { binary_data_output: true } },
      { outputs: [{ name: "probability", parameters: { binary_data: true } }] },
    ];
    for (const rest of asking) {
      const { body, headers } = binary(samplesOf(shop), rest);
      for (const [encoding, packed] of Object.entries({
        identity: body,
        gzip: gzipSync(body),
        deflate: deflateSync(body),
      })) {
        const answer = await infer(server, packed, { ...headers, path, "content-encoding": encoding });
        expect(answer.status).toBe(200);
        expect(answer.headers.get("content-type")).toBe("application/octet-stream");
        expect(floatsOf(answer.bytes)).toEqual(shop.scores);
        const parameters = { binary_data_size: 4 * shop.scores.length };
        expect(answer.body.outputs).toEqual([{ name: "probability", datatype: "FP32", shape: [60], parameters }]);
      }
    }
  });

  it("some tensors in bytes and some in JSON, and the output in JSON, of any type of content", async () => {
    const [user, candidate, ...others] = samplesOf(shop, 0, 5);
    const { body, headers } = binary([user, candidate]);
    const length = Number(headers["inference-header-content-length"]);
    const { inputs } = JSON.parse(body.toString("utf8", 0, length));
    const json = Buffer.from(JSON.stringify({ inputs: [inputs[0], ...others, inputs[1]] }));
    const mixed = Buffer.concat([json, body.subarray(length)]);
    const answer = await infer(server, mixed, {
      "inference-header-content-length": String(json.length),
      "content-type": "text/plain",
    });
    expect(Float32Array.from(answer.body.outputs[0].data)).toEqual(shop.scores.slice(0, 5));
  });
});

it("samples of one user are one request: where the user is given once, and where it is repeated", async () => {
  const keys = ["item 1", "item 2", "item 3", "item 4"];
  const history = JSON.stringify(["item 5", { item: "item 6", time: 3 }]);
  const once = [texts("user", ["user 1"]), texts("history", [history], [1, 1]), texts("candidate", keys)];
  const each = [
    texts(
      "user",
      keys.map(() => "user 1"),
    ),
    texts("history", [history]),
    texts("candidate", keys),
  ];
  for (const inputs of [once, each]) await infer(server, { inputs });
  const request = { user: "user 1", history: JSON.parse(history), candidates: keys };
  expect(shop.asked).toEqual([request, request]);
  const two = [texts("user", ["u", "v", "u", "v"]), texts("history", ["[]"]), texts("candidate", keys)];
  await infer(server, { inputs: two });
  expect(shop.asked.slice(2)).toEqual([
    { user: "u", history: [], candidates: ["item 1", "item 3"] },
    { user: "v", history: [], candidates: ["item 2", "item 4"] },
  ]);
});

it("all samples of a request are scored by one version", async () => {
  const groups = ["u", "v"].map((user, row) => ({ request: { user, history: [], candidates: ["a"] }, rows: [row] }));
  const versions = ["old", "new", "new", "new"];
  const served = (): ServedModel => ({
    ...{ name: "shop", version: "old", since: new Date(0), description: {} as ServedModel["description"] },
    knowsItem: () => true,
    async score() {
      const version = versions.shift()!;
      const counts = { candidates: 1, behaviours: 2, users: 1, unknown: { candidates: 0, behaviours: 1, users: 0 } };
      return { version, probabilities: Float32Array.of(version === "old" ? 0.25 : 0.5), counts };
    },
    explain: () => Promise.reject(new Error("not asked for")),
  });
  expect(await scoreGroups(served, shop, groups, { onStage: () => {} })).toEqual({
    ...{ model: "shop", version: "new", probabilities: Float32Array.of(0.5, 0.5) },
    counts: { candidates: 2, behaviours: 4, users: 2, unknown: { candidates: 0, behaviours: 2, users: 0 } },
  });
});

it("samples without a history get that of the store", async () => {
  const events = ["item 3", "item 9"].map((item, i) => ({ id: `e${i}`, user: "user 7", time: i + 1, item }));
  await shop.store.append(events);
  const { body } = await infer(server, { inputs: [texts("user", ["user 7"]), texts("candidate", ["item 1"])] });
  expect(shop.asked[0].history.map((behaviour) => (behaviour as { item: string }).item)).toEqual(["item 3", "item 9"]);
  const given = [texts("history", ['["item 3", "item 9"]']), texts("user", ["user 7"]), texts("candidate", ["item 1"])];
  expect((await infer(server, { inputs: given })).body).toEqual(body);
});

it("numbers stand for their text, and one that is none for no value", async () => {
  const number = (name: string, datatype: string, ...data: unknown[]) => ({
    name,
    datatype,
    shape: [data.length],
    data,
  });
  const tensors = [
    number("user", "INT64", 9007199254740993n, -5n),
    number("candidate.price", "FP64", Number.NaN, 2.5),
    texts("candidate", ["é", "b"]),
    texts("history", ["[]"]),
  ];
  const { body, headers } = binary(tensors);
  expect((await infer(server, body, headers)).status).toBe(200);
  expect(shop.asked.map(({ user, candidates }) => [user, candidates])).toEqual([
    ["9007199254740993", [{ item: "é", price: null }]],
    [-5, [{ item: "b", price: 2.5 }]],
  ]);
});
