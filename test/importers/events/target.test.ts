/** Types that are predicted where there are no labels: whose rows are positives, what their negatives are. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { SPLITS } from "../../../src/dataset/dataset.ts";
import { openDataset } from "../../../src/dataset/read.ts";
import { resolveFeatures } from "../../../src/importers/events/features/features.ts";
import { prepareEvents } from "../../../src/importers/events/prepare.ts";
import { inspectDataset } from "../../../src/inspection/measure/inspect.ts";
import { readUnsealed } from "../../support/sealed.ts";
import { csv, folder, write } from "./support.ts";

const columns = { user: "user", item: "item", time: "time", type: "type" };
const fields = { user: [], item: [], context: [] };
const START = 1_500_000_000;

async function prepared(name: string, rows: readonly (readonly string[])[], features: object) {
  const out = join(folder, name);
  const events = write(".csv", csv(["user", "item", "time", "type"], rows));
  const summary = await prepareEvents({ events, out, features: { columns, fields, ...features } });
  return { out, summary, manifest: readUnsealed(join(out, "dataset.json")), dataset: await openDataset(out) };
}

/** 30 users view two of 40 items and buy the first of them, again and again; five only look. */
const shop = Array.from({ length: 1200 }, (_, i) => {
  const [user, turn] = [i % 35, Math.floor(i / 35)];
  const buys = user < 30 && turn % 3 === 2;
  const item = `i${(user * 7 + 3 * (buys ? turn - 2 : turn)) % 40}`;
  return [`u${user}`, item, `${START + 60 * i}`, buys ? "buy" : "view"];
});

test("purchases are predicted from views", async () => {
  const { out, summary, manifest, dataset } = await prepared("shop", shop, {
    target: "buy",
    behaviours: { types: ["view"] },
  });
  expect(manifest).toMatchObject({
    protocol: "target",
    settings: { negatives: "strict", target: "buy", behaviourTypes: "view" },
    behaviourTypes: ["view"],
    dropped: { usersWithoutTarget: 5, unusedEvents: 0 },
  });
  const bought = shop.filter(([, , , type]) => type === "buy");
  expect(summary.train + summary.valid + summary.test).toBe(2 * bought.length);
  expect(summary.clickRate).toEqual({ train: 0.5, valid: 0.5, test: 0.5 });
  expect(Date.parse(summary.validFrom ?? "")).toBeLessThan(Date.parse(summary.testFrom ?? ""));
  expect(dataset.sequences.items.length).toBe(
    shop.filter(([user, , , type]) => type === "view" && Number(user.slice(1)) < 30).length,
  );

  for (const split of SPLITS) {
    const { count, label, item, sequence, position, length } = dataset[split];
    const positives = new Set([...item].filter((_, i) => label[i] === 1));
    const own = (user: number) =>
      SPLITS.flatMap((part) =>
        [...dataset[part].item].filter((_, i) => dataset[part].label[i] === 1 && dataset[part].sequence[i] === user),
      );
    for (let i = 0; i < count; i += 2) {
      expect([label[i], label[i + 1], sequence[i + 1], position[i + 1]]).toEqual([1, 0, sequence[i], position[i]]);
      const end = dataset.sequences.offsets[sequence[i]] + position[i];
      const history = dataset.sequences.items.subarray(end - length[i], end);
      if (history.includes(item[i])) expect(history).toContain(item[i + 1]);
      else expect(positives).toContain(item[i + 1]);
      expect(own(sequence[i])).not.toContain(item[i + 1]);
    }
  }
  expect((await inspectDataset(out)).warnings.filter(({ level }) => level === "grave")).toEqual([]);
});

test("users may buy what they never viewed: their histories are empty", async () => {
  const rows = Array.from({ length: 200 }, (_, i) => [
    `u${i % 20}`,
    `i${(i * 7) % 41}`,
    `${START + 60 * i}`,
    i % 4 === 3 ? "buy" : "view",
  ]);
  const { dataset, summary } = await prepared("apart", rows, { target: ["buy"], behaviours: { types: ["view"] } });
  expect(summary.users).toBe(5);
  expect(dataset.train.length.every((length) => length === 0)).toBe(true);
});

test.each<[object, string]>([
  [{ target: "buy", columns: { ...columns, label: "y" } }, "target: with columns.label, what is labelled is predicted"],
  [
    { target: "buy", columns: { user: "user", item: "item", time: "time" } },
    "target: there are no types without columns.type",
  ],
  [{ target: [] }, "target: expected at least one type, found []"],
  [{ target: 5 }, "target: expected a list of 1 or more, found 5"],
  [
    { impressions: { types: ["buy"] } },
    "impressions.types: without columns.label there are no impressions; target names types to predict",
  ],
])("refuses %j", (given, message) => {
  const resolve = () => resolveFeatures({ columns, fields, ...given }, { users: false, items: false }, "features.yaml");
  expect(resolve).toThrow(expect.objectContaining({ name: "UserError", message: `features.yaml: ${message}` }));
});

test("a type that no row has is mistyped", async () => {
  await expect(prepared("mistyped", shop, { target: "bye" })).rejects.toThrow(
    "target: no row has the type bye; there are view, buy",
  );
});
