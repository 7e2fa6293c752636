/** What the Open Inference Protocol refuses, and that no body makes the server fail. */
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Server } from "../../src/serving/server.ts";
import { ask, binary, infer, openShop, type Shop, samplesOf, texts } from "./inference-support.ts";

let shop: Shop;
let server: Server;
beforeAll(async () => {
  shop = await openShop();
  server = await shop.server();
});
beforeEach(() => {
  shop.asked.length = 0;
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
    const { body, headers } = binary(samplesOf(shop, 0, 3));
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
