/** A server without a socket, over models that score by arithmetic. */
import { expect } from "vitest";
import type { Records } from "../../src/ab/records/records.ts";
import type { NewExposure } from "../../src/ab/records/rows.ts";
import { failure } from "../../src/errors/failure.ts";
import type { ModelDescription } from "../../src/run/model-description.ts";
import type { RankRequest } from "../../src/scoring/request.ts";
import type { RequestCounts } from "../../src/scoring/request-cells.ts";
import type { Models, ServedModel } from "../../src/serving/models/models.ts";
import { createServer, type Server, type ServerOptions } from "../../src/serving/server.ts";

import { openStore } from "../../src/store/open.ts";

/** Any score that tells candidates apart, and some of them not. */
export const scoreOf = (candidate: unknown) => (String(JSON.stringify(candidate)).length % 7) / 7;

export interface FakeModel extends ServedModel {
  readonly asked: RankRequest[];
}

const counts: RequestCounts = {
  ...{ candidates: 0, behaviours: 0, users: 0 },
  unknown: { candidates: 0, behaviours: 0, users: 0 },
};

/** What the routes read of a description: user and item fields, histories of 5 within a day. */
export const description = {
  schema: {
    user: [{ name: "user" }, { name: "country" }],
    item: [{ name: "item" }, { name: "shop" }],
    context: [],
    maxHistory: 5,
  },
  ...{ window: 86_400_000, utcOffset: 0, timeFormat: null, userKey: "user" },
  transforms: {
    user: { kind: "category", missing: [] },
    country: { kind: "category", missing: [] },
    item: { kind: "category", missing: [] },
    shop: { kind: "category", missing: [] },
  },
} as unknown as ModelDescription;

/** @param before is done before a request is scored */
export function fakeModel(name: string, before?: (request: RankRequest) => Promise<void>): FakeModel {
  const asked: RankRequest[] = [];
  const version = `${name}-sha`;
  return {
    ...{ name, version, since: new Date(0), description, asked },
    knowsItem: (item) => !JSON.stringify(item).includes("unknown"),
    async score(request) {
      asked.push(request);
      await before?.(request);
      return { probabilities: Float32Array.from(request.candidates, scoreOf), counts, version };
    },
    async explain({ candidate, ...request }) {
      asked.push({ ...request, candidates: [candidate] });
      const attention = request.history.map(() => 1 / request.history.length);
      return { score: scoreOf(candidate), attention, states: attention.map((weight) => [weight, 0]), version };
    },
  };
}

/** Models that cannot be loaded anew, or go back. */
export function fakeModels(...models: readonly ServedModel[]): Models {
  const known = models.map(({ name }) => name);
  const get = (name = known[0]) => {
    const model = models.find((one) => one.name === name);
    if (model === undefined) throw failure("settings.unknown-model", { name, known, field: "model" });
    return model;
  };
  return {
    engine: "wasm",
    get,
    list: () => models,
    load: async (name, run) => {
      get(name);
      throw failure("served.mismatched", { name, path: run ?? "run", problem: "it has no field shop" });
    },
    rollback: async (name) => {
      throw failure("served.no-version-before", { name: get(name).name });
    },
    onEvent: () => {},
    queue: { waiting: 0, running: 0 },
    close: async () => {},
  };
}

export async function serverOf(options: Partial<ServerOptions> = {}): Promise<Server> {
  return await createServer({
    models: fakeModels(fakeModel("a")),
    store: await openStore("memory:", { most: 100 }),
    ...options,
  });
}

/** Records in memory. */
export function memoryRecords(): Records & { readonly rows: NewExposure[] } {
  const rows: NewExposure[] = [];
  return {
    rows,
    expose: async (shown) => void rows.push(...shown),
    request: async (id) => rows.find((row) => row.id === id || row.id.startsWith(`${id}.`)),
    outcome: async () => ({ added: 0, known: 0, unattributed: 0 }),
    rotate: async () => {},
    counts: () => ({
      ...{ added: 0, known: 0, unattributed: 0, exposures: rows.length, knownExposures: 0 },
      ...{ torn: 0, rotated: 0, rotationsFailed: 0 },
    }),
    close: async () => {},
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever was answered
  readonly body: any;
}

/** Asks a server, whose answers are JSON and have an id. */
export async function ask(server: Server, path: string, init: RequestInit = {}): Promise<Answer> {
  const { status, headers, ...response } = await readAnswer(
    await server.fetch(new Request(`http://localhost${path}`, init)),
  );
  expect(headers.get("x-request-id")).toBe(response.body.request_id);
  return { status, headers, ...response };
}

async function readAnswer(response: Response): Promise<Answer> {
  return { status: response.status, headers: response.headers, body: await response.json() };
}

export function post(server: Server, path: string, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return ask(server, path, { method: "POST", body: text, headers: { "content-type": "application/json", ...headers } });
}
