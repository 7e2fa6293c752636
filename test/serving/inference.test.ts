/** The Open Inference Protocol: scores of samples, in JSON and in bytes, are those of `dien predict`, to the bit. */
import { deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { scoreGroups } from "../../src/serving/inference/score.ts";
import type { ServedModel } from "../../src/serving/models/models.ts";
import type { Server } from "../../src/serving/server.ts";
import { ask, binary, infer, openShop, type Shop, type Tensor, texts } from "./inference-support.ts";

let shop: Shop;
let server: Server;
beforeAll(async () => {
  shop = await openShop();
  server = await shop.server();
});
beforeEach(() => {
  shop.asked.length = 0;
});

/** The samples as tensors, each with a user and a history of its own. */
function samples(from = 0, to = shop.requests.length): Tensor[] {
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
    for (const inputs of [samples(), samples().map(nested)]) {
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
      const { body, headers } = binary(samples(), rest);
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
    const [user, candidate, ...others] = samples(0, 5);
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

describe("what cannot be answered is refused with a sentence", () => {
  const candidate = texts("candidate", ["a", "b"]);
  const history = texts("history", ["[]"]);
  const many = texts(
    "candidate",
    Array.from({ length: 1001 }, () => "a"),
  );
  const refused: [string, unknown, number, string][] = [
    ["no JSON", "{", 400, "body: not JSON: at character 1"],
    ["a number that JSON does not have", '{"inputs": [NaN]}', 400, "body: not JSON: it has N in a wrong place"],
    ["no inputs", {}, 400, "inputs is missing: expected a list of 1 or more"],
    [
      "an unknown input",
      { inputs: [texts("item", ["a"])] },
      400,
      "input item: the model has no such input, but candidate, candidate.category, candidate.tags, candidate.price, user, user.moods, user.height, context.hour, history, time",
    ],
    ["no candidate", { inputs: [history] }, 400, "input candidate: expected its values, found no such input"],
    ["an input twice", { inputs: [candidate, candidate] }, 400, "input candidate: expected once, found twice"],
    [
      "a shape of three axes",
      { inputs: [{ ...candidate, shape: [2, 1, 1] }] },
      400,
      "input candidate: expected a shape [n] or [n, 1], n being 1 or more, found [2,1,1]",
    ],
    [
      "no value",
      { inputs: [{ ...candidate, shape: [0], data: [] }] },
      400,
      "input candidate: expected a shape [n] or [n, 1], n being 1 or more, found [0]",
    ],
    [
      "fewer values",
      { inputs: [{ ...candidate, shape: [3] }] },
      400,
      "input candidate: expected 3 values for its shape [3], found 2",
    ],
    [
      "values of another kind",
      { inputs: [{ ...candidate, data: ["a", 5] }] },
      400,
      "input candidate: expected a string at 1, found 5",
    ],
    [
      "a number with lost digits",
      { inputs: [{ ...candidate, datatype: "INT64", data: [1, 2 ** 60] }] },
      400,
      "input candidate: expected a whole number of 64 bits, with all its digits at 1, found 1152921504606847000",
    ],
    [
      "another datatype",
      { inputs: [{ ...candidate, datatype: "FP16" }] },
      400,
      'input candidate: expected a datatype of BYTES, BOOL, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64, FP32, FP64, found "FP16"',
    ],
    [
      "no values",
      { inputs: [{ ...candidate, data: undefined }] },
      400,
      "input candidate: expected data, or binary_data_size",
    ],
    [
      "bytes that are not there",
      { inputs: [{ ...candidate, data: undefined, parameters: { binary_data_size: 9 } }] },
      400,
      "input candidate: expected a binary_data_size of at most the 0 bytes that there are",
    ],
    [
      "shared memory",
      { inputs: [{ ...candidate, data: undefined, parameters: { shared_memory_region: "r" } }] },
      400,
      "input candidate: expected its values, found shared_memory_region",
    ],
    [
      "lengths that differ",
      { inputs: [candidate, texts("user", ["a", "b", "c"])] },
      400,
      "input candidate: expected 1 value or 3, as another input has, found 2",
    ],
    [
      "a history that is no JSON",
      { inputs: [candidate, texts("history", ["[]", "[1,"])] },
      400,
      "history.1: not JSON: it ends too early, or goes on after its end",
    ],
    [
      "a history that is no list",
      { inputs: [candidate, texts("history", ["{}"])] },
      400,
      "input history: expected a list, found {}",
    ],
    [
      "a history of numbers",
      { inputs: [candidate, { ...history, datatype: "FP64", data: [1] }] },
      400,
      "input history: expected BYTES, found FP64",
    ],
    [
      "neither user nor history",
      { inputs: [candidate] },
      400,
      "history is missing: expected a list, or the key of a user whose behaviours are stored",
    ],
    [
      "another output",
      { inputs: [candidate], outputs: [{ name: "score" }] },
      400,
      'outputs.0.name: expected "probability", found "score"',
    ],
    [
      "classes",
      { inputs: [candidate], outputs: [{ name: "probability", parameters: { classification: 2 } }] },
      400,
      "output probability: classification is not served",
    ],
    [
      "a time that is none",
      { inputs: [candidate, history, texts("time", ["soon"])] },
      400,
      'time: expected a date or a date and time (ISO 8601), or a number of seconds, milliseconds or microseconds, found "soon"',
    ],
    ["many samples", { inputs: [many] }, 413, "candidate: expected at most 1000 entries, found 1001"],
    [
      "many behaviours",
      { inputs: [candidate, texts("user", ["u", "v"]), texts("history", [JSON.stringify(Array(6000).fill("a"))])] },
      413,
      "history: expected at most 10000 entries, found 12000",
    ],
  ];
  it.each(refused)("%s", async (_, body, status, error) => {
    const answer = await infer(server, body as object);
    expect({ status: answer.status, body: answer.body }).toEqual({ status, body: { error } });
    expect(answer.headers.get("x-request-id")).toMatch(/./);
    expect(shop.asked).toEqual([]);
  });

  it("bytes that are not what their header says", async () => {
    const tensors = [candidate, history];
    const { body, headers } = binary(tensors);
    const [, json] = /^(\d+)$/.exec(headers["inference-header-content-length"])!;
    const errorOf = async (bytes: Uint8Array, given: Record<string, string>) =>
      (await infer(server, bytes, given)).body.error;
    const length = "inference-header-content-length";
    expect(await errorOf(body.subarray(0, -1), headers)).toBe(
      "input history: expected a binary_data_size of at most the 5 bytes that there are",
    );
    expect(await errorOf(Buffer.concat([body, Buffer.alloc(3)]), headers)).toBe(
      "3 bytes behind the JSON belong to no input",
    );
    expect(await errorOf(body, { [length]: "9999" })).toBe(
      `${length}: expected how many of the ${body.length} bytes are JSON, found 9999`,
    );
    expect(await errorOf(body, {})).toMatch(/^body: not JSON/);
    const wrong = Buffer.from(body);
    wrong[Number(json) + 4] = 0xff;
    expect(await errorOf(wrong, headers)).toBe("input candidate: expected UTF-8 at 0, found other bytes");
    wrong.writeUInt32LE(2 ** 31, Number(json));
    expect(await errorOf(wrong, headers)).toBe("input candidate: expected the whole of value 0, found a part");
  });

  it("bodies that unpack to more than is taken, or do not unpack", async () => {
    const packed = gzipSync(Buffer.alloc(5_000_000, " "));
    const { status, body } = await infer(server, packed, { "content-encoding": "gzip" });
    expect({ status, body }).toEqual({ status: 413, body: { error: "body: expected at most 1048576 bytes" } });
    const given = { "content-encoding": "gzip" };
    expect((await infer(server, "{}", given)).body.error).toBe(
      "content-encoding: expected a body in gzip, found another one",
    );
    expect((await infer(server, "{}", { "content-encoding": "br" })).status).toBe(415);
  });

  it("models, versions, paths and methods that there are not, and requests without the token", async () => {
    const answerOf = async (path: string, init?: RequestInit) => {
      const { status, body } = await ask(server, path, init);
      return [status, body.error];
    };
    const unknown = "unknown model 'none', expected one of shop";
    expect(await answerOf("/v2/models/none")).toEqual([404, expect.stringContaining(unknown)]);
    expect(await answerOf("/v2/models/none/infer", { method: "POST", body: "{}" })).toEqual([
      404,
      expect.stringContaining(unknown),
    ]);
    const other = `model shop has no such version: the one that answers is ${shop.version}`;
    for (const path of ["", "/ready"])
      expect(await answerOf(`/v2/models/shop/versions/1${path}`)).toEqual([404, other]);
    expect(await answerOf("/v2/models/shop/versions/1/infer", { method: "POST", body: "{}" })).toEqual([404, other]);
    expect(await answerOf("/v2/models/shop/infer")).toEqual([405, expect.stringContaining("POST")]);
    expect(await answerOf("/v2/repository/index")).toEqual([
      404,
      "nothing is served at /v2/repository/index: /docs describes what is",
    ]);
    const guarded = await shop.server({ token: "0123456789abcdef" });
    const refusal = await ask(guarded, "/v2/models/shop");
    expect([refusal.status, refusal.body]).toEqual([401, { error: expect.stringContaining("Bearer TOKEN") }]);
    expect((await ask(guarded, "/v2/health/ready/")).status).toBe(200);
  });
});

describe("no body is answered with a failure of the server", () => {
  const words = fc.constantFrom("candidate", "user", "history", "time", "candidate.price", "context.hour", "x");
  const datatypes = fc.constantFrom("BYTES", "FP64", "FP32", "INT64", "BOOL", "UINT8", "FP16");
  const value = fc.oneof(
    fc.string(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.constantFrom("[]", '["a"]', "a"),
  );
  const tensor = fc.record(
    {
      name: words,
      datatype: datatypes,
      shape: fc.oneof(fc.constantFrom([1], [2], [2, 1]), fc.array(fc.integer(), { maxLength: 3 })),
      data: fc.array(fc.oneof(value, fc.array(value, { maxLength: 2 })), { maxLength: 3 }),
      parameters: fc.dictionary(fc.constantFrom("binary_data_size", "shared_memory_region", "y"), fc.anything()),
    },
    { requiredKeys: ["name", "datatype", "shape"] },
  );
  const request = fc.record(
    {
      inputs: fc.array(tensor, { maxLength: 4 }),
      outputs: fc.anything(),
      parameters: fc.anything(),
      id: fc.anything(),
    },
    { requiredKeys: ["inputs"] },
  );
  const isRefusal = ({ status, body }: { status: number; body: { error?: unknown } }) =>
    status === 200 || (status < 500 && typeof body.error === "string" && !body.error.includes("\n"));

  it("in JSON", async () => {
    const body = fc.oneof(request, fc.jsonValue(), fc.string()).map((given) => JSON.stringify(given) ?? "");
    await fc.assert(
      fc.asyncProperty(body, async (text) => {
        expect(await infer(server, text)).toSatisfy(isRefusal);
      }),
      { numRuns: 150 },
    );
  });

  it("in bytes", async () => {
    const { body, headers } = binary(samples(0, 3));
    const length = Number(headers["inference-header-content-length"]);
    const change = fc.tuple(fc.nat(body.length - 1), fc.nat(255));
    const changes = fc.tuple(
      fc.array(change, { maxLength: 4 }),
      fc.integer({ min: -9, max: 9 }),
      fc.integer({ min: -60, max: 9 }),
    );
    await fc.assert(
      fc.asyncProperty(changes, async ([bytes, shift, end]) => {
        const changed = Buffer.concat([body, Buffer.alloc(9)]).subarray(0, body.length + end);
        for (const [at, byte] of bytes) if (at < changed.length) changed[at] = byte;
        const said = { "inference-header-content-length": String(length + (shift % 3)) };
        expect(await infer(server, changed, said)).toSatisfy(isRefusal);
      }),
      { numRuns: 150 },
    );
  });
});
