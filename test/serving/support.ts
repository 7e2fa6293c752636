/** A server without a socket, over models that score by arithmetic. */
import { expect } from "vitest";
import type { RankRequest } from "../../src/scoring/request.ts";
import { createServer, type Server, type ServerOptions } from "../../src/serving/server.ts";
import type { StandInModel, StandInModels } from "../../src/serving/standins.ts";
import { openStore } from "../../src/store/open.ts";

/** Any score that tells candidates apart, and some of them not. */
export const scoreOf = (candidate: unknown) => (String(JSON.stringify(candidate)).length % 7) / 7;

export interface FakeModel extends StandInModel {
  readonly asked: RankRequest[];
}

export function fakeModel(name: string, score?: StandInModel["score"]): FakeModel {
  const asked: RankRequest[] = [];
  const counts = { candidates: 0, behaviours: 0, users: 0, unknown: { candidates: 0, behaviours: 0, users: 0 } };
  return {
    ...{ name, version: `${name}-sha`, since: new Date(0), description: {} as StandInModel["description"], asked },
    score:
      score ??
      (async (request) => {
        asked.push(request);
        return { probabilities: Float32Array.from(request.candidates, scoreOf), counts };
      }),
    explain: async () => ({ score: 0.5, attention: [], states: [] }),
  };
}

export function fakeModels(...models: readonly StandInModel[]): StandInModels {
  return {
    list: () => models,
    get: (name = models[0].name) => models.find((model) => model.name === name)!,
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
