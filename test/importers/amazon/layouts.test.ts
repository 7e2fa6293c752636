import { describe, expect, test } from "vitest";
import { dumps, shop } from "./dumps.ts";

const { prepare } = dumps();

describe("later layouts", () => {
  const names = (item: string) => ["Clothing", "Women", `c${Number(item.slice(1)) % 4}`];
  const { reviews, meta } = shop();
  const of2014 = reviews.map(
    (line) => JSON.parse(line) as { reviewerID: string; asin: string; unixReviewTime: number },
  );
  const items = meta.map((_, i) => `B${i}`);
  const latest = of2014.map(({ reviewerID, asin, unixReviewTime }) => ({
    ...{ user_id: reviewerID, asin: `${asin}X`, parent_asin: asin, timestamp: 1000 * unixReviewTime, rating: 5 },
  }));
  const lines = (objects: readonly object[]) => objects.map((object) => JSON.stringify(object));

  test("give the dataset that the layout of 2014 gives", async () => {
    const { dataset: expected } = await prepare(reviews, meta);
    const of2018 = await prepare(reviews, lines(items.map((asin) => ({ category: names(asin), asin }))));
    const of2023 = await prepare(
      lines(latest),
      lines(items.map((item) => ({ main_category: "Fashion", categories: names(item), parent_asin: item }))),
    );
    for (const { dataset, summary } of [of2018, of2023]) {
      expect(dataset.sequences).toEqual(expected.sequences);
      expect(dataset.itemFields).toEqual(expected.itemFields);
      expect(summary).toMatchObject({ categories: 4, warnings: [] });
    }
  });

  test("are named where a line is not of them", async () => {
    const meta = lines(items.map((item, i) => ({ categories: i === 0 ? "x" : names(item), parent_asin: item })));
    const [first, ...rest] = latest;
    const { summary } = await prepare(lines([{ ...first, timestamp: "now" }, ...rest]), meta);
    expect(summary.warnings.map((warning) => warning.replace(/^.*, /, ""))).toEqual([
      'line 1: timestamp is "now" (layout of 2023)',
      'line 1: categories is "x" (layout of 2023)',
    ]);
  });

  test("without categories leave them unknown", async () => {
    const some = items.map((asin, i) => ({ asin, ...(i > 0 && { category: i === 1 ? [] : names(asin) }) }));
    expect((await prepare(reviews, lines(some))).summary.dropped).toMatchObject({ itemsWithoutCategory: 2 });
  });
});
