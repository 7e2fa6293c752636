/** What a scrape has, read by a small program of its own. */
import { expect } from "vitest";
import { parseExperiment } from "../../src/ab/experiment/experiment.ts";
import { failure } from "../../src/errors/failure.ts";
import type { ModelEvent, ModelListener } from "../../src/serving/models/events.ts";
import type { Models } from "../../src/serving/models/models.ts";
import type { Server } from "../../src/serving/server.ts";
import { openStore } from "../../src/store/open.ts";
import { fakeModel, fakeModels, memoryRecords, post, serverOf } from "./support.ts";

export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}

/** Metrics by name. @throws where a line is none of the text format */
export function parseMetrics(text: string): Map<string, Family> {
  const families = new Map<string, Family & { samples: Family["samples"][number][] }>();
  const helps = new Map<string, string>();
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const [, help, words] = /^# HELP (\S+) (.+)$/.exec(line) ?? [];
    const [, name, type] = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line) ?? [];
    if (help !== undefined) helps.set(help, words);
    else if (name !== undefined) {
      expect(families.has(name), line).toBe(false);
      families.set(name, { type, help: helps.get(name) ?? "", samples: [] });
    } else {
      const [whole, sample, labels = "", value] =
        /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\]|\\.)*",?)*)\})? (\S+)$/.exec(line) ?? [];
      expect(whole, line).toBe(line);
      const family = families.get(sample) ?? families.get(sample.replace(/_(bucket|sum|count)$/, ""));
      const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key, text]);
      family!.samples.push({ name: sample, labels: Object.fromEntries(pairs), value: numberOf(value) });
    }
  }
  return families;
}

const numberOf = (text: string) => (text === "+Inf" ? Number.POSITIVE_INFINITY : Number(text));

/** The scrape of a server: `value(name, labels)` is that of a sample, undefined where there is none. */
export async function scrape(server: Server, headers: Record<string, string> = {}) {
  const response = await server.fetch(new Request("http://localhost/metrics", { headers }));
  const text = await response.text();
  const families = parseMetrics(text);
  const samples = [...families.values()].flatMap((family) => family.samples);
  const value = (name: string, labels: Record<string, string> = {}) =>
    samples.find(
      (sample) =>
        sample.name === name &&
        Object.keys(labels).length === Object.keys(sample.labels).length &&
        Object.entries(labels).every(([key, text]) => sample.labels[key] === text),
    )?.value;
  return { status: response.status, contentType: response.headers.get("content-type"), text, families, samples, value };
}

/** The scrape of a server with samples of every metric. */
export async function scrapeOfEverything() {
  const { models, tell } = watchedModels("a", "b");
  const store = await openStore("memory:", { most: 2 });
  const arms = ["a", "b"].map((name) => ({ name }));
  const experiment = { definition: parseExperiment({ name: "trial", arms }, "absent.yaml"), records: memoryRecords() };
  const server = await serverOf({ models, store: Object.assign(store, { size: async () => SIZE }), experiment });
  await server.experiment!.load().catch(() => {});
  const [model, version] = ["a", "v"];
  const zero = { candidates: 1, behaviours: 1, users: 1 };
  tell(
    { kind: "batch", model, version, requests: 1, candidates: 1, reading: 0, replay: 0 },
    ...[{ kind: "scored", model, version, waited: 0, took: 0 } as const].map((scored) => ({
      ...{ ...scored, counts: { ...zero, unknown: zero } },
      probabilities: Float32Array.of(0.5),
    })),
    { kind: "thread-ended", model, version, reason: "" },
    { kind: "compared", model, shadow: "b", candidates: 1, bias: 0, distance: 0, farthest: 0, sameFirst: true },
  );
  await post(server, "/v1/events", { events: [{ id: "1", user: "u", item: "i", time: Date.now() }] });
  await post(server, "/v1/score", { user: "u", candidates: ["a"] });
  await post(server, "/v1/score", { user: null, history: [], candidates: ["a"] });
  Object.assign(store, { history: () => Promise.reject(failure("store.unavailable", { path: "", reason: "" })) });
  await post(server, "/v1/score", { user: "u", candidates: ["a"] });
  return await scrape(server);
}

const SIZE = { users: 1, events: 2, bytes: 3 };

/** Models whose events a test makes. */
export function watchedModels(...names: string[]): { models: Models; tell: (...events: ModelEvent[]) => void } {
  const listeners: ModelListener[] = [];
  const models: Models = {
    ...fakeModels(...names.map((name) => fakeModel(name))),
    onEvent: (listener) => void listeners.push(listener),
    queue: { waiting: 3, running: 2 },
  };
  const tell = (...events: ModelEvent[]) => {
    for (const event of events) for (const listener of listeners) listener(event);
  };
  return { models, tell };
}
