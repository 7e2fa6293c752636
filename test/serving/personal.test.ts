/** What requests say of people, and their tokens, get into no log and no metric, whatever becomes of the requests. */
import { expect, it } from "vitest";
import { failure } from "../../src/errors/failure.ts";
import { logger, modelLogger } from "../../src/serving/log.ts";
import type { Server, ServerOptions } from "../../src/serving/server.ts";
import { openStore } from "../../src/store/open.ts";
import { fakeModel, fakeModels, serverOf } from "./support.ts";
import { scrape } from "./watched.ts";

const MARK = "Marked7Person";
const token = `${MARK}-token-0123456789`;
const lines: string[] = [];
const listeners = [logger((line) => lines.push(line), false), logger((line) => lines.push(line), true)];

interface Operation {
  readonly method: string;
  readonly path: string;
}

async function operationsOf(server: Server): Promise<Operation[]> {
  const response = await server.fetch(new Request("http://localhost/openapi.json", { headers: bearer(token) }));
  const { paths } = (await response.json()) as { paths: Record<string, object> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ path, method: method.toUpperCase() })),
  );
}

const bearer = (given: string) => ({ authorization: `Bearer ${given}` });
const time = Date.now();
const behaviour = { id: `${MARK}-id`, user: MARK, item: MARK, time };
const bodies: unknown[] = [
  { user: MARK, history: [MARK, { item: MARK, [MARK]: MARK }], candidates: [MARK], candidate: MARK },
  { user: MARK, history: [MARK], candidates: [MARK] },
  { user: { user: MARK }, candidates: [{ item: MARK }] },
  { user: MARK, history: [MARK], candidate: MARK },
  { user: MARK, candidates: [MARK], model: MARK },
  { user: MARK, candidates: [MARK], time: MARK },
  { user: MARK, candidates: Array.from({ length: 50 }, () => MARK) },
  { [MARK]: MARK },
  { events: [behaviour] },
  { events: [{ ...behaviour, time: MARK }, { [MARK]: MARK }] },
  { run: `/${MARK}` },
  {},
  `{"user": "${MARK}"`,
  `"${MARK}"`,
];
const headers: Record<string, string>[] = [
  bearer(token),
  { ...bearer(token), traceparent: MARK, tracestate: MARK, cookie: MARK, "user-agent": MARK, "x-forwarded-for": MARK },
  { ...bearer(token), "content-type": MARK },
  { ...bearer(token), "x-request-id": `${MARK} with a space`, "x-request-timeout-ms": MARK },
  bearer(`${MARK}-wrong`),
];

/** Asks a server everything, in every way. */
async function askAll(server: Server): Promise<Set<number>> {
  const statuses = new Set<number>();
  const unknown = [`/${MARK}`, `/v1/${MARK}`, `/v1/users/${MARK}/history/${MARK}`, "/v1/users/%ff/history"];
  const operations = [
    ...(await operationsOf(server)),
    ...unknown.flatMap((path) => ["GET", "POST", "DELETE"].map((method) => ({ path, method }))),
    { path: "/v1/score", method: "DELETE" },
  ];
  for (const { method, path } of operations) {
    const url = `http://localhost${path.replaceAll(/\{\w+\}/g, MARK)}?${MARK}=${MARK}&most=${MARK}`;
    for (const given of headers) {
      const some = given === headers[0] ? bodies : bodies.slice(0, 1);
      for (const body of method === "POST" ? some : [null]) {
        const text = body === null ? null : typeof body === "string" ? body : JSON.stringify(body);
        const response = await server.fetch(
          new Request(url, { method, body: text, headers: { "content-type": "application/json", ...given } }),
        );
        statuses.add(response.status);
        await response.text();
      }
    }
  }
  return statuses;
}

it.each<[string, () => Promise<Partial<ServerOptions>>, number[]]>([
  ["that works", async () => ({}), [200, 400, 401, 404, 405, 413, 415]],
  [
    "whose models and store fail",
    async () => {
      const fail = async () => {
        throw failure("store.unavailable", { path: "redis://somewhere", reason: "it is gone" });
      };
      const overloaded = async () => {
        throw failure("scoring.overloaded", { name: "a", waiting: 7 });
      };
      const store = Object.assign(await openStore("memory:", { most: 10 }), {
        ...{ append: fail, history: fail, erase: fail },
      });
      return { store, models: fakeModels({ ...fakeModel("a"), score: overloaded, explain: overloaded }) };
    },
    [400, 401, 404, 503],
  ],
])("nothing of it is written by a server %s", async (_, options, expected) => {
  lines.length = 0;
  const server = await serverOf({ token, listeners, limits: { maxCandidates: 20 }, ...(await options()) });
  const statuses = await askAll(server);
  expect([...statuses]).toEqual(expect.arrayContaining(expected));
  const { text } = await scrape(server, bearer(token));
  expect(lines.length).toBeGreaterThan(300);
  expect(text).toContain("dien_http_requests_total{");
  expect([...lines, ...text.split("\n")].filter((line) => line.includes(MARK))).toEqual([]);
});

it("a line has the request's id, its route, what became of it, how long it took, who scored, and its trace", async () => {
  lines.length = 0;
  const server = await serverOf({ listeners: [logger((line) => lines.push(line), false)] });
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const response = await server.fetch(
    new Request("http://localhost/v1/score", {
      method: "POST",
      body: JSON.stringify({ user: "u", history: [], candidates: ["a", "b"] }),
      headers: { "content-type": "application/json", traceparent: `00-${traceId}-b7ad6b7169203331-01` },
    }),
  );
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    {
      ...{ time: expect.any(String), level: "info", request_id: response.headers.get("x-request-id") },
      ...{ method: "POST", route: "/v1/score", status: 200, ms: expect.any(Number) },
      ...{ model: "a", version: "a-sha", candidates: 2, trace_id: traceId },
    },
  ]);
});

it("what becomes of a model is a line with the reason; its scoring is none", () => {
  const told: string[] = [];
  for (const forPeople of [false, true]) {
    const tell = modelLogger((line) => told.push(line), forPeople);
    tell({ kind: "loaded", model: "a", version: "v2", took: 1.25 });
    tell({ kind: "load-refused", model: "a", reason: "it is damaged" });
    tell({ kind: "batch", model: "a", version: "v2", requests: 1, candidates: 1, reading: 0, replay: 0 });
  }
  const time = expect.any(String);
  expect(told.slice(0, 2).map((line) => JSON.parse(line))).toEqual([
    { time, level: "info", event: "loaded", model: "a", version: "v2", ms: 1250 },
    { time, level: "error", event: "load-refused", model: "a", reason: "it is damaged" },
  ]);
  expect(told.slice(2)).toEqual([
    "info   model a loaded  version v2  1250 ms",
    "error  model a load-refused  it is damaged",
  ]);
});
