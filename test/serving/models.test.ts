/** Models come and go while they answer: no answer is lost, mixed, or of a model that is not whole. */
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  loadExplainer,
  loadScorer,
  type ModelEvent,
  type Models,
  type ModelsOptions,
  openModels,
  type RankRequest,
  type Scorer,
} from "dien";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { loadFinalWeights, saveWeights, weightTensors } from "../../dist/engine/state.js";
import { Workspace } from "../../dist/engine/workspace.js";
import { readModelDescription } from "../../dist/run/model-folder.js";
import { readSummary } from "../../dist/run/summary.js";
import { temporaryFolder } from "../support/source.ts";
import { tinyRun } from "../support/tiny-run.ts";

const folder = temporaryFolder();
const [first, second, wide] = ["first", "second", "wide"].map((name) => join(folder, name));
const scorers = new Map<string, Scorer>();
const versions = new Map<string, string>();

beforeAll(async () => {
  const trained: [string, string, boolean][] = [
    [first, "dien", false],
    [second, "din", false],
    [wide, "base", true],
  ];
  for (const [out, name, lists] of trained) {
    const { run } = await tinyRun(name, { lists });
    cpSync(run, out, { recursive: true });
    const version = (await readSummary(out))!.weights_sha256;
    versions.set(out, version);
    scorers.set(version, await loadScorer(out));
  }
});

const open: Models[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((models) => models.close()));
});

async function serve(options: Partial<ModelsOptions> & Pick<ModelsOptions, "runs">) {
  const events: ModelEvent[] = [];
  const onEvent = (event: ModelEvent) => void events.push(event);
  const models = await openModels({ threads: 1, onEvent, ...options });
  open.push(models);
  const ofKind = <K extends ModelEvent["kind"]>(kind: K) =>
    events.filter((event): event is Extract<ModelEvent, { kind: K }> => event.kind === kind);
  return { models, ofKind };
}

let copies = 0;
function copyOf(run: string): string {
  const copy = join(folder, `copy-${copies++}`);
  cpSync(run, copy, { recursive: true });
  return copy;
}

const items = (count: number) => Array.from({ length: count }, (_, i) => `item ${1 + (i % 60)}`);
const request = (candidates: number): RankRequest => ({
  user: "user 3",
  candidates: items(candidates),
  history: ["item 5", "item 9", "item 20"],
  context: { hour: "noon" },
});
const scoresOf = (version: string, asked: RankRequest) => scorers.get(version)!.rank(asked);

describe("a served model", () => {
  it("has the scores of its run, and says which version they are of", async () => {
    const { models, ofKind } = await serve({
      runs: [
        { name: "shop", run: first },
        { name: "next", run: second },
      ],
    });
    expect(models.list().map(({ name }) => name)).toEqual(["shop", "next"]);
    expect(models.get().name).toBe("shop");
    for (const [name, run] of [
      ["shop", first],
      ["next", second],
    ]) {
      const model = models.get(name);
      const { probabilities, version, counts } = await model.score(request(40));
      expect([version, model.version]).toEqual([versions.get(run), versions.get(run)]);
      expect([...probabilities]).toEqual(scoresOf(version, request(40)));
      expect(counts.candidates).toBe(40);
    }
    const one = { user: "user 3", candidate: "item 7", history: items(5) };
    const explained = await models.get("shop").explain(one);
    expect(explained).toEqual({ ...(await loadExplainer(first)).explain(one), version: versions.get(first) });
    expect(() => models.get("shpo")).toThrow("unknown model 'shpo', expected one of shop, next");
    await expect(models.load("shpo")).rejects.toThrow("unknown model 'shpo'");
    // Warming is not counted.
    expect(ofKind("scored").map(({ model, version }) => [model, version])).toEqual([
      ["shop", versions.get(first)],
      ["next", versions.get(second)],
      ["shop", versions.get(first)],
    ]);
  });

  it("is replaced and brought back between two requests, whole answers all the while", async () => {
    const { models, ofKind } = await serve({ runs: [{ name: "shop", run: first }], threads: 2 });
    const held = models.get();
    let isOver = false;
    const answered = new Map<string, number>();
    const client = async (candidates: number) => {
      const asked = request(candidates);
      const expected = new Map([...scorers.keys()].map((version) => [version, scoresOf(version, asked)]));
      while (!isOver) {
        const model = models.get();
        const { probabilities, version } = await model.score(asked);
        expect(version).toBe(model.version);
        expect([...probabilities]).toEqual(expected.get(version));
        answered.set(version, (answered.get(version) ?? 0) + 1);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    };
    const clients = [3, 40, 300].map(client);
    for (const run of [second, first, second]) {
      const { version } = await models.load("shop", run);
      expect([version, models.get().version]).toEqual([versions.get(run), versions.get(run)]);
    }
    expect((await models.rollback("shop")).version).toBe(versions.get(first));
    expect((await models.rollback("shop")).version).toBe(versions.get(second));
    isOver = true;
    await Promise.all(clients);
    expect([...answered.keys()].sort()).toEqual([versions.get(first), versions.get(second)].sort());
    expect(ofKind("loaded")).toHaveLength(4);
    expect(ofKind("rolled-back")).toHaveLength(2);
    expect(ofKind("refused")).toEqual([]);
    // Its version was closed long ago.
    const late = await held.score(request(4));
    expect([...late.probabilities]).toEqual(scoresOf(late.version, request(4)));
    expect(late.version).toBe(versions.get(second));
    expect(models.queue).toEqual({ waiting: 0, running: 0 });
  });

  it("has no version before at first, and stays what it is where its run is what it was", async () => {
    const { models, ofKind } = await serve({ runs: [{ name: "shop", run: first }] });
    await expect(models.rollback("shop")).rejects.toThrow("model shop has no version before the one that is served");
    const { since } = models.get();
    expect((await models.load("shop")).since).toBe(since);
    await expect(models.rollback("shop")).rejects.toThrow();
    expect(ofKind("loaded")).toHaveLength(1);
  });

  it("ends with all that was asked before, and nothing after", async () => {
    const { models } = await serve({ runs: [{ name: "shop", run: first }] });
    const model = models.get();
    const asked = [900, 3, 40].map((count) => model.score(request(count)));
    const closed = models.close();
    await expect(model.score(request(1))).rejects.toThrow("model shop is not served any more");
    await expect(models.load("shop")).rejects.toThrow("model shop is not served any more");
    await closed;
    expect((await Promise.all(asked)).map(({ probabilities }) => probabilities.length)).toEqual([900, 3, 40]);
  });
});

describe("a run that cannot take the place", () => {
  /** Weights that are not finite, of a run that has not finished. */
  async function diverged(): Promise<string> {
    const run = copyOf(first);
    const description = await readModelDescription(run);
    const { schema, config } = description;
    const workspace = new Workspace({ schema, config, training: false, requests: true, engine: "wasm", threads: 1 });
    await loadFinalWeights(run, workspace, description.sha256);
    for (const { data } of weightTensors(workspace).values()) data.fill(Number.NaN);
    rmSync(join(run, "summary.json"));
    await saveWeights(run, workspace, { model: description.sha256, epoch: 1 });
    return run;
  }

  function changed(file: string, change: (bytes: Buffer) => void): () => string {
    return () => {
      const run = copyOf(second);
      const path = join(run, file);
      const bytes = readFileSync(path);
      change(bytes);
      writeFileSync(path, bytes);
      return run;
    };
  }

  it.each<[string, () => string | Promise<string>, string | RegExp]>([
    ["is no run", () => join(folder, "nowhere"), "holds no trained model"],
    [
      "has damaged weights",
      changed("model/weights.safetensors", (bytes) => {
        bytes[bytes.length - 9] ^= 1;
      }),
      /tensor .* has another checksum/,
    ],
    [
      "has a damaged description",
      changed("model/model.json", (bytes) => {
        bytes[bytes.length >> 1] ^= 1;
      }),
      "its contents do not fit its sha256",
    ],
    [
      "is written in half",
      () => {
        const run = copyOf(second);
        cpSync(join(first, "model", "weights.safetensors"), join(run, "model", "weights.safetensors"));
        return run;
      },
      "it is not of",
    ],
    ["gives no probabilities", diverged, "has a model that gives no probabilities: expected 0 to 1, found NaN"],
  ])("%s", async (_, make, message) => {
    const { models, ofKind } = await serve({ runs: [{ name: "shop", run: first }] });
    const run = await make();
    await expect(models.load("shop", run)).rejects.toThrow(message);
    expect(ofKind("load-refused")).toMatchObject([{ model: "shop", reason: expect.stringMatching(message) }]);
    const { version, probabilities } = await models.get().score(request(5));
    expect(version).toBe(versions.get(first));
    expect([...probabilities]).toEqual(scoresOf(version, request(5)));
    // And the next one can.
    expect((await models.load("shop", second)).version).toBe(versions.get(second));
  });

  it("does not know what requests may name", async () => {
    const { models } = await serve({ runs: [{ name: "shop", run: wide }] });
    await expect(models.load("shop", first)).rejects.toThrow(
      /cannot take the place of model shop: it has no \w+ field/,
    );
    const { models: other } = await serve({ runs: [{ name: "shop", run: first }] });
    expect((await other.load("shop", wide)).version).toBe(versions.get(wide));
    await expect(
      openModels({
        runs: [
          { name: "a", run: first },
          { name: "a", run: second },
        ],
      }),
    ).rejects.toThrow("expected another name for each");
  });
});

it("a watched run is loaded when it is replaced, and finished, and whole", async () => {
  const run = copyOf(first);
  const { models, ofKind } = await serve({ runs: [{ name: "shop", run }], watch: 0.02 });
  const replaceBy = (next: string) => {
    renameSync(run, join(folder, `old-${copies++}`));
    renameSync(next, run);
  };
  const becomes = (of: string) => vi.waitFor(() => expect(models.get().version).toBe(versions.get(of)), 20_000);
  replaceBy(copyOf(second));
  await becomes(second);
  const unfinished = copyOf(first);
  rmSync(join(unfinished, "summary.json"));
  replaceBy(unfinished);
  const damaged = copyOf(first);
  writeFileSync(join(damaged, "model", "weights.safetensors"), "half");
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(ofKind("load-refused")).toEqual([]);
  replaceBy(damaged);
  await vi.waitFor(() => expect(ofKind("load-refused")).toHaveLength(1), 20_000);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(ofKind("load-refused")).toHaveLength(1);
  expect(models.get().version).toBe(versions.get(second));
  replaceBy(copyOf(first));
  await becomes(first);
  // What it goes back from is not loaded again.
  await models.rollback("shop");
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(models.get().version).toBe(versions.get(second));
});

describe("a shadow", () => {
  it("scores the same, says how far it is, and changes nothing", async () => {
    const runs = [
      { name: "shop", run: first },
      { name: "next", run: second },
    ];
    const { models, ofKind } = await serve({ runs, shadows: { shop: "next" } });
    const asked = request(30);
    const { probabilities, version } = await models.get().score(asked);
    expect(version).toBe(versions.get(first));
    expect([...probabilities]).toEqual(scoresOf(version, asked));
    await vi.waitFor(() => expect(ofKind("compared")).toHaveLength(1));
    const differences = scoresOf(versions.get(second)!, asked).map((score, i) => score - probabilities[i]);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const apart = differences.map(Math.abs);
    const [found] = ofKind("compared");
    expect(found).toMatchObject({ model: "shop", shadow: "next", candidates: 30 });
    expect(found.bias).toBeCloseTo(mean(differences), 12);
    expect(found.distance).toBeCloseTo(mean(apart), 12);
    expect(found.farthest).toBe(Math.max(...apart));
    expect(found.farthest).toBeGreaterThan(0);
    // The other way round nobody follows.
    await models.get("next").score(asked);
    expect(ofKind("compared")).toHaveLength(1);
  });

  it("takes one request at a time, and is counted where it takes none", async () => {
    const runs = [
      { name: "shop", run: wide },
      { name: "next", run: first },
    ];
    const { models, ofKind } = await serve({ runs, shadows: { shop: "next" } });
    await Promise.all(Array.from({ length: 30 }, () => models.get().score(request(20))));
    const unknownThere = { ...request(1), user: { user: "user 3", tags: ["x"] } };
    await models
      .get()
      .score(unknownThere)
      .catch(() => {});
    await vi.waitFor(() =>
      expect(ofKind("compared").length + ofKind("not-compared").length).toBeGreaterThanOrEqual(30),
    );
    expect(ofKind("not-compared").map(({ reason }) => reason)).toContain("busy");
    expect(ofKind("compared").length).toBeGreaterThan(0);
  });
});
