/**
 * Anything as a body, a path or a header of every route: what comes back is one of the answers that /openapi.json names,
 * and nothing that is refused changes the store. DIEN_FUZZ=5000 asks so many times of each route.
 */
import { type BehaviourStore, createServer, openModels, openStore, type Server } from "dien";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { parseExperiment } from "../../src/ab/experiment/experiment.ts";
import { tinyRun } from "../support/tiny-run.ts";
import { ask, memoryRecords } from "./support.ts";

const numRuns = Number(process.env.DIEN_FUZZ ?? 40);

interface Described {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, z.core.JSONSchema.JSONSchema> };
}
interface Operation {
  readonly requestBody?: Content;
  readonly responses: Record<string, Content>;
}
interface Content {
  readonly content: Record<string, { readonly schema: { readonly $ref: string } }>;
}

const operations = [
  ...["post /v1/score", "post /v1/rank", "post /v1/explain", "post /v1/events", "get /v1/users/{user}/history"],
  ...["delete /v1/users/{user}/history", "get /v1/models", "post /v1/models/{model}/load"],
  ...["post /v1/models/{model}/rollback", "get /livez", "get /readyz", "get /"],
  ...["get /v1/experiment", "post /v1/experiment/load", "post /v1/outcomes"],
];

/** Statuses of answers, by route. */
const seen = new Map(operations.map((name) => [name, new Set<number>()]));
let store: BehaviourStore;
let server: Server;
let document: Described;
beforeAll(async () => {
  const { run } = await tinyRun("dien");
  const runs = ["a", "b"].map((name) => ({ name, run }));
  store = await openStore("memory:", { most: 20 });
  const arms = runs.map(({ name }) => ({ name, model: name }));
  const experiment = { definition: parseExperiment({ name: "trial", arms }, "ab.yaml"), records: memoryRecords() };
  const models = await openModels({ runs, threads: 1 });
  server = await createServer({ store, models, experiment, limits: { maxBody: 4096 } });
  await store.append([{ id: "1", user: "u", time: 1e12, item: "i" }]);
  document = await (await server.fetch(new Request("http://localhost/openapi.json"))).json();
});

afterAll(() => server?.close());

/** Everything that is stored. */
async function stored(): Promise<string> {
  const all = [];
  for await (const history of store.all()) all.push(history);
  return JSON.stringify(all);
}

/** Keys that routes know, so that bodies come close to what is taken. */
const KEYS = ["user", "candidates", "candidate", "history", "context", "time", "model", "top", "events", "item", "id"];
const texts = fc.oneof(
  fc.constantFrom(
    "u",
    "a",
    "i",
    "item",
    "item 7",
    "user 3",
    "hour",
    "noon",
    "__proto__",
    "",
    "2024-01-01",
    "\0",
    "\ud800",
    "x".repeat(2000),
  ),
  fc.string({ unit: "binary", maxLength: 8 }),
);
const values = fc.oneof(texts, fc.double(), fc.integer(), fc.maxSafeInteger(), fc.boolean(), fc.constant(null));
const fields = fc.dictionary(
  fc.oneof(fc.constantFrom("user", "item", "shop", "time"), texts),
  fc.oneof(values, fc.array(values, { maxLength: 3 })),
  {
    maxKeys: 4,
  },
);
const items = fc.oneof({ weight: 3, arbitrary: values }, fields);
const event = fc.record({ user: values, item: items, time: values, type: values, id: values }, { requiredKeys: [] });
const outcome = fc.record(
  { id: values, user: values, type: values, impression: values, value: values, time: values },
  { requiredKeys: [] },
);
const goodEvent = fc.record({
  user: fc.constantFrom("u", "v"),
  item: fc.constantFrom("item 1", "item 2"),
  time: fc.integer({ min: 1e12, max: 2e12 }),
});
const near = fc.record(
  {
    user: items,
    candidates: fc.array(items, { maxLength: 5 }),
    candidate: items,
    history: fc.array(items, { maxLength: 7 }),
    context: fields,
    time: values,
    model: fc.constantFrom("a", "b", "c", ""),
    top: fc.oneof(fc.integer({ min: -1, max: 6 }), values),
    events: fc.array(fc.oneof(event, goodEvent), { maxLength: 4 }),
    outcomes: fc.array(outcome, { maxLength: 4 }),
    run: texts,
  },
  { requiredKeys: [] },
);
/** What the model takes. */
const good = fc.record(
  {
    user: fc.constantFrom("u", "user 3"),
    candidates: fc.array(fc.constantFrom("item 1", { item: "item 2" }, "new"), { minLength: 1, maxLength: 5 }),
    candidate: fc.constantFrom("item 1", { item: "item 2" }, "new"),
    history: fc.array(fc.constantFrom("item 3", { item: "item 4", time: "2024-01-01" }), { maxLength: 9 }),
    context: fc.constantFrom({}, { hour: "noon" }),
    time: fc.constantFrom("2024-01-02", 1_704_153_600),
    events: fc.array(goodEvent, { minLength: 1, maxLength: 4 }),
  },
  { requiredKeys: ["user", "candidates", "candidate", "events"] },
);
const textOf = (all: object, keys: readonly string[]) =>
  JSON.stringify(Object.fromEntries(Object.entries(all).filter(([key]) => keys.includes(key))));

/** Texts and bytes; of the keys of `good` and `near`, often those that a route knows. */
const bodyOf = (keys: readonly string[]) =>
  fc.oneof(
    { weight: 5, arbitrary: good.map((all) => textOf(all, keys)) },
    { weight: 4, arbitrary: near.map((all) => textOf(all, keys)) },
    { weight: 2, arbitrary: near.map((all) => JSON.stringify(all)) },
    { weight: 1, arbitrary: fc.dictionary(fc.constantFrom(...KEYS), fc.jsonValue()).map((all) => JSON.stringify(all)) },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: fc.tuple(fc.json(), fc.nat()).map(([text, at]) => text.slice(0, at % (text.length + 1))) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => new Uint8Array(bytes)) },
  );

it("every route is asked", () => {
  // Those under /v2 have other answers, and a fuzz of their own in inference-refusals.test.ts. Texts are asked in documentation.test.ts.
  const texts = ["/metrics", "/openapi.json", "/docs"];
  const ours = Object.entries(document.paths).filter(([path]) => !path.startsWith("/v2") && !texts.includes(path));
  const all = ours.flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
  expect(all.sort()).toEqual([...operations].sort());
});

describe.each(operations)("%s", (name) => {
  const [method, path] = name.split(" ");

  it("answers anything with what is documented, and leaves the store alone where it refuses", async () => {
    const { requestBody, responses } = document.paths[path][method];
    const schemaOf = ({ content }: Content) => {
      const [, , , id] = content["application/json"].schema.$ref.split("/");
      return z.fromJSONSchema({ ...document.components.schemas[id] } as z.core.JSONSchema.JSONSchema);
    };
    const answers = Object.fromEntries(Object.entries(responses).map(([status, of]) => [status, schemaOf(of)]));
    const id = requestBody?.content["application/json"].schema.$ref.split("/").at(-1);
    const keys = id === undefined ? [] : Object.keys(document.components.schemas[id].properties ?? {});
    const names = fc.oneof(
      fc.constantFrom("u", "a", "b", "%ff", "%2f", "%00", ".", "a%20b"),
      texts.filter((text) => !/\p{Surrogate}/u.test(text)).map(encodeURIComponent),
    );
    const queries = fc.constantFrom("", "", "?most=3", "?most=x", "?most=1&most=2", "?x=%ff");
    const types = fc.oneof(
      { weight: 9, arbitrary: fc.constant("application/json") },
      { weight: 1, arbitrary: fc.constantFrom("text/plain", "") },
    );
    await fc.assert(
      fc.asyncProperty(names, queries, bodyOf(keys), types, async (inPath, query, body, type) => {
        const target = path.replace(/\{\w+\}/, inPath) + (path.includes("{user}") ? query : "");
        const before = await stored();
        const init: RequestInit =
          requestBody === undefined
            ? { method: method.toUpperCase() }
            : { method: "POST", body, headers: type === "" ? {} : { "content-type": type } };
        const answer = await ask(server, target, init);
        // A name like "." or "" leads to another path.
        if (answer.body.error?.code.startsWith("serving.no-route") || answer.status === 405) return;
        seen.get(name)!.add(answer.status);
        expect(Object.keys(answers)).toContain(String(answer.status));
        expect(answer.status).toBeLessThan(500);
        expect(answers[answer.status].safeParse(answer.body).error).toBeUndefined();
        if (answer.status !== 200) expect(await stored()).toBe(before);
      }),
      { numRuns },
    );
  });
});

it("what is right is answered, and what is wrong refused", () => {
  for (const name of operations.slice(0, 4))
    expect([...seen.get(name)!], name).toEqual(expect.arrayContaining([200, 400]));
});
