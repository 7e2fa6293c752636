/** Users come back to items: what the negatives of such positives are, in whatever portions users are in memory. */
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { SPLITS, type Split } from "../../../src/dataset/dataset.ts";
import { openDataset } from "../../../src/dataset/read.ts";
import { type EventsSummary, prepareEventsInParts } from "../../../src/importers/events/prepare.ts";
import { inspectDataset } from "../../../src/inspection/measure/inspect.ts";
import { Random } from "../../../src/tensor/random.ts";
import { contents } from "./cases.ts";
import { csv, folder, write } from "./support.ts";

/** Forty users go back and forth between few of 200 items, several times a moment; one in five rows is a purchase. */
function shop() {
  const random = new Random(11);
  return Array.from({ length: 40 }, (_, u) => {
    const own = Array.from({ length: 1 + (u % 7) }, () => `i${random.integer(200)}`);
    return Array.from({ length: 24 }, (_, t) => [
      `u${u}`,
      own[random.integer(own.length)],
      `${1_500_000_000 + (t >> 1) * 60}`,
      random.integer(5) === 0 ? "buy" : "view",
    ]);
  }).flat();
}

type Dataset = Awaited<ReturnType<typeof openDataset>>;

async function prepared(name: string, target: object) {
  const events = write(".csv", csv(["user", "item", "time", "type"], shop()));
  const features = {
    columns: { user: "user", item: "item", time: "time", type: "type" },
    behaviours: { max_history: 5, types: ["view", "buy"] },
    fields: { user: [], item: [], context: [] },
    ...target,
  };
  const [out, again] = [join(folder, name), join(folder, `${name}-again`)];
  const summary = await prepareEventsInParts({ events, out, features }, {});
  await prepareEventsInParts({ events, out: again, features }, { rows: 5 });
  return { out, again, summary, dataset: await openDataset(out) };
}

/** Of each pair of a split the two candidates and the history that they share. */
function pairs({ sequences, ...samples }: Dataset, split: Split) {
  const { item, label, sequence, position, length, count } = samples[split];
  return Array.from({ length: count / 2 }, (_, pair) => {
    const [i, j] = [2 * pair, 2 * pair + 1];
    expect([label[i], label[j], sequence[j], position[j]]).toEqual([1, 0, sequence[i], position[i]]);
    const end = sequences.offsets[sequence[i]] + position[i];
    return {
      user: sequence[i],
      positive: item[i],
      negative: item[j],
      history: sequences.items.subarray(end - length[i], end),
    };
  });
}

const made: { out: string; again: string; summary: EventsSummary; dataset: Dataset }[] = [];
beforeAll(async () => {
  made.push(await prepared("behaviours", {}), await prepared("targets", { target: "buy" }));
});

test("negatives stand in their histories as often as positives", () => {
  for (const { dataset } of made) {
    let returns = 0;
    for (const { positive, negative, history } of SPLITS.flatMap((split) => pairs(dataset, split))) {
      expect(history.includes(negative)).toBe(history.includes(positive));
      expect(negative).not.toBe(positive);
      if (history.includes(positive)) returns++;
    }
    expect(returns).toBeGreaterThan(40);
  }
});

test("positives that no negative could be of are left out and counted, and stay in histories", () => {
  const [{ summary, dataset }, { summary: targets }] = made;
  const count = ({ train, valid, test }: EventsSummary) => (train + valid + test) / 2;
  const behaviours = dataset.sequences.items.length;
  // Users with one item have no other; each user's first behaviour is predicted from nothing.
  expect(summary.dropped.returnsWithoutNegative).toBeGreaterThan(30);
  expect(count(summary)).toBe(behaviours - summary.users - summary.dropped.returnsWithoutNegative);
  const bought = new Set(shop().flatMap((row) => (row[3] === "buy" ? [row.join()] : []))).size;
  expect(targets.dropped.returnsWithoutNegative).toBeGreaterThan(10);
  expect(count(targets)).toBe(bought - targets.dropped.returnsWithoutNegative);
});

test("what the user bought at any time is no negative", () => {
  const [, { dataset }] = made;
  const all = SPLITS.flatMap((split) => pairs(dataset, split));
  const bought = (user: number) => all.filter((pair) => pair.user === user).map(({ positive }) => positive);
  for (const { user, negative } of all) expect(bought(user)).not.toContain(negative);
});

test("inspection finds nothing in it", async () => {
  for (const { out } of made) {
    const { returns, warnings } = await inspectDataset(out);
    expect(returns.map(({ auc }) => auc)).toEqual([0.5, 0.5, 0.5]);
    expect(warnings.filter(({ level }) => level === "grave")).toEqual([]);
  }
});

test("how much of a user is in memory changes no byte", () => {
  for (const { out, again } of made) expect(contents(again)).toEqual(contents(out));
});
