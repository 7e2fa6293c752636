/** Threads that score: the same bits as without them, in a fair order, and never a request without an answer. */
import { loadExplainer, loadScorer, type RankRequest, type Scorer } from "dien";
import fc from "fast-check";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { loadFinalWeights } from "../../dist/engine/state.js";
import { Workspace } from "../../dist/engine/workspace.js";
import { readModelDescription, type StoredModel } from "../../dist/run/model-folder.js";
import type { PoolStage, ScoringEvent } from "../../dist/scoring/pool/events.js";
import { ScoringPool } from "../../dist/scoring/pool/pool.js";
import { MOST_CANDIDATES } from "../../dist/scoring/pool/slot.js";
import { tinyRun } from "../support/tiny-run.ts";

let run: string;
let scorer: Scorer;

beforeAll(async () => {
  run = (await tinyRun("dien", { lists: true })).run;
  scorer = await loadScorer(run);
});

const open: ScoringPool[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((pool) => pool.close()));
});

interface Choice {
  readonly threads?: number;
  readonly mostWaiting?: number;
  readonly run?: string;
  readonly change?: (description: StoredModel) => void;
}

async function openPool({ threads = 1, mostWaiting = 20_000, run: of = run, change = () => {} }: Choice = {}) {
  const description = await readModelDescription(of);
  const { schema, config } = description;
  const workspace = new Workspace({ schema, config, training: false, requests: true, engine: "wasm", threads });
  await loadFinalWeights(of, workspace, description.sha256);
  change(description);
  const events: ScoringEvent[] = [];
  const onEvent = (event: ScoringEvent) => events.push(event);
  const pool = await ScoringPool.start(description, workspace, { name: "shop", mostWaiting, onEvent });
  open.push(pool);
  const ofKind = <K extends ScoringEvent["kind"]>(kind: K) =>
    events.filter((event): event is Extract<ScoringEvent, { kind: K }> => event.kind === kind);
  return { pool, ofKind };
}

const item = fc.integer({ min: 0, max: 70 }).map((number) => `item ${number}`);
const request: fc.Arbitrary<RankRequest> = fc.record({
  user: fc.integer({ min: 0, max: 50 }).map((number) => `user ${number}`),
  candidates: fc.oneof(fc.array(item, { maxLength: 12 }), fc.array(item, { minLength: 300, maxLength: 600 })),
  history: fc.array(item, { maxLength: 12 }),
  context: fc.record({ hour: fc.constantFrom("morning", "noon", "midnight") }),
});
const items = (count: number) => Array.from({ length: count }, (_, i) => `item ${1 + (i % 60)}`);
const plain = (candidates: number): RankRequest => ({
  user: "user 3",
  candidates: items(candidates),
  history: ["item 5", "item 9"],
});
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "scored",
    (error) => error.code,
  );

describe("scores", () => {
  it.each([1, 2])("are those of a scorer to the bit, alone and together, with %d threads", async (threads) => {
    const { pool, ofKind } = await openPool({ threads });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 12 }), async (requests) => {
        const expected = requests.map((each) => scorer.rank(each));
        const together = await Promise.all(requests.map((each) => pool.score(each)));
        expect(together.map(({ probabilities }) => [...probabilities])).toEqual(expected);
        const alone = await pool.score(requests[0]);
        expect([...alone.probabilities]).toEqual(expected[0]);
      }),
      { numRuns: 10 },
    );
    const batches = ofKind("batch");
    // How many are scored together depends on how busy the machine is.
    expect(Math.max(...batches.map(({ requests }) => requests))).toBeGreaterThan(1);
    expect(Math.max(...batches.map(({ candidates }) => candidates))).toBeLessThanOrEqual(MOST_CANDIDATES);
  });

  it("come with the items that were counted, each once", async () => {
    const { pool, ofKind } = await openPool();
    const candidates = [...items(600), "never seen", "nor this"];
    const of = { ...plain(0), candidates, history: ["item 5", "nobody", "item 9"] };
    const { counts } = await pool.score(of);
    const fresh = await loadScorer(run);
    fresh.rank(of);
    expect(counts).toEqual(fresh.counts);
    expect(counts).toMatchObject({ candidates: 602, behaviours: 3, users: 1 });
    expect(counts.unknown.behaviours).toBeGreaterThan(0);
    expect(ofKind("scored")).toMatchObject([{ counts }]);
    expect(ofKind("batch").length).toBeGreaterThan(2);
  });

  it("report the stages they go through, piece by piece and without a gap", async () => {
    const { pool } = await openPool({ threads: 1 });
    const stagesOf = async (candidates: number) => {
      const stages: { stage: PoolStage; start: number; end: number }[] = [];
      await pool.score(plain(candidates), { onStage: (stage, start, end) => stages.push({ stage, start, end }) });
      return stages;
    };
    const stages = await stagesOf(1000);
    expect(stages.slice(0, 3).map(({ stage }) => stage)).toEqual(["queue", "encode", "score"]);
    const counted = (name: PoolStage) => stages.filter(({ stage }) => stage === name).length;
    expect(counted("score")).toBeGreaterThan(2);
    expect([counted("queue"), counted("encode")]).toEqual([counted("score"), counted("score")]);
    const one = await stagesOf(1);
    for (const [i, { start, end }] of one.entries()) {
      expect(start).toBeLessThanOrEqual(end);
      if (i > 0) expect(start).toBe(one[i - 1].end);
    }
  });

  it("are looked into on the way", async () => {
    const { pool } = await openPool({ threads: 2 });
    const { explain } = await loadExplainer(run);
    const one = { user: "user 3", candidate: "item 7", history: items(5) };
    const [explanation, scored, again] = await Promise.all([
      pool.explain(one),
      pool.score(plain(9)),
      pool.explain(one),
    ]);
    expect(explanation).toEqual(explain(one));
    expect(again).toEqual(explanation);
    expect([...scored.probabilities]).toEqual(scorer.rank(plain(9)));
    const { pool: base } = await openPool({ run: (await tinyRun("base", { lists: true })).run });
    await expect(base.explain(one)).rejects.toThrow("model base, as it is configured, has no attention to look at");
    expect((await base.score(plain(2))).probabilities).toHaveLength(2);
  });
});

describe("a pool", () => {
  it("lets small requests pass a large one", async () => {
    const { pool } = await openPool();
    const done: string[] = [];
    const note = (name: string) => () => void done.push(name);
    await Promise.all([
      pool.score(plain(5000)).then(note("large")),
      pool.score(plain(3)).then(note("small")),
      pool.score(plain(0)).then(note("empty")),
    ]);
    expect(done).toEqual(["small", "empty", "large"]);
  });

  it("refuses what it has no room for, and what comes too late", async () => {
    const { pool, ofKind } = await openPool({ mostWaiting: 10 });
    const running = pool.score(plain(200));
    const late = performance.now() - 1;
    const waits = [pool.score(plain(4)), pool.score(plain(2), { deadline: late })];
    const [waiting] = [pool.queue];
    const refused = pool.score(plain(9000));
    await expect(refused).rejects.toThrow(/^model shop is overloaded: \d+ candidates wait for their scores$/);
    expect(await Promise.all([running, ...waits, refused].map(codeOf))).toEqual([
      ...["scored", "scored", "scoring.deadline", "scoring.overloaded"],
    ]);
    expect(waiting.waiting + waiting.running).toBe(3);
    expect(pool.queue).toEqual({ waiting: 0, running: 0 });
    expect(ofKind("refused").map(({ code }) => code)).toEqual(["scoring.overloaded", "scoring.deadline"]);
    const scored = ofKind("batch").reduce((sum, { candidates }) => sum + candidates, 0);
    expect(scored).toBe(204);
  });

  it("does not score what nobody waits for any more", async () => {
    const { pool, ofKind } = await openPool();
    const leaving = new AbortController();
    const { signal } = leaving;
    const running = pool.score(plain(200));
    const waits = [pool.score(plain(4), { signal }), pool.score(plain(3))];
    leaving.abort();
    const late = pool.score(plain(2), { signal });
    expect(await Promise.all([running, ...waits, late].map(codeOf))).toEqual([
      ...["scored", "scoring.abandoned", "scored", "scoring.abandoned"],
    ]);
    expect(pool.queue).toEqual({ waiting: 0, running: 0 });
    expect(ofKind("batch").reduce((sum, { candidates }) => sum + candidates, 0)).toBe(203);
  });

  it("refuses what is no request of the model, and goes on", async () => {
    const { pool, ofKind } = await openPool();
    const bad = { ...plain(700), candidates: [...items(700), { colour: "red" }] };
    const answers = [bad, plain(2), { ...plain(2), user: { name: "x" } }, null, plain(1)].map((each) =>
      codeOf(pool.score(each as RankRequest)),
    );
    expect(await Promise.all(answers)).toEqual([
      ...["request.unknown-field", "scored", "request.unknown-field", "request.invalid", "scored"],
    ]);
    expect(ofKind("refused")).toHaveLength(3);
    expect(pool.queue).toEqual({ waiting: 0, running: 0 });
  });

  it("replaces a thread that ends, and answers everybody", async () => {
    const poison = ({ catalogue }: StoredModel) => {
      (catalogue.ids[0] as number[])[catalogue.values.indexOf("item 7")] = 2 ** 26;
    };
    const { pool, ofKind } = await openPool({ change: poison });
    const first = pool.score({ ...plain(0), candidates: ["item 7"] });
    const behind = [pool.score(plain(3)), pool.score(plain(2))];
    await expect(first).rejects.toThrow(
      "a thread that scores for model shop came to its end: memory access out of bounds",
    );
    expect(await Promise.all([first, ...behind].map(codeOf))).toEqual(["scoring.thread-ended", "scored", "scored"]);
    expect(ofKind("thread-ended")).toHaveLength(1);
  });

  it("is not opened where its threads do not start", async () => {
    const change = ({ config }: StoredModel) => {
      (config.model.embedding as { size: number }).size = 64;
    };
    await expect(openPool({ change })).rejects.toThrow(/arena of \d+ bytes is full/);
  });

  it("ends what it has begun when it is closed, and begins nothing", async () => {
    const { pool } = await openPool({ threads: 2 });
    const running = [plain(900), plain(3), plain(0)].map((each) => codeOf(pool.score(each)));
    const closed = pool.close();
    expect(await codeOf(pool.score(plain(1)))).toBe("scoring.closed");
    await closed;
    expect(await Promise.all(running)).toEqual(["scored", "scored", "scored"]);
    await pool.close();
  });
});
