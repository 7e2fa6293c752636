import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { SPLITS } from "../../../src/dataset/dataset.ts";
import { readReviews } from "../../../src/importers/amazon/dump.ts";
import { prepareAmazon } from "../../../src/importers/amazon/prepare.ts";
import { loadVocabularies } from "../../support/dataset.ts";
import { dumps, metadata, review, sequencesOf, shop } from "./dumps.ts";

const { folder, dump, prepare } = dumps();

describe("prepareAmazon", () => {
  test("makes a dataset of two dumps, and reports what is in it", async () => {
    const { reviews, meta } = shop();
    const { summary, dataset, out } = await prepare(reviews, meta);
    const items = new Set(reviews.map((line) => JSON.parse(line).asin));
    expect(summary).toMatchObject({ users: 40, items: items.size, categories: 4, train: 240, valid: 80, test: 80 });
    expect(Object.values(summary.dropped).reduce((a, b) => a + b)).toBe(0);
    expect(summary.warnings).toEqual([]);
    expect(dataset.manifest).toMatchObject({
      importer: "amazon",
      protocol: "temporal",
      settings: { negatives: "strict" },
    });
    expect(dataset.schema.item.map(({ name }) => name)).toEqual(["item", "category"]);
    expect((await loadVocabularies(out)).category.slice(1).sort()).toEqual(["c0", "c1", "c2", "c3"]);
    const { item, category } = await loadVocabularies(out);
    dataset.itemFields[0].forEach((id, row) => {
      const asin = item[id];
      if (asin !== null) expect(category[dataset.itemFields[1][row]]).toBe(`c${Number(asin.slice(1)) % 4}`);
    });
  });

  test("nothing of validation or test gets into vocabularies or popularity", async () => {
    const { reviews, meta } = shop();
    // Each user's last two reviews are of items that nobody else has.
    const late = Array.from({ length: 40 }, (_, u) =>
      [`V${u}`, `T${u}`].map((asin, t) => review(`A${u}`, asin, 2e9 + t)),
    );
    const all = [...reviews, ...late.flat()];
    const allMeta = [
      ...meta,
      ...Array.from({ length: 40 }, (_, u) => `${metadata(`V${u}`, "c0")}\n${metadata(`T${u}`, "only in test")}`),
    ];
    const { summary, dataset, out } = await prepare(all, allMeta);
    expect(summary.categories).toBe(5);
    expect((await loadVocabularies(out)).item.filter((asin) => asin !== null && !asin.startsWith("B"))).toEqual([]);
    expect((await loadVocabularies(out)).category).not.toContain("only in test");
    const known = new Set(dataset.popularity);
    for (const row of known) expect(dataset.itemFields[0][row]).toBeGreaterThan(0);
    for (const split of SPLITS) {
      // Candidates of the late items are unknown, whatever their labels.
      for (const row of dataset[split].item) expect(known.has(row)).toBe(split === "train");
    }
    // An item that training never saw still has a category that training knows.
    const firstOfValid = dataset.valid.item[0];
    expect([dataset.itemFields[0][firstOfValid], dataset.itemFields[1][firstOfValid] > 0]).toEqual([0, true]);
  });

  test("under paper, users of validation and test are unknown", async () => {
    const { reviews, meta } = shop();
    const { summary, dataset } = await prepare(reviews, meta, { protocol: "paper" });
    expect(summary.train + summary.valid + summary.test).toBe(80);
    for (const split of SPLITS) {
      expect(dataset[split].count).toBeGreaterThan(0);
      for (const id of dataset[split].user[0]) expect(id > 0).toBe(split === "train");
    }
  });

  test("the seed decides everything, and the same seed gives the same dataset", async () => {
    const { reviews, meta } = shop();
    const read = async (seed: number) => {
      const { dataset } = await prepare(reviews, meta, { seed, protocol: "paper" });
      const { manifest, ...rest } = dataset;
      return { inputs: manifest.inputs.map(({ sha256 }) => sha256), ...rest };
    };
    const first = await read(5);
    expect(await read(5)).toEqual(first);
    expect((await read(6)).train.item).not.toEqual(first.train.item);
  });

  test("histories keep the latest behaviours", async () => {
    const { reviews, meta } = shop();
    const { dataset } = await prepare(reviews, meta, { maxHistory: 3 });
    expect(dataset.schema.maxHistory).toBe(3);
    expect(Math.max(...dataset.test.length)).toBe(3);
    expect([...dataset.test.position]).toEqual(new Array(80).fill(5));
  });

  test("metadata may be JSON, or miss items, or come twice; an item without has category unknown", async () => {
    const { reviews } = shop();
    const meta = [
      '{"asin": "B0", "categories": [["All", "json"]]}',
      "{'asin': 'B1', 'title': 'no categories'}",
      metadata("B1", "second line"),
      metadata("B1", "third line"),
      "{'asin': 'B2', 'categories': []}",
      metadata("nobody bought this", "unseen"),
    ];
    const { summary, dataset, out } = await prepare(reviews, meta);
    expect(summary.categories).toBe(2);
    expect(summary.dropped.itemsWithoutCategory).toBe(summary.items - 2);
    const { item, category } = await loadVocabularies(out);
    const categoryOf = (asin: string) => {
      const row = dataset.itemFields[0].indexOf(item.indexOf(asin));
      return category[dataset.itemFields[1][row]];
    };
    expect(["B0", "B1", "B2", "B3"].map(categoryOf)).toEqual(["json", "second line", null, null]);
  });

  test("broken and incomplete lines are left out, counted, and the first ones named", async () => {
    const { reviews, meta } = shop();
    const bad = [
      '{"reviewerID": "A1", "asin"',
      "",
      '["a", "list"]',
      "null",
      '{"asin": "B1", "unixReviewTime": 1}',
      '{"reviewerID": "", "asin": "B1", "unixReviewTime": 1}',
      '{"reviewerID": "A1", "asin": 7, "unixReviewTime": 1}',
      '{"reviewerID": "A1", "asin": "B1", "unixReviewTime": "1"}',
      '{"reviewerID": "A1", "asin": "B1", "unixReviewTime": 1.5}',
      '{"reviewerID": "A1", "asin": "B1", "unixReviewTime": 253402300800}',
      '{"reviewerID": "A1", "asin": "B1", "unixReviewTime": -62135596801}',
    ];
    const badMeta = ["{'asin': 'B1', 'price': 1 + 1}", "{'title': 'x'}", "{'asin': 'B2', 'categories': 'c1'}"];
    const { summary } = await prepare([...bad, ...reviews], [...badMeta, ...meta]);
    expect(summary.dropped).toMatchObject({
      brokenReviews: 3,
      incompleteReviews: 7,
      brokenMetadata: 1,
      incompleteMetadata: 2,
    });
    const warnings = summary.warnings.map((warning) => warning.replace(/^.*\.json\.gz, /, ""));
    expect(warnings).toHaveLength(8);
    expect(warnings[0]).toMatch(/^line 1: .*JSON/);
    expect(warnings.slice(1)).toEqual([
      "line 3: no object",
      "line 4: no object",
      "line 5: no reviewerID (layout of 2014 and 2018)",
      'line 6: reviewerID is "" (layout of 2014 and 2018)',
      'line 1: , or } was expected, found "+" at character 27',
      "line 2: no asin (layout of 2014 and 2018)",
      'line 3: categories is "c1" (layout of 2014)',
    ]);
    const clean = await prepare(reviews, meta);
    expect({ ...summary, seconds: 0, dropped: 0, warnings: 0 }).toEqual({
      ...clean.summary,
      seconds: 0,
      dropped: 0,
      warnings: 0,
    });
  });

  test("lines that are not UTF-8 are broken, and make no two keys one", async () => {
    const { reviews } = shop();
    const path = join(folder, "latin.json");
    const lines = ["\xe4", "\xf6"].map((letter) => review(letter, "B1", 5).replace(/gut . ./, ""));
    writeFileSync(
      path,
      Buffer.concat([Buffer.from(lines.join("\n"), "latin1"), Buffer.from(`\n${reviews.join("\n")}`)]),
    );
    const found = await readReviews(path);
    expect(found.broken).toBe(2);
    expect(found.examples).toEqual(["line 1: the text is not UTF-8", "line 2: the text is not UTF-8"]);
    expect(found.users.join()).not.toContain("\ufffd");
  });

  test("duplicates, repeats, equal times and users with one review have their fates", async () => {
    const rows = (user: string) => [
      review(user, "late", 9),
      review(user, "a", 1),
      review(user, "b", 1),
      review(user, "a", 1),
      review(user, "a", 5),
      review(user, "filler", 20),
      review(user, "filler", 21),
    ];
    const { summary, ...prepared } = await prepare(
      [...rows("u"), ...rows("v"), review("lone", "a", 1), review("again", "a", 1), review("again", "a", 2)],
      [metadata("a", "c")],
    );
    expect(summary).toMatchObject({ users: 3, items: 4 });
    expect(summary.dropped).toMatchObject({
      duplicateReviews: 2,
      usersWithOneReview: 1,
      returnsWithoutNegative: 1,
    });
    const [u, v] = await sequencesOf({ summary, ...prepared });
    expect(u).toEqual(["a", "b", "a", "late", null, null]);
    expect(v).toEqual(u);
  });

  test("warns where most items have no category", async () => {
    const { reviews, meta } = shop();
    const half = await prepare(reviews, meta.slice(0, 15));
    expect(half.summary.warnings).toEqual([]);
    const { summary } = await prepare(reviews, meta.slice(0, 14));
    expect(summary.warnings).toHaveLength(1);
    expect(summary.warnings[0]).toMatch(/has a category for only 14 of the 30 items of /);
  });

  test("options left undefined have their defaults", async () => {
    const { reviews, meta } = shop();
    const left = { protocol: undefined, negatives: undefined, seed: undefined, maxHistory: undefined };
    const { dataset } = await prepare(reviews, meta, left);
    expect(dataset.manifest).toMatchObject({ protocol: "paper", settings: { negatives: "strict" }, seed: 0 });
    expect(dataset.manifest.maxHistory).toBe(100);
  });

  test("plain text is read as well as gzip", async () => {
    const { reviews, meta } = shop();
    const plain = [reviews, meta].map((lines, i) => {
      const path = join(folder, `plain-${i}.json`);
      writeFileSync(path, lines.join("\r\n"));
      return path;
    });
    const { summary } = await prepare([], [], { reviews: plain[0], meta: plain[1] });
    expect(summary).toMatchObject({ users: 40, categories: 4 });
  });

  test("progress reaches its end in every stage", async () => {
    const { reviews, meta } = shop();
    const last = new Map<string, [number, number | undefined]>();
    const options = { reviews: dump(reviews), meta: dump(meta), out: join(folder, "progress") };
    await prepareAmazon(
      { ...options, protocol: "paper", negatives: "released", seed: 0, maxHistory: 9 },
      (stage, done, total) => last.set(stage, [done, total]),
    );
    expect([...last.keys()]).toEqual(["reviews", "metadata", "write"]);
    for (const [done, total] of last.values()) expect(done).toBe(total);
  });
});
