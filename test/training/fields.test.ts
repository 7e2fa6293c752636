/** Fields of several values, and numbers as values, of one's own log: a model learns from them what no other field says. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspectDataset, loadScorer, prepareEvents, resolveConfig, scoreRun, train, verify } from "dien";
import { beforeAll, expect, it } from "vitest";
import { Random } from "../../src/tensor/random.ts";
import { temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();
const log = join(folder, "log.ndjson");
const GENRES = 8;

/**
 * Nobody sees an item often. It is clicked where one genre among its several is the first, and it is not far away.
 */
beforeAll(() => {
  const random = new Random(3);
  const genresOf = Array.from({ length: 3000 }, () => {
    const genres = new Set(Array.from({ length: 3 }, () => random.integer(GENRES)));
    return [...genres].map((genre) => `g${genre}`);
  });
  const lines: string[] = [];
  for (let i = 0; i < 7000; i++) {
    const user = i % 300;
    const item = random.integer(3000);
    const distance = Math.round(2 ** (10 * random.uniform()));
    const liked = genresOf[item].includes("g0");
    const clicked = (liked && distance < 30 ? 0.9 : 0.05) > random.uniform();
    const row = { user, item: `i${item}`, time: 1_600_000_000 + i, clicked: clicked ? 1 : 0 };
    lines.push(JSON.stringify({ ...row, genres: genresOf[item], distance }));
  }
  writeFileSync(log, lines.join("\n"));
});

const GENRE_FIELD = { name: "genres", kind: "list" };
const DISTANCE = { name: "distance", kind: "value", scale: "log1p" };

/** Test AUC of a model of the log with these fields. */
async function learn(name: string, item: object[], context: object[], threads: number) {
  const [data, run] = [join(folder, name), join(folder, `${name}-run`)];
  const columns = { user: "user", item: "item", time: "time", label: "clicked" };
  const fields = { user: ["user"], item, context };
  await prepareEvents({ features: { columns, behaviours: { max_history: 10 }, fields }, events: log, out: data });
  const model = { name: "base", embedding: { size: 8 }, head: { layers: [16] } };
  const config = resolveConfig({ model, train: { epochs: 3, batch_size: 64, learning_rate: 0.01 } });
  const summary = await train({ data, out: run, config, threads });
  if (!("test" in summary)) throw new Error("the training was interrupted");
  return { data, run, auc: summary.test.auc as number, weights: summary.weights_sha256 };
}

it("better with a list, better with a number, and the same whatever the number of threads", async () => {
  const all = await learn("all", [GENRE_FIELD], [DISTANCE], 1);
  const withoutList = await learn("no-list", [], [DISTANCE], 2);
  const withoutNumber = await learn("no-number", [GENRE_FIELD], [], 2);
  expect(all.auc).toBeGreaterThan(withoutList.auc + 0.05);
  expect(all.auc).toBeGreaterThan(withoutNumber.auc + 0.05);
  expect(all.auc).toBeGreaterThan(0.8);
  expect((await learn("again", [GENRE_FIELD], [DISTANCE], 2)).weights).toBe(all.weights);

  // What scores the dataset scores requests with the same values, to the bit.
  const scorer = await loadScorer(all.run);
  const { score } = await scoreRun({ run: all.run, data: all.data, split: "test", threads: 1 });
  const item = { item: "new", genres: ["g0", "g1"] };
  const near = { user: "1", history: [], candidate: item, context: { distance: 3 } };
  const far = { ...near, context: { distance: 900 } };
  const [ofNear, ofFar, asText] = scorer.score([near, far, { ...near, candidate: { ...item, genres: '["g0","g1"]' } }]);
  expect(ofNear).toBeGreaterThan(ofFar);
  expect(asText).toBe(ofNear);
  expect(score).toHaveLength(700);

  const [ofData, ofRun] = await verify([all.data, all.run]);
  for (const { files } of [ofData, ofRun]) expect(files.filter(({ problem }) => problem)).toEqual([]);
  const { fields } = await inspectDataset(all.data);
  const of = (name: string) => fields.find((field) => field.name === name)!;
  expect(of("genres").top).toHaveLength(5);
  expect(of("genres").psi).toBeLessThan(0.05);
  expect(of("distance").psi).toBeLessThan(0.1);
  expect(of("distance").auc).toBeGreaterThan(0.6);
});
