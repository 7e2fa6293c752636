/** Outcomes over HTTP: what is taken, what is said of it, and what is in the files afterwards. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "dien/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseExperiment } from "../../src/ab/experiment/experiment.ts";
import { openRecords } from "../../src/ab/records/open.ts";
import type { Server } from "../../src/serving/server.ts";
import { rowsIn } from "../ab/records/support.ts";
import { fakeModel, fakeModels, post, serverOf } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "dien-outcomes-"));
const recorded = join(folder, "records");
const NOW = Date.parse("2026-11-26T12:00:00Z");
const MINUTE = 60_000;
let now = NOW;
let server: Server;

beforeAll(async () => {
  const arms = [
    { name: "control", model: "a" },
    { name: "new", model: "b" },
  ];
  const definition = parseExperiment({ name: "trial", arms, window_hours: 1 }, "ab.yaml");
  const clock = () => now;
  server = await serverOf({
    models: fakeModels(fakeModel("a"), fakeModel("b")),
    experiment: { definition, records: await openRecords(recorded, { window: definition.window, clock }), clock },
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const outcome = (id: string, more: object = {}) => ({ id, user: "u1", type: "click", impression: "ask-1.1", ...more });
const send = (...outcomes: unknown[]) => post(server, "/v1/outcomes", { outcomes });

describe("outcomes", () => {
  it("are recorded once, and put down to what was shown", async () => {
    const { experiment, ranking } = (
      await post(server, "/v1/rank", { user: "u1", history: [], candidates: ["x", "y"] }, { "x-request-id": "ask-1" })
    ).body;
    expect(ranking[0].impression).toBe("ask-1.1");
    now = NOW + 30 * MINUTE;
    const { status, body } = await send(
      outcome("o1", { value: 0.75 }),
      outcome("o2", { impression: "ask-9.1" }),
      outcome("o3", { user: "u2" }),
      outcome("o4", { type: "order", time: "2026-11-26T13:00:01Z" }),
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({ added: 4, known: 0, unattributed: 3 });
    const client = createClient({ url: "http://localhost", fetch: (request) => server.fetch(request) });
    expect(await client.outcomes([outcome("o1"), outcome("o5", { time: NOW / 1000 + 60 })])).toMatchObject({
      ...{ added: 1, known: 1, unattributed: 0 },
    });
    const metrics = await (await server.fetch(new Request("http://localhost/metrics"))).text();
    expect(metrics).toContain('dien_exposures_total{result="added"} 2');
    expect(metrics).toContain('dien_outcomes_total{result="added"} 5');
    expect(metrics).toContain('dien_outcomes_total{result="unattributed"} 3');
    const { outcomes, exposures } = await rowsIn(recorded);
    expect(exposures.map(({ id, arm }) => [id, arm])).toEqual([
      ["ask-1.1", experiment.arm],
      ["ask-1.2", experiment.arm],
    ]);
    const told = outcomes.map(({ id, time, arm, attributed, value }) => [id, time, arm, attributed, value]);
    expect(told).toEqual([
      ["o1", "2026-11-26 12:30:00", experiment.arm, true, 0.75],
      ["o2", "2026-11-26 12:30:00", null, false, null],
      ["o3", "2026-11-26 12:30:00", experiment.arm, false, null],
      ["o4", "2026-11-26 13:00:01", experiment.arm, false, null],
      ["o5", "2026-11-26 12:01:00", experiment.arm, true, null],
    ]);
  });

  it("are refused as a whole where one is none, which is named", async () => {
    const wrong: [unknown, string][] = [
      [outcome("w", { time: "yesterday" }), "outcomes.1.time"],
      [outcome("w", { user: null }), "outcomes.1.user"],
      [outcome("w", { value: "much" }), "outcomes.1.value"],
      [outcome(""), "outcomes.1.id"],
      [outcome("w", { kind: "click" }), "outcomes.1"],
    ];
    for (const [bad, field] of wrong) {
      const { status, body } = await send(outcome("good"), bad);
      expect(status, field).toBe(400);
      expect(body.error.field).toMatch(new RegExp(`^${field}`));
    }
    expect((await send(outcome("good"))).body).toMatchObject({ added: 1, known: 0 });
  });

  it("are of experiments alone, and of records that are open", async () => {
    const { status, body } = await post(await serverOf(), "/v1/outcomes", { outcomes: [outcome("o1")] });
    expect([status, body.error.code]).toEqual([404, "ab.none"]);
    await server.close();
    const closed = await send(outcome("o9"));
    expect([closed.status, closed.body.error.code]).toEqual([503, "records.unavailable"]);
  });
});
