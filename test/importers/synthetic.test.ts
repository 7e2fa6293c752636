import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { SPLITS } from "../../src/dataset/dataset.ts";
import { openDataset } from "../../src/dataset/read.ts";
import { prepareAmazon } from "../../src/importers/amazon/prepare.ts";
import { writeDumps } from "../../src/importers/synthetic/dumps.ts";
import { categoryName, itemName } from "../../src/importers/synthetic/names.ts";
import { STAGES, shopOptions } from "../../src/importers/synthetic/options.ts";
import { prepareSynthetic } from "../../src/importers/synthetic/prepare.ts";
import { categoryOf, SEGMENTS, Shopper, simulateUser } from "../../src/importers/synthetic/shop.ts";
import { auc } from "../../src/statistics/auc.ts";
import { Random } from "../../src/tensor/random.ts";
import { loadItemKeys } from "../support/dataset.ts";
import { temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();
const shop = shopOptions.parse({ users: 600, seed: 7 });
const logs = Array.from({ length: shop.users }, (_, user) => simulateUser(shop, user));
const ring = (stage: number) => ((stage % STAGES) + STAGES) % STAGES;

/** What a history shows of one department: the stages in order, and from the first move on the direction. */
function readInterest(history: Int32Array, department: number) {
  const stages = Array.from(history, (item) => categoryOf(shop, item))
    .filter((category) => Math.floor(category / STAGES) === department)
    .map((category) => category % STAGES);
  const steps = stages.slice(1).map((stage, i) => ring(stage - stages[i]));
  const moves = steps.filter((step) => step !== 0);
  return { stages, moves, direction: moves.length === 0 ? 0 : moves[0] === 1 ? 1 : -1 };
}

describe("a user of the shop", () => {
  test("behaves the same whoever else there is and whatever is shown", () => {
    const fewer = { ...shop, users: 10, impressions: 3 };
    expect(simulateUser(fewer, 5).items).toEqual(logs[5].items);
    expect(simulateUser(fewer, 5).times).toEqual(logs[5].times);
    expect(simulateUser(shop, 5)).toEqual(logs[5]);
    expect(simulateUser({ ...shop, seed: 8 }, 5).items).not.toEqual(logs[5].items);
  });

  test("holds two or three interests, each moving on by single stages in one direction", () => {
    for (const { items, times } of logs) {
      const departments = new Set(Array.from(items, (item) => Math.floor(categoryOf(shop, item) / STAGES)));
      expect(departments.size).toBeLessThanOrEqual(3);
      for (const department of departments) {
        const { moves } = readInterest(items, department);
        expect(new Set(moves).size).toBeLessThanOrEqual(1);
        expect([1, STAGES - 1]).toEqual(expect.arrayContaining(moves));
      }
      expect(times.every((time, t) => t === 0 || time > times[t - 1])).toBe(true);
    }
    const mean = logs.reduce((sum, log) => sum + log.items.length, 0) / logs.length;
    expect(Math.abs(mean - shop.meanHistory)).toBeLessThan(1.5);
  });

  test("lives on after the log, whatever is shown", () => {
    const [quiet, busy] = [new Shopper(shop, 5), new Shopper(shop, 5)];
    const random = new Random(1);
    const items = Array.from({ length: quiet.logged + 200 }, () => {
      const { item, pause } = quiet.behave();
      expect(busy.behave()).toEqual({ item, pause });
      busy.probability(busy.candidate(random));
      return item;
    });
    expect(items.slice(0, quiet.logged)).toEqual([...logs[5].items]);
    const { length } = logs[5].items;
    const later = Int32Array.from(items.slice(length - 30));
    for (const department of new Set(Array.from(later, (item) => Math.floor(categoryOf(shop, item) / STAGES)))) {
      const { moves, direction } = readInterest(later, department);
      expect(direction).toBe(readInterest(logs[5].items, department).direction || direction);
      expect(new Set(moves).size).toBe(1);
    }
    const [before, after] = [logs[5].impressions[11], busy.candidate(random)];
    expect(busy.probability(before.item)).toBeGreaterThan(0);
    expect(busy.probability(after)).toBeLessThan(1);
  });

  test("is shown candidates between two behaviours, however many", () => {
    const crowded = { ...shop, users: 20, meanHistory: 4, impressions: 400 };
    for (let user = 0; user < crowded.users; user++) {
      const { times, impressions } = simulateUser(crowded, user);
      const latest = impressions.map(({ position }) => times[position - 1]);
      expect(impressions.every(({ time }, i) => time > latest[i] && time - latest[i] < 60)).toBe(true);
      expect(impressions.every(({ position, time }) => !(time >= times[position]))).toBe(true);
      expect(impressions.every(({ time }, i) => i === 0 || time >= impressions[i - 1].time)).toBe(true);
    }
    const { times, impressions } = logs[5];
    const seconds = impressions.map(({ position, time }) => time - times[position - 1]);
    const nth = impressions.map(({ position }, i) => i - impressions.findIndex((other) => other.position === position));
    expect(seconds).toEqual(nth.map((k) => k + 1));
  });

  test("clicks with a probability that the history determines", () => {
    for (const { segment, items, impressions } of logs) {
      for (const { position, item, probability } of impressions) {
        const category = categoryOf(shop, item);
        const { stages, moves, direction } = readInterest(items.subarray(0, position), Math.floor(category / STAGES));
        const ahead = ring((category - stages[stages.length - 1]) * direction);
        const behindOrigin = ring((stages[0] - category) * direction);
        let suits = -1;
        if (stages.includes(category % STAGES) || moves.length >= STAGES) suits = 1;
        else if (stages.length > 0) suits = moves.length === 0 ? 0 : Math.sign(behindOrigin - ahead);
        const rank = Math.floor(item / (shop.departments * STAGES)) / (shop.items / (shop.departments * STAGES));
        const logit = -0.3 + 0.6 * ((2 * segment) / (SEGMENTS - 1) - 1) + 0.3 * (1 - 2 * rank) + 1.8 * suits;
        expect(probability).toBeCloseTo(1 / (1 + Math.exp(-logit)), 5);
      }
    }
  });

  test("clicks as often as the probabilities say", () => {
    const shown = logs.flatMap((log) => log.impressions);
    const expected = shown.reduce((sum, { probability }) => sum + probability, 0);
    const variance = shown.reduce((sum, { probability }) => sum + probability * (1 - probability), 0);
    const clicks = shown.filter(({ clicked }) => clicked).length;
    expect(Math.abs(clicks - expected)).toBeLessThan(4 * Math.sqrt(variance));
    expect(clicks / shown.length).toBeGreaterThan(0.4);
    expect(clicks / shown.length).toBeLessThan(0.6);
  });

  test("sees as many new candidates ahead as beyond the origin, and only the order distinguishes them", () => {
    const rates = { ahead: [] as number[], origin: [] as number[] };
    for (const { items, impressions } of logs) {
      for (const { position, item, clicked } of impressions) {
        const category = categoryOf(shop, item);
        const { stages, direction } = readInterest(items.subarray(0, position), Math.floor(category / STAGES));
        if (direction === 0 || stages.includes(category % STAGES)) continue;
        const ahead = category % STAGES === ring(stages[stages.length - 1] + direction);
        const origin = category % STAGES === ring(stages[0] - direction);
        if (ahead && !origin) rates.ahead.push(Number(clicked));
        if (origin && !ahead) rates.origin.push(Number(clicked));
      }
    }
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(rates.ahead.length / rates.origin.length - 1)).toBeLessThan(0.1);
    expect(mean(rates.ahead)).toBeGreaterThan(3 * mean(rates.origin));
  });
});

describe("the shop as a dataset", () => {
  const small = { users: 200, seed: 3 };

  test("splits each user's impressions by time and keeps the ceiling", async () => {
    const out = join(folder, "split");
    const summary = await prepareSynthetic({ ...small, out });
    expect(summary).toMatchObject({ users: 200, items: 960, categories: 32, train: 1600, valid: 400, test: 400 });
    const dataset = await openDataset(out);
    const { test: held } = dataset;
    expect(held.probability).toHaveLength(400);
    expect(summary.ceiling.auc).toBeCloseTo(auc(held.label, held.probability!), 12);
    expect(summary.ceiling.auc).toBeGreaterThan(0.78);
    expect(dataset.manifest.ceilingAuc).toBe(summary.ceiling.auc);
    const latest = SPLITS.map((split) => {
      const positions = Array.from({ length: 200 }, () => [] as number[]);
      dataset[split].sequence.forEach((user, i) => {
        positions[user].push(dataset[split].position[i]);
      });
      return positions;
    });
    const [train, valid, last] = latest;
    for (let user = 0; user < 200; user++) {
      expect(Math.max(...train[user])).toBeLessThanOrEqual(Math.min(...valid[user]));
      expect(Math.max(...valid[user])).toBeLessThanOrEqual(Math.min(...last[user]));
    }
    // What came after a user's last training impression is not learned from.
    const { offsets, items } = dataset.sequences;
    const learned = train.flatMap((positions, user) => [
      ...items.subarray(offsets[user], offsets[user] + Math.max(...positions)),
    ]);
    expect([...dataset.popularity]).toEqual(learned);
  });

  test("holds what the users did", async () => {
    const out = join(folder, "same");
    await prepareSynthetic({ ...small, out });
    const { sequences, train } = await openDataset(out);
    const keys = await loadItemKeys(out);
    for (const user of [0, 57, 199]) {
      const log = simulateUser(shopOptions.parse(small), user);
      const rows = sequences.items.subarray(sequences.offsets[user], sequences.offsets[user + 1]);
      expect(Array.from(rows, (row) => keys[row])).toEqual(Array.from(log.items, itemName));
      const first = train.sequence.indexOf(user);
      expect(keys[train.item[first]]).toBe(itemName(log.impressions[0].item));
      expect(train.label[first]).toBe(log.impressions[0].clicked ? 1 : 0);
      expect(train.probability![first]).toBeCloseTo(log.impressions[0].probability, 6);
    }
  });

  test("has no ceiling where all test samples have one label", async () => {
    const options = shopOptions.parse({ users: 1 });
    const held = (seed: number) => simulateUser({ ...options, seed }, 0).impressions.slice(-2);
    const seed = Array.from({ length: 50 }, (_, i) => i).find((i) => held(i).every(({ clicked }) => clicked))!;
    const out = join(folder, "one label");
    const summary = await prepareSynthetic({ ...options, seed, out });
    expect(JSON.parse(JSON.stringify(summary)).ceiling.auc).toBeNull();
    expect((await openDataset(out)).manifest).not.toHaveProperty("ceilingAuc");
  });

  test.each(["dumps", "log"])("stays unwritten where the %s cannot be written", async (beside) => {
    const file = join(folder, "in the way");
    writeFileSync(file, "");
    const out = join(folder, "without");
    const failing = prepareSynthetic({ ...small, out, [beside]: join(file, "below") });
    await expect(failing).rejects.toThrow("a part of the path is not a folder");
    expect(readdirSync(folder).filter((name) => name.startsWith("without"))).toEqual([]);
  });

  test.each([
    [{ users: 0 }, "users: expected a whole number, 1 to 50000000, found 0"],
    [{ items: 20 }, "items: expected at least 32 for 4 departments, found 20"],
    [{ departments: 2 }, "departments: expected a whole number, 3 to 10000, found 2"],
    [{ impressions: 2.5 }, "impressions: expected a whole number, 3 to 1000, found 2.5"],
    [{ meanHistory: Number.NaN }, "meanHistory: expected a number, 4 to 1000, found NaN"],
  ])("refuses %j", async (options, message) => {
    const out = join(folder, "refused");
    await expect(prepareSynthetic({ ...options, out })).rejects.toThrow(`prepareSynthetic: ${message}`);
    expect(existsSync(out)).toBe(false);
  });
});

describe("the shop as review dumps", () => {
  test("comes through the Amazon importer as it is", async () => {
    const dumps = join(folder, "dumps");
    const size = shopOptions.parse({ users: 150, items: 400, meanHistory: 8.78 });
    await prepareSynthetic({ ...size, out: join(folder, "beside"), dumps });
    expect(readdirSync(dumps).sort()).toEqual(["meta_Synthetic.json.gz", "reviews_Synthetic_5.json.gz"]);
    const out = join(folder, "amazon");
    const summary = await prepareAmazon({
      reviews: join(dumps, "reviews_Synthetic_5.json.gz"),
      meta: join(dumps, "meta_Synthetic.json.gz"),
      out,
      protocol: "temporal",
      negatives: "strict",
      seed: 0,
      maxHistory: 100,
    });
    // Somebody of the shop comes back to the only item so far: a positive without a negative.
    const { returnsWithoutNegative, ...dropped } = summary.dropped;
    expect(returnsWithoutNegative).toBeGreaterThan(0);
    expect(Object.values(dropped).every((count) => count === 0)).toBe(true);
    expect(summary.users).toBe(150);
    const { sequences } = await openDataset(out);
    const keys = await loadItemKeys(out);
    const all = new Set<number>();
    for (let user = 0; user < 150; user++) {
      const { items } = simulateUser(size, user);
      for (const item of items) all.add(item);
      const rows = sequences.items.subarray(sequences.offsets[user], sequences.offsets[user + 1]);
      expect(Array.from(rows, (row) => keys[row])).toEqual(Array.from(items, itemName));
    }
    expect(summary.items).toBe(all.size);
    const names = new Set(Array.from(all, (item) => categoryName(categoryOf(size, item))));
    expect(summary.categories).toBe(names.size);
  });

  test("are both written or neither", async () => {
    const dumps = join(folder, "half");
    mkdirSync(join(dumps, "reviews_Synthetic_5.json.gz"), { recursive: true });
    await expect(writeDumps(dumps, { ...shop, users: 20 })).rejects.toThrow(
      /^cannot write .*reviews_Synthetic_5\.json\.gz: it is a folder$/,
    );
    expect(readdirSync(dumps)).toEqual(["reviews_Synthetic_5.json.gz"]);
  });
});
