import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect } from "vitest";
import { openDataset } from "../../../src/dataset/read.ts";
import { UserError } from "../../../src/errors/failure.ts";
import type { PrepareAmazonOptions } from "../../../src/importers/amazon/options.ts";
import { prepareAmazon } from "../../../src/importers/amazon/prepare.ts";
import { Random } from "../../../src/tensor/random.ts";
import { loadVocabularies } from "../../support/dataset.ts";
import { temporaryFolder } from "../../support/source.ts";

export function review(reviewerID: string, asin: string, unixReviewTime: number): string {
  return JSON.stringify({ reviewerID, asin, overall: 5, reviewText: "gut – 好", unixReviewTime });
}

export function metadata(asin: string, category: string): string {
  return `{'asin': '${asin}', 'title': 'It\\'s', 'categories': [['All', '${category}'], ['Other']]}`;
}

/** Forty users with six reviews each of thirty items in four categories. */
export function shop() {
  const random = new Random(3);
  const users = Array.from({ length: 40 }, (_, u) => `A${u}`);
  const items = Array.from({ length: 30 }, (_, i) => `B${i}`);
  return {
    reviews: users.flatMap((user) =>
      Array.from({ length: 6 }, (_, t) => review(user, items[random.integer(30)], 1_300_000_000 + t)),
    ),
    meta: items.map((item, i) => metadata(item, `c${i % 4}`)),
  };
}

/** Raw items of each user's sequence, through the vocabulary; null where training never saw the item. */
export async function sequencesOf({
  dataset,
  out,
}: Awaited<ReturnType<ReturnType<typeof dumps>["prepare"]>>): Promise<(string | null)[][]> {
  const { item: vocabulary } = await loadVocabularies(out);
  const { offsets, items } = dataset.sequences;
  return Array.from({ length: offsets.length - 1 }, (_, s) =>
    [...items.subarray(offsets[s], offsets[s + 1])].map((row) => vocabulary[dataset.itemFields[0][row]]),
  );
}

/** What a test file makes dumps and datasets with. */
export function dumps() {
  const folder = temporaryFolder();
  let files = 0;
  /** A new path in the folder. */
  const next = (name: string) => join(folder, `${name}-${files++}`);

  /** Writes a gzipped file of these lines and returns its path. */
  function dump(lines: readonly string[]): string {
    const path = `${next("dump")}.json.gz`;
    writeFileSync(path, gzipSync(lines.map((line) => `${line}\n`).join("")));
    return path;
  }

  async function prepare(
    reviews: readonly string[],
    meta: readonly string[],
    options: Partial<PrepareAmazonOptions> = {},
  ) {
    const out = next("out");
    const summary = await prepareAmazon({
      reviews: dump(reviews),
      meta: dump(meta),
      out,
      protocol: "temporal",
      negatives: "strict",
      seed: 0,
      maxHistory: 100,
      ...options,
    });
    return { summary, dataset: await openDataset(options.out ?? out), out: options.out ?? out };
  }

  async function refusal(options: Partial<PrepareAmazonOptions>): Promise<string> {
    const out = join(folder, "refused");
    const { reviews, meta } = shop();
    const error = await prepareAmazon({
      reviews: options.reviews ?? dump(reviews),
      meta: options.meta ?? dump(meta),
      out,
      protocol: "temporal",
      negatives: "strict",
      seed: 0,
      maxHistory: 100,
      ...options,
    }).then(
      () => null,
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(UserError);
    expect(readdirSync(folder).filter((name) => name.startsWith("refused"))).toEqual([]);
    const { message } = error as UserError;
    expect(message).not.toContain("\n");
    return message;
  }

  return { folder, next, dump, prepare, refusal };
}
