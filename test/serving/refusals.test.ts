/** What is refused, and how it is said; what is answered on every route, without a socket. */
import { beforeEach, describe, expect, it } from "vitest";
import { failure } from "../../src/errors/failure.ts";
import type { Exchange } from "../../src/serving/exchange.ts";
import { logger } from "../../src/serving/log.ts";
import { saidOf } from "../../src/serving/refusal.ts";
import type { Server } from "../../src/serving/server.ts";
import type { BehaviourStore } from "../../src/store/store.ts";
import { ask, fakeModel, fakeModels, post, serverOf } from "./support.ts";

const request = { user: "u", history: ["x"], candidates: ["a"] };
const json = { "content-type": "application/json" };
let server: Server;
beforeEach(async () => {
  server = await serverOf({ limits: { maxCandidates: 3, maxHistory: 4, maxEvents: 2, maxBody: 2048 } });
});

const deep = `${"[".repeat(40)}${"]".repeat(40)}`;

describe("a body", () => {
  it.each<[string, string | Uint8Array<ArrayBuffer>, number, string, string?]>([
    ["that is empty", "", 400, "serving.not-json", "body"],
    ["that is cut off", '{"user": "u", ', 400, "serving.not-json", "body"],
    ["that is no object", "[]", 400, "request.invalid"],
    ["with bytes that are no UTF-8", new Uint8Array([0x22, 0xff, 0x22]), 400, "serving.not-json", "body"],
    ["that is deep", `{"user":"u","candidates":["a"],"context":${deep}}`, 400, "serving.not-json", "body"],
    ["with half a character", '{"user":"\\ud800","candidates":["a"]}', 400, "serving.not-json", "body"],
    ["that is too large", JSON.stringify({ ...request, user: "u".repeat(3000) }), 413, "serving.too-large", "body"],
    ["with too many candidates", '{"candidates":[1,2,3,4],"user":[[]]}', 413, "serving.too-many", "candidates"],
    ["with a long history", '{"history":[1,2,3,4,5],"user":0}', 413, "serving.too-many", "history"],
    ["without candidates", '{"user":"u"}', 400, "request.invalid", "candidates"],
    ["with no candidate", '{"user":"u","candidates":[]}', 400, "request.invalid", "candidates"],
    ["with a wrong candidate", '{"user":"u","candidates":["a",[1]]}', 400, "request.invalid", "candidates.1"],
    ["with a key that there is none of", '{"user":"u","candidates":["a"],"top":1}', 400, "request.invalid", "top"],
    [
      "with __proto__",
      '{"user":"u","candidates":["a"],"__proto__":{"history":[]}}',
      400,
      "request.invalid",
      "__proto__",
    ],
    ["of an unknown model", '{"user":"u","candidates":["a"],"model":"b"}', 404, "settings.unknown-model", "model"],
  ])("%s is refused", async (_, body, status, code, field) => {
    const answer = await ask(server, "/v1/score", { method: "POST", body, headers: json });
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({
      error: { code, message: expect.stringMatching(/^\S.*\S$/), ...(field === undefined ? {} : { field }) },
      request_id: expect.any(String),
    });
    expect(answer.body.error.message).not.toContain("\n");
  });

  it("may have a pair of surrogates as escapes, and a backslash before what looks like half of one", async () => {
    const body = '{"user":"\\ud83d\\ude00 \\\\ud800","candidates":["a"],"history":[]}';
    expect((await post(server, "/v1/score", body)).status).toBe(200);
  });

  it("counts a key that stands twice as its last, and nothing of it reaches other requests", async () => {
    const body = '{"user":"u","candidates":["a"],"candidates":["a","b"],"history":[{"__proto__":1}]}';
    expect((await post(server, "/v1/score", body)).body.probabilities).toHaveLength(2);
    expect(({} as Record<string, unknown>).item).toBeUndefined();
  });

  it.each([
    [{ "content-type": "text/plain" }, 415],
    [{ "content-type": "application/json; charset=latin1" }, 415],
    [{ "content-type": "application/json; charset=UTF-8" }, 200],
    [{ "content-type": "application/problem+json" }, 200],
  ])("of type %j: %i", async (headers, status) => {
    const answer = await ask(server, "/v1/score", { method: "POST", body: JSON.stringify(request), headers });
    expect(answer.status).toBe(status);
  });
});

describe("paths and methods", () => {
  it.each([
    ["GET", "/v1/nothing", 404, "serving.no-route"],
    ["GET", "/docs/", 404, "serving.no-route"],
    ["GET", "/v1/score", 405, "serving.wrong-method"],
    ["OPTIONS", "/v1/score", 405, "serving.wrong-method"],
    ["PUT", "/v1/users/u/history", 405, "serving.wrong-method"],
    ["GET", "/v1/users/%ff/history", 400, "serving.wrong-path"],
    ["DELETE", "/v1/users/%00/history", 400, "request.invalid"],
    ["GET", "/v1/users/u/history?most=0", 400, "request.invalid"],
    ["GET", "/v1/users/u/history?least=1", 400, "request.invalid"],
  ])("%s %s: %i", async (method, path, status, code) => {
    const { status: found, body, headers } = await ask(server, path, { method });
    expect([found, body.error.code]).toEqual([status, code]);
    expect(headers.get("allow")).toBe(status !== 405 ? null : path.endsWith("history") ? "GET, HEAD, DELETE" : "POST");
  });

  it("how many behaviours are shown by default is documented", async () => {
    const answer = await server.fetch(new Request("http://localhost/openapi.json"));
    const { paths } = (await answer.json()) as { paths: Record<string, { get: { parameters: object[] } }> };
    const { parameters } = paths["/v1/users/{user}/history"].get;
    expect(parameters).toContainEqual(
      expect.objectContaining({ name: "most", required: false, schema: expect.objectContaining({ default: 100 }) }),
    );
  });

  it("a number that is none is shown as it was asked", async () => {
    const { body } = await ask(server, "/v1/users/u/history?most=abc");
    expect(body.error.message).toBe('most: expected a whole number, 1 to 10000, found "abc"');
  });

  it("a request may name itself, and a strange name is replaced", async () => {
    const named = await ask(server, "/livez", { headers: { "x-request-id": "order:7" } });
    expect(named.body.request_id).toBe("order:7");
    const strange = await ask(server, "/livez", { headers: { "x-request-id": "a b" } });
    expect(strange.body.request_id).toMatch(/^[\da-f-]{36}$/);
  });
});

describe("time", () => {
  it("is limited by the client, and by the server", async () => {
    const never = fakeModel("a", () => new Promise(() => {}));
    const slow = await serverOf({ models: fakeModels(never), limits: { maxSeconds: 0.1 } });
    for (const headers of [{ "x-request-timeout-ms": "20" }, {}]) {
      const { status, body } = await post(slow, "/v1/score", request, headers);
      expect([status, body.error.code]).toEqual([504, "serving.late"]);
    }
    const { status, body } = await post(slow, "/v1/score", request, { "x-request-timeout-ms": "soon" });
    expect([status, body.error.field]).toEqual([400, "x-request-timeout-ms"]);
  });

  it("is not given to more requests than the limit; health is told all the same", async () => {
    let release!: () => void;
    const held = new Promise<void>((done) => {
      release = done;
    });
    const full = await serverOf({ models: fakeModels(fakeModel("a", () => held)), limits: { maxRequests: 2 } });
    const running = [post(full, "/v1/score", request), post(full, "/v1/score", request)];
    const { status, headers, body } = await post(full, "/v1/score", request);
    expect([status, body.error.code, headers.get("retry-after")]).toEqual([503, "serving.overloaded", "1"]);
    expect((await ask(full, "/livez")).status).toBe(200);
    release();
    expect((await Promise.all(running)).map((answer) => answer.status)).toEqual([200, 200]);
    expect((await post(full, "/v1/score", request)).status).toBe(200);
  });
});

describe("a token", () => {
  const token = "correct-horse-battery";

  it("is asked for everywhere but in health", async () => {
    const guarded = await serverOf({ token });
    for (const path of ["/v1/models", "/openapi.json", "/docs", "/nothing"]) {
      const { status, headers } = await ask(guarded, path);
      expect([path, status, headers.get("www-authenticate")]).toEqual([path, 401, "Bearer"]);
    }
    for (const authorization of ["Bearer wrong-horse-battery", "Bearer", token, `Basic ${token}`]) {
      expect((await ask(guarded, "/v1/models", { headers: { authorization } })).status).toBe(401);
    }
    const right = { authorization: `Bearer ${token}` };
    expect((await ask(guarded, "/v1/models", { headers: right })).status).toBe(200);
    for (const path of ["/livez", "/readyz"]) expect((await ask(guarded, path)).status).toBe(200);
  });

  it("too short to be one is refused", async () => {
    await expect(serverOf({ token: "short" })).rejects.toMatchObject({ code: "settings.invalid" });
  });
});

it("pages of other origins are let in only where one is named", async () => {
  const preflight = {
    method: "OPTIONS",
    headers: { origin: "https://shop.example", "access-control-request-method": "POST" },
  };
  const closed = await server.fetch(new Request("http://localhost/v1/score", preflight));
  expect(closed.headers.get("access-control-allow-origin")).toBeNull();
  const open = await serverOf({ cors: "https://shop.example", token: "correct-horse-battery" });
  const allowed = await open.fetch(new Request("http://localhost/v1/score", preflight));
  expect([allowed.status, allowed.headers.get("access-control-allow-origin")]).toEqual([204, "https://shop.example"]);
});

it("an origin that no browser would send is refused", async () => {
  await expect(serverOf({ cors: "https://shop.example/" })).rejects.toMatchObject({
    message: expect.stringContaining("expected an origin, such as https://shop.example"),
  });
});

it("where files of the server lie is not told", () => {
  const damaged = failure("file.damaged", { path: "/srv/runs/a/model/weights.safetensors", problem: "it is empty" });
  expect(saidOf(damaged).message).toBe("model/weights.safetensors is damaged: it is empty");
  expect(saidOf(failure("serving.no-route", { path: "/v1/no/where" })).message).toContain("/v1/no/where");
});

it("good health is not logged", async () => {
  const lines: string[] = [];
  const logged = await serverOf({ listeners: [logger((line) => lines.push(line), false)] });
  for (const path of ["/livez", "/readyz", "/v2/health/live", "/v2/health/ready"]) {
    expect((await logged.fetch(new Request(`http://localhost${path}`))).status).toBe(200);
  }
  expect(lines).toEqual([]);
});

describe("a failure of the server's", () => {
  const seen: Exchange[] = [];
  const failing = (error: Error) =>
    serverOf({
      models: fakeModels(
        fakeModel("a", async () => {
          throw error;
        }),
      ),
      listeners: [(exchange) => seen.push(exchange)],
    });

  it("is told by its kind; what it says is for the log", async () => {
    const defect = await post(await failing(new TypeError("secret of /home/me")), "/v1/score", request);
    expect(defect.status).toBe(500);
    expect(JSON.stringify(defect.body)).not.toContain("secret");
    const full = failure("store.disk-full", { path: "/home/me", reason: "no space" });
    const { status, body } = await post(await failing(full), "/v1/score", request);
    expect([status, body.error.code]).toEqual([507, "store.disk-full"]);
    expect(JSON.stringify(body)).not.toContain("/home");
    const lines: string[] = [];
    for (const exchange of seen) logger((line) => lines.push(line), false)(exchange);
    expect(JSON.parse(lines[0])).toMatchObject({
      level: "error",
      code: "system.defect",
      stack: expect.stringContaining("secret"),
    });
    expect(JSON.parse(lines[1])).toMatchObject({ level: "error", code: "store.disk-full" });
  });
});

it("readiness asks the store", async () => {
  const store = { check: async () => Promise.reject(failure("store.unavailable", { path: "x", reason: "gone" })) };
  const unready = await serverOf({ store: { ...store, close: async () => {} } as unknown as BehaviourStore });
  const { status, body } = await ask(unready, "/readyz");
  expect([status, body.error.code]).toEqual([503, "store.unavailable"]);
  expect((await ask(unready, "/livez")).status).toBe(200);
});

it("the log has a line a request, without what is personal", async () => {
  const lines: { json: string[]; words: string[] } = { json: [], words: [] };
  const logged = await serverOf({
    token: "correct-horse-battery",
    listeners: [logger((line) => lines.json.push(line), false), logger((line) => lines.words.push(line), true)],
  });
  const headers = { authorization: "Bearer correct-horse-battery", "x-request-id": "r1" };
  await post(logged, "/v1/score", { ...request, user: "anna" }, headers);
  await ask(logged, "/v1/users/anna/history", { method: "DELETE", headers });
  await ask(logged, "/v1/users/anna?name=anna", { headers });
  await ask(logged, "/livez");
  expect(lines.json.map((line) => JSON.parse(line))).toMatchObject([
    { level: "info", request_id: "r1", route: "/v1/score", status: 200, model: "a", candidates: 1 },
    { level: "info", route: "/v1/users/{user}/history", status: 200 },
    { level: "warn", route: null, status: 404, code: "serving.no-route" },
  ]);
  expect(lines.words[0]).toMatch(/^info {3}POST \/v1\/score 200 {2}[\d.]+ ms {2}a, 1 candidates {2}r1$/);
  expect([...lines.json, ...lines.words].join()).not.toMatch(/anna|horse/);
});
