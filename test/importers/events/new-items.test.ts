/** Items that training never saw: what their samples may tell, and by which fields they are known. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openDataset } from "../../../src/dataset/read.ts";
import { prepareEvents } from "../../../src/importers/events/prepare.ts";
import { auc } from "../../../src/statistics/auc.ts";
import { loadVocabularies } from "../../support/dataset.ts";
import { temporaryFolder } from "../../support/source.ts";

const folder = temporaryFolder();

function write(name: string, rows: readonly (readonly (string | number)[])[]): string {
  const path = join(folder, name);
  writeFileSync(path, `${rows.map((row) => row.join(",")).join("\n")}\n`);
  return path;
}

test("being unknown or popular does not tell the label where users turn to new items", async () => {
  // The last two of eleven behaviours are often of an item that nobody had before; earlier ones are skewed.
  const rows = Array.from({ length: 400 }, (_, user) =>
    Array.from({ length: 11 }, (_, place) => {
      const isNew = place > 8 && (user + place) % 2 === 0;
      const item = isNew ? `new ${user}` : `i${(user * 7 + place * place * 13) % (10 + 9 * (place % 5))}`;
      return [`u${user}`, item, 1_500_000_000 + place * 86_400 + user];
    }),
  ).flat();
  const events = write("turn.csv", [["user", "item", "time"], ...rows]);
  const features = { columns: { user: "user", item: "item", time: "time" }, fields: {} };
  await prepareEvents({ features, events, out: join(folder, "turn") });
  const dataset = await openDataset(join(folder, "turn"));
  const uses = new Map<number, number>();
  for (const row of dataset.popularity) uses.set(row, (uses.get(row) ?? 0) + 1);
  for (const split of ["valid", "test"] as const) {
    const { label, item } = dataset[split];
    const isUnknown = [...item].map((row) => Number(dataset.itemFields[0][row] === 0));
    const popular = [...item].map((row) => uses.get(row) ?? 0);
    expect(isUnknown.filter((one, i) => one === 1 && label[i] === 1).length).toBeGreaterThan(150);
    // Four standard errors of 800 samples; by the popularity of the training part both would be beyond .7 or .3.
    expect(Math.abs(auc(label, isUnknown) - 0.5)).toBeLessThan(0.08);
    expect(Math.abs(auc(label, popular) - 0.5)).toBeLessThan(0.08);
  }
});

describe("the fields of an item that training never saw", () => {
  const days = 10;
  const rows = Array.from({ length: 600 }, (_, i) => {
    const day = Math.floor((i * days) / 600);
    const item = day < 8 ? i % 40 : 40 + (i % 23);
    return [`u${i % 50}`, `i${item}`, `c${item % 6}`, 1_500_000_000 + i * 1440, Number(item % 6 < 3)];
  });
  const events = write("shown.csv", [["user", "item", "category", "time", "click"], ...rows]);
  const items = write("items.csv", [
    ["item", "category"],
    ...Array.from({ length: 63 }, (_, item) => [`i${item}`, `c${item % 6}`]),
  ]);

  test.each([
    ["impressions", { label: "click" }],
    ["behaviours", {}],
  ])("of a log of %s are those of a table that says the same", async (name, label) => {
    const features = {
      columns: { user: "user", item: "item", time: "time", ...label },
      fields: { item: [{ name: "item", min_count: 2 }, "category"] },
    };
    const [log, table] = [join(folder, `log-${name}`), join(folder, `table-${name}`)];
    await prepareEvents({ features, events, out: log });
    await prepareEvents({ features, events, items, out: table });
    const [stated, given] = [await openDataset(log), await openDataset(table)];
    expect(stated.itemFields).toEqual(given.itemFields);
    expect([...stated.itemFields[0]].filter((id) => id === 0).length).toBeGreaterThan(name === "impressions" ? 20 : 0);
    expect([...stated.itemFields[1]].slice(1)).not.toContain(0);
    expect(stated.test.item).toEqual(given.test.item);
  });

  test("are those of the row in which they are shown, where a history had them before", async () => {
    // The item of the last row stands in the history of the row before it, which says nothing of its category.
    const shown = Array.from({ length: 60 }, (_, i) => {
      const item = i === 59 ? "new" : `i${i % 6}`;
      return [`u${i % 4}`, item, i === 59 ? "c1" : `c${i % 3}`, 1_500_000_000 + i, i % 2, i === 58 ? "new" : "i1"];
    });
    const given = write("given.csv", [["user", "item", "category", "time", "click", "history"], ...shown]);
    const features = {
      columns: { user: "user", item: "item", time: "time", label: "click" },
      history: "history",
      fields: { item: ["category"] },
    };
    const out = join(folder, "given");
    await prepareEvents({ features, events: given, out });
    const { itemFields, test: last } = await openDataset(out);
    const { category: categories } = await loadVocabularies(out);
    const unknown = [...last.item].filter((row) => itemFields[0][row] === 0);
    expect(unknown.map((row) => categories[itemFields[1][row]])).toEqual(["c1"]);
  });
});
