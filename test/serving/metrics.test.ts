/** What a scrape says of requests, scoring, models, the store and the process. */
import { register } from "prom-client";
import { expect, it } from "vitest";
import { failure } from "../../src/errors/failure.ts";
import type { ModelEvent } from "../../src/serving/models/events.ts";
import { openStore } from "../../src/store/open.ts";
import { ask, post, serverOf } from "./support.ts";
import { scrape, watchedModels } from "./watched.ts";

const request = { user: "u", history: ["x"], candidates: ["a", "b"] };
const scored = (model: string, probabilities: number[]): ModelEvent => ({
  ...{ kind: "scored", model, version: "v", waited: 0, took: 0, probabilities: Float32Array.from(probabilities) },
  counts: {
    ...{ candidates: probabilities.length, behaviours: 7, users: 1 },
    unknown: { candidates: 1, behaviours: 3, users: 1 },
  },
});

it("requests are counted by route, status and code, and timed as a whole and by stage", async () => {
  const server = await serverOf();
  await post(server, "/v1/score", request);
  await post(server, "/v1/score", { user: "u", candidates: ["a"] });
  await post(server, "/v1/score", "{");
  await ask(server, "/v1/users/somebody/history");
  await ask(server, "/nowhere");
  const { value, status, contentType } = await scrape(server);
  expect([status, contentType]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
  const [method, route] = ["POST", "/v1/score"];
  expect(value("dien_http_requests_total", { method, route, status: "200" })).toBe(2);
  expect(value("dien_http_requests_total", { method, route, status: "400" })).toBe(1);
  expect(value("dien_http_requests_total", { method: "GET", route: "none", status: "404" })).toBe(1);
  expect(value("dien_http_requests_total", { method: "GET", route: "/v1/users/{user}/history", status: "200" })).toBe(
    1,
  );
  expect(value("dien_http_errors_total", { route, code: "serving.not-json" })).toBe(1);
  expect(value("dien_http_errors_total", { route: "none", code: "serving.no-route" })).toBe(1);
  expect(value("dien_http_request_duration_seconds_count", { method, route })).toBe(3);
  const stages = (stage: string) => value("dien_http_stage_duration_seconds_count", { route, stage });
  expect([stages("read"), stages("store"), stages("answer")]).toEqual([3, 1, 2]);
  expect(value("dien_http_requests_running")).toBe(0);
});

it("scoring is counted by model: candidates, unknown ones, scores, batches, threads", async () => {
  const { models, tell } = watchedModels("a", "b");
  const server = await serverOf({ models });
  tell(
    scored("a", [0.0005, 0.03, 0.95]),
    scored("a", [0.03]),
    scored("b", [1]),
    { kind: "batch", model: "a", version: "v", requests: 2, candidates: 4, reading: 0.1, replay: 0.25 },
    { kind: "thread-ended", model: "a", version: "v", reason: "gone" },
  );
  const { value } = await scrape(server);
  const model = "a";
  expect(value("dien_request_candidates_sum", { model })).toBe(4);
  expect(value("dien_request_behaviours_sum", { model })).toBe(14);
  expect(value("dien_users_total", { model })).toBe(2);
  expect(value("dien_unknown_candidates_total", { model })).toBe(2);
  expect(value("dien_unknown_behaviours_total", { model })).toBe(6);
  expect(value("dien_unknown_users_total", { model })).toBe(2);
  const upTo = (le: string) => value("dien_score_bucket", { model, le });
  expect(["0.001", "0.02", "0.05", "0.9", "+Inf"].map(upTo)).toEqual([1, 1, 3, 3, 4]);
  expect(value("dien_score_count", { model })).toBe(4);
  expect(value("dien_score_sum", { model })).toBeCloseTo(1.0105, 6);
  expect(value("dien_score_bucket", { model: "b", le: "0.9" })).toBe(0);
  expect(value("dien_score_bucket", { model: "b", le: "+Inf" })).toBe(1);
  expect(value("dien_batch_requests_bucket", { model, le: "2" })).toBe(1);
  expect(value("dien_batch_candidates_sum", { model })).toBe(4);
  expect(value("dien_thread_busy_seconds_total", { model })).toBe(0.25);
  expect(value("dien_threads_ended_total", { model })).toBe(1);
});

it("models are named with their version; loads, refusals and shadows are counted", async () => {
  const { models, tell } = watchedModels("a", "b");
  const server = await serverOf({ models });
  const before = await scrape(server);
  expect(before.value("dien_model_loads_total", { model: "a", result: "refused" })).toBe(0);
  tell(
    { kind: "loaded", model: "a", version: "v2", took: 1 },
    { kind: "rolled-back", model: "a", version: "v", took: 0 },
    { kind: "load-refused", model: "a", reason: "damaged" },
    { kind: "load-refused", model: "a", reason: "damaged", code: "run.no-samples" },
    ...([true, false] as const).map((sameFirst): ModelEvent => {
      const differences = { candidates: 3, bias: -0.01, distance: 0.02, farthest: 0.5, sameFirst };
      return { kind: "compared", model: "a", shadow: "b", ...differences };
    }),
    { kind: "not-compared", model: "a", shadow: "b", reason: "busy" },
  );
  const { value } = await scrape(server);
  expect(value("dien_model_info", { model: "a", version: "a-sha" })).toBe(1);
  expect(value("dien_model_since_timestamp_seconds", { model: "b" })).toBe(0);
  const loads = (result: string) => value("dien_model_loads_total", { model: "a", result });
  expect(["loaded", "rolled-back", "refused"].map(loads)).toEqual([1, 1, 2]);
  const pair = { model: "a", shadow: "b" };
  expect(value("dien_shadow_requests_total", { ...pair, result: "compared" })).toBe(2);
  expect(value("dien_shadow_requests_total", { ...pair, result: "busy" })).toBe(1);
  expect(value("dien_shadow_same_first_total", pair)).toBe(1);
  expect(value("dien_shadow_distance_sum", pair)).toBeCloseTo(0.04, 10);
  expect(value("dien_queue_requests", { state: "waiting" })).toBe(3);
  expect(value("dien_queue_requests", { state: "running" })).toBe(2);
});

it("the store is measured, and a scrape goes on without it", async () => {
  const store = await openStore("memory:", { most: 100 });
  const server = await serverOf({ store });
  const event = { id: "1", user: "u", time: Date.now(), item: "i" };
  expect((await post(server, "/v1/events", { events: [event, { ...event, id: "2" }] })).status).toBe(200);
  await post(server, "/v1/events", { events: [event] });
  const up = await scrape(server);
  expect([up.value("dien_store_up"), up.value("dien_store_users"), up.value("dien_store_events")]).toEqual([1, 1, 2]);
  expect(up.value("dien_store_bytes")).toBeUndefined();
  expect(up.value("dien_store_appended_events_total", { result: "added" })).toBe(2);
  expect(up.value("dien_store_appended_events_total", { result: "known" })).toBe(1);
  expect(up.value("dien_store_operation_duration_seconds_count", { operation: "append" })).toBe(2);

  const fail = async () => {
    throw failure("store.unavailable", { path: "redis://somewhere", reason: "it is gone" });
  };
  const [history, size] = [store.history, store.size];
  Object.assign(store, { history: fail, size: fail });
  expect((await ask(server, "/v1/users/u/history")).status).toBe(503);
  const down = await scrape(server);
  expect([down.status, down.value("dien_store_up"), down.value("dien_store_users")]).toEqual([200, 0, undefined]);
  const errors = (operation: string) => down.value("dien_store_errors_total", { operation, code: "store.unavailable" });
  expect([errors("history"), errors("size")]).toEqual([1, 1]);
  Object.assign(store, { history, size });
  expect((await scrape(server)).value("dien_store_up")).toBe(1);
});

it("events of items that no model knows, and of times that no event has, are stored, told and counted", async () => {
  const store = await openStore("memory:", { most: 100 });
  const server = await serverOf({ store });
  const tomorrow = Date.now() + 23 * 3_600_000;
  const events = [
    { user: "u", item: "i", time: tomorrow },
    { user: "u", item: "i", time: "1969-12-31" },
    { user: "u", item: "unknown", time: "2099-01-01" },
    { user: "u", item: { item: "unknown 2", shop: "s" }, time: "2020-01-01" },
  ];
  const { body } = await post(server, "/v1/events", { events });
  expect(body).toMatchObject({ added: 4, unknown: 2, unlikely: 2, ignored: 0 });
  expect((await store.size()).events).toBe(4);
  const { value } = await scrape(server);
  expect(value("dien_odd_events_total", { reason: "unknown" })).toBe(2);
  expect(value("dien_odd_events_total", { reason: "unlikely" })).toBe(2);
});

it("more requests make no more series, whatever they ask", async () => {
  const { models, tell } = watchedModels("a");
  const server = await serverOf({ models, limits: { maxHistory: 5 } });
  const all = async (round: number) => {
    for (let i = 0; i < 20; i++) {
      const name = `${round} ${i}`;
      await post(server, "/v1/score", { ...request, user: name, candidates: [name], model: i % 2 ? name : "a" });
      await post(server, `/v1/models/${name}/load`, {});
      await ask(server, `/v1/users/${name}/history`);
      await ask(server, `/${name}`, { method: `M${round}X${i}` });
      tell(scored("a", [i / 20]));
    }
    return (await scrape(server)).samples.filter(({ name }) => name.startsWith("dien_")).length;
  };
  await all(0);
  expect(await all(1)).toBe(await all(2));
});

it("names and types are by the conventions of Prometheus, and a program's own registry is left alone", async () => {
  const { models, tell } = watchedModels("a", "b");
  const server = await serverOf({ models });
  tell(scored("a", [0.5]));
  const { families } = await scrape(server);
  for (const [name, { type, help, samples }] of families) {
    expect(help, name).toMatch(/\S/);
    if (!name.startsWith("dien_")) continue;
    expect(name.endsWith("_total"), name).toBe(type === "counter");
    expect(help, name).toMatch(/\.$/);
    const suffixes = type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
    for (const sample of samples) expect(suffixes.map((suffix) => name + suffix)).toContain(sample.name);
  }
  expect([...families.keys()]).toEqual(
    expect.arrayContaining(["process_resident_memory_bytes", "nodejs_eventloop_lag_p99_seconds"]),
  );
  expect(register.getMetricsAsArray()).toEqual([]);
});
