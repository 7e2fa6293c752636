/** Experiments in the server: who gets which model, what answers and records say of it, and how definitions change. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import type { ArmCounts } from "../../src/ab/bandit/thompson.ts";
import { assign } from "../../src/ab/experiment/assign.ts";
import { parseExperiment } from "../../src/ab/experiment/experiment.ts";
import type { Records } from "../../src/ab/records/records.ts";
import { failure } from "../../src/errors/failure.ts";
import type { ExperimentEvent } from "../../src/serving/experiments/events.ts";
import { RunningExperiment } from "../../src/serving/experiments/running.ts";
import { ask, fakeModel, fakeModels, memoryRecords, post, serverOf } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "dien-experiment-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NOW = Date.parse("2026-11-26T12:00:00Z");
const definition = {
  name: "trial",
  arms: [
    { name: "control", model: "a" },
    { name: "new", model: "b" },
  ],
};

const models = () => fakeModels(fakeModel("a"), fakeModel("b"));

async function serverWith(value: unknown, records: Records = memoryRecords(), earned?: () => Map<string, ArmCounts>) {
  const experiment = {
    definition: parseExperiment(value, join(folder, "ab.yaml")),
    ...{ records, clock: () => NOW },
    earned: earned && (async () => earned()),
  };
  return await serverOf({ models: models(), experiment });
}

const request = (user: unknown) => ({ user, history: [], candidates: ["x", "yy", "zzz"] });
const users = Array.from({ length: 60 }, (_, i) => `user ${i}`);

describe("an experiment", () => {
  it("gives each user the model of the arm, which answers and records name", async () => {
    const records = memoryRecords();
    const server = await serverWith(definition, records);
    const seen = new Map<string, number>();
    for (const user of users) {
      const assignment = assign(parseExperiment(definition, "ab.yaml"), user, {}, NOW);
      const { arm } = assignment as Extract<typeof assignment, { arm: unknown }>;
      for (const again of [1, 2]) {
        const { body } = await post(
          server,
          "/v1/rank",
          { ...request(user), top: 2 },
          { "x-request-id": `${user.replace(" ", "-")}-${again}` },
        );
        expect(body.model).toBe(arm.model);
        expect(body.experiment).toEqual({ name: "trial", arm: arm.name });
        expect(body.ranking.map(({ impression }: { impression: string }) => impression)).toEqual([
          `${body.request_id}.1`,
          `${body.request_id}.2`,
        ]);
      }
      seen.set(arm.name, (seen.get(arm.name) ?? 0) + 1);
    }
    expect([...seen.keys()].sort()).toEqual(["control", "new"]);
    expect(records.rows.length).toBe(users.length * 4);
    expect(records.rows[1]).toEqual({
      ...{ id: "user-0-1.2", time: NOW, experiment: "trial", arm: records.rows[0].arm, user: "user 0", propensity: 1 },
      ...{
        model: records.rows[0].model,
        version: `${records.rows[0].model}-sha`,
        item: expect.any(String),
        position: 2,
      },
      ...{ probability: expect.any(Number), fields: {} },
    });
  });

  it("records the candidates of a request for scores without places, and the fields of its user without the key", async () => {
    const records = memoryRecords();
    const server = await serverWith({ ...definition, who: { country: "CN" } }, records);
    const user = { user: "u", country: "CN" };
    const { body } = await post(server, "/v1/score", request(user), { "x-request-id": "r" });
    expect(body.experiment.name).toBe("trial");
    expect(records.rows.slice(-3)).toEqual(
      ["x", "yy", "zzz"].map((item, i) => {
        const probability = body.probabilities[i];
        return expect.objectContaining({ id: "r", item, position: null, probability, fields: { country: "CN" } });
      }),
    );
  });

  it("explores where it is asked to, and records with which probability and what was asked", async () => {
    const records = memoryRecords();
    const server = await serverWith({ ...definition, policy: { kind: "fixed", explore: 0.5 } }, records);
    const asked = { ...request("user 0"), bids: [1, 2, 3], top: 2 };
    const ask = (id: number) => post(server, "/v1/rank", asked, { "x-request-id": `r${id}` });
    const orders = new Map<string, number>();
    for (let id = 0; id < 200; id++) {
      const { body } = await ask(id);
      const order = body.ranking.map(({ candidate }: { candidate: string }) => candidate);
      orders.set(order.join(), (orders.get(order.join()) ?? 0) + 1);
      const rows = records.rows.slice(-2);
      expect(rows.map(({ item }) => item)).toEqual(order);
      expect(JSON.parse(rows[0].request!)).toEqual({
        ...{ user: "user 0", candidates: ["x", "yy", "zzz"], history: [], bids: [1, 2, 3] },
      });
      expect(rows[1].request).toBeUndefined();
      for (const { propensity } of rows)
        expect([0.5 / 3, 0.5 + 0.5 / 3]).toContainEqual(expect.closeTo(propensity!, 12));
    }
    // As it is ranked, in half of the requests and a sixth of the others; all six orders occur.
    expect(Math.max(...orders.values())).toBeGreaterThan(90);
    expect(orders.size).toBe(6);
    expect((await ask(7)).body.ranking).toEqual((await ask(7)).body.ranking);
  });

  it("leaves requests alone that name a model or nobody, explanations, and users out of it", async () => {
    const records = memoryRecords();
    const server = await serverWith({ ...definition, share: 0.5 }, records);
    const answers = await Promise.all(users.map((user) => post(server, "/v1/rank", request(user))));
    const taking = answers.filter(({ body }) => body.experiment !== undefined).length;
    expect(taking).toBeGreaterThan(10);
    expect(taking).toBeLessThan(50);
    const before = records.rows.length;
    for (const asked of [
      { ...request("user 0"), model: "b" },
      request(null),
      request("u".repeat(1001)),
      request("u\0"),
    ]) {
      const { body } = await post(server, "/v1/rank", asked);
      expect(body.model).toBe(Object.hasOwn(asked, "model") ? "b" : "a");
      expect(body.experiment).toBeUndefined();
      expect(body.ranking[0].impression).toBeUndefined();
    }
    const { candidates: _, ...one } = request("user 0");
    expect((await post(server, "/v1/explain", { ...one, candidate: "x" })).body.model).toBe("a");
    expect(records.rows.length).toBe(before);
    const page = await (await server.fetch(new Request("http://localhost/metrics"))).text();
    expect(page).toContain(`dien_experiment_apart_total{experiment="trial",reason="share"} ${60 - taking}`);
    expect(page).toContain('dien_experiment_apart_total{experiment="trial",reason="model"} 1');
    expect(page).toContain('dien_experiment_apart_total{experiment="trial",reason="user"} 3');
    expect(page).toMatch(/dien_experiment_requests_total\{experiment="trial",arm="new",status="200"\} \d+/);
    expect(page).toContain('dien_experiment_share{experiment="trial",arm="new"} 0.25');
  });

  it("answers as without it where it cannot record, and says so", async () => {
    const records: Records = {
      ...memoryRecords(),
      expose: async () =>
        Promise.reject(failure("file.disk-full", { action: "write", path: "records", reason: "full" })),
    };
    const server = await serverWith(definition, records);
    const events: ExperimentEvent[] = [];
    server.experiment!.onEvent((event) => void events.push(event));
    const { status, body } = await post(server, "/v1/rank", request("u"));
    expect([status, body.experiment, body.ranking[0].impression]).toEqual([200, undefined, undefined]);
    expect(events).toMatchObject([{ kind: "not-recorded", exposures: 3, code: "file.disk-full" }]);
    const page = await (await server.fetch(new Request("http://localhost/metrics"))).text();
    expect(page).toContain('dien_experiment_unrecorded_exposures_total{experiment="trial"} 3');
  });

  it.each<[string, unknown, string]>([
    [
      "a model that is not served",
      { arms: [{ name: "a" }, { name: "new", model: "bb" }] },
      'arm new gets model "bb", expected one that is served: a, b; did you mean',
    ],
    [
      "a condition on an unknown field",
      { who: { contry: "CN" } },
      "who.contry: users have no such field, expected one of user, country; did you mean 'country'?",
    ],
  ])("is refused with %s", async (_, change, message) => {
    await expect(serverWith({ ...definition, ...(change as object) })).rejects.toThrow(message);
  });

  it("is refused as a bandit that cannot see what its arms earn", async () => {
    const refused = serverWith({ ...definition, policy: { kind: "thompson" } });
    await expect(refused).rejects.toThrow("createServer: experiment.earned is missing");
  });

  it("is none where there is none", async () => {
    const server = await serverOf();
    expect((await ask(server, "/v1/experiment")).body.error.code).toBe("ab.none");
    expect((await post(server, "/v1/rank", request("u"))).body.experiment).toBeUndefined();
  });
});

describe("a definition that is loaded anew", () => {
  const write = (value: unknown) => writeFileSync(join(folder, "ab.yaml"), JSON.stringify(value));
  const weighted = (...weights: number[]) => ({
    ...definition,
    arms: weights.map((weight, i) => ({ name: `arm ${i}`.replace(" ", "-"), model: "ab"[i % 2], weight })),
  });

  it("takes the place of the one before", async () => {
    const server = await serverWith(definition);
    write({ ...definition, share: 0.5 });
    const { body } = await post(server, "/v1/experiment/load", {});
    expect(body.arms).toEqual([
      { name: "control", model: "a", share: 0.25 },
      { name: "new", model: "b", share: 0.25 },
    ]);
    expect((await ask(server, "/v1/experiment")).body.arms).toEqual(body.arms);
  });

  it.each<[string, unknown, string]>([
    ["is damaged", "name: [", "ab.invalid"],
    ["has an arm without a model", { ...definition, arms: [{ name: "a" }, { name: "c" }] }, "ab.unserved-arm"],
    ["has another seed", { ...definition, seed: "other" }, "ab.other-key"],
    ["has another window", { ...definition, window_hours: 1 }, "ab.other-key"],
  ])("is refused where it %s, and the one before goes on", async (_, value, code) => {
    const server = await serverWith(definition);
    if (typeof value === "string") writeFileSync(join(folder, "ab.yaml"), value);
    else write(value);
    const { status, body } = await post(server, "/v1/experiment/load", {});
    expect([status >= 400, body.error.code]).toEqual([true, code]);
    expect((await post(server, "/v1/rank", request("u"))).body.experiment.name).toBe("trial");
  });

  it("is refused where it would move users without need, until it says what was before", async () => {
    const server = await serverWith(weighted(1, 1, 1));
    write(weighted(2, 1, 1));
    const refused = await post(server, "/v1/experiment/load", {});
    expect(refused.body.error.code).toBe("ab.needless-moves");
    expect(refused.body.error.message).toContain("before: [{weights: {arm-0: 1, arm-1: 1, arm-2: 1}, share: 1}]");
    write({ ...weighted(2, 1, 1), before: [{ weights: { "arm-0": 1, "arm-1": 1, "arm-2": 1 } }] });
    expect((await post(server, "/v1/experiment/load", {})).body.arms[0].share).toBe(0.5);
  });

  it("is found by watching its file", async () => {
    const path = join(folder, "watched.yaml");
    writeFileSync(path, JSON.stringify(definition));
    const options = { definition: parseExperiment(definition, path), records: memoryRecords(), watch: 0.02 };
    const running = await RunningExperiment.open(options, models());
    const next = () => new Promise<ExperimentEvent>((found) => running.onEvent(found));
    await new Promise((ready) => setTimeout(ready, 30));
    writeFileSync(path, "arms: []");
    expect(await next()).toMatchObject({ kind: "load-refused", code: "ab.invalid" });
    writeFileSync(path, JSON.stringify({ ...definition, share: 0.5 }));
    expect(await next()).toEqual({ kind: "loaded", experiment: "trial", moved: 0.5 });
    await running.close();
  });
});

describe("a bandit", () => {
  const bandit = { ...definition, policy: { kind: "thompson", floor: 0.1 } };

  it("gives most users the better arm, keeps the floor, and records with which probability", async () => {
    let counts = new Map<string, ArmCounts>();
    const records = memoryRecords();
    const server = await serverWith(bandit, records, () => counts);
    const shares = async () =>
      (await ask(server, "/v1/experiment")).body.arms.map(({ share }: { share: number }) => share);
    expect(await shares()).toEqual([0.5, 0.5]);
    counts = new Map([
      ["control", { clicks: 100, impressions: 10_000 }],
      ["new", { clicks: 300, impressions: 10_000 }],
    ]);
    await server.experiment!.refresh();
    expect(await shares()).toEqual([0.1, 0.9]);
    for (const user of users) await post(server, "/v1/rank", request(user));
    const propensities = new Set(records.rows.map(({ arm, propensity }) => `${arm} ${propensity}`));
    expect([...propensities].sort()).toEqual(["control 0.1", "new 0.9"]);
    expect((await post(server, "/v1/rank", request("u"))).body.experiment).toEqual(
      (await post(server, "/v1/rank", request("u"))).body.experiment,
    );
  });

  it("answers a request that is sent again with the arm that is recorded, in another round, too", async () => {
    let counts = new Map<string, ArmCounts>();
    const records = memoryRecords();
    const server = await serverWith(bandit, records, () => counts);
    const ask = (user: string, id: string) =>
      post(server, "/v1/rank", request(user), { "x-request-id": `${id}-${user.replace(" ", "-")}` });
    const armOf = async (user: string, id: string) => (await ask(user, id)).body.experiment.arm;
    const before = await Promise.all(users.map((user) => armOf(user, "page")));
    counts = new Map([
      ["control", { clicks: 300, impressions: 10_000 }],
      ["new", { clicks: 100, impressions: 10_000 }],
    ]);
    await server.experiment!.refresh();
    expect(await Promise.all(users.map((user) => armOf(user, "page")))).toEqual(before);
    const { model, experiment } = (await ask(users[before.indexOf("new")], "page")).body;
    expect([model, experiment.arm]).toEqual(["b", "new"]);
    // What is new has the arms of the new round, and so has somebody else's request of that id.
    const after = await Promise.all(users.map((user) => armOf(user, "next")));
    expect(after.filter((arm) => arm === "new").length).toBeLessThan(before.filter((arm) => arm === "new").length / 2);
    const id = { "x-request-id": `page-${users[before.indexOf("new")].replace(" ", "-")}` };
    const others = await Promise.all(users.map((user) => post(server, "/v1/rank", request(`other ${user}`), id)));
    expect(others.filter(({ body }) => body.experiment.arm === "new").length).toBeLessThan(20);
  });

  it("looks again and again at what its arms have earned, through failures, until it is closed", async () => {
    let looks = 0;
    const earned = async () => {
      if (++looks === 3) throw failure("records.unavailable", { path: "records", reason: "broken" });
      return new Map<string, ArmCounts>();
    };
    const often = { ...bandit, policy: { ...bandit.policy, refresh_minutes: 1e-5 } };
    const options = { definition: parseExperiment(often, "ab.yaml"), records: memoryRecords(), earned };
    const running = await RunningExperiment.open(options, models());
    const events: ExperimentEvent[] = [];
    running.onEvent((event) => events.push(event));
    await vi.waitFor(() => expect(looks).toBeGreaterThan(5));
    await running.close();
    const before = looks;
    await new Promise((later) => setTimeout(later, 30));
    expect(looks).toBe(before);
    expect(events.filter(({ kind }) => kind === "round-refused")).toEqual([
      expect.objectContaining({ experiment: "trial", code: "records.unavailable" }),
    ]);
  });
});
