import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { UserError } from "../../../src/errors/failure.ts";
import { prepareAmazon } from "../../../src/importers/amazon/prepare.ts";
import { dumps, metadata, review, shop } from "./dumps.ts";

const { folder, dump, prepare, refusal } = dumps();

describe("prepareAmazon refuses, and writes nothing:", () => {
  test("a dump that is cut off at any place, or damaged", async () => {
    const { reviews } = shop();
    const whole = readFileSync(dump(reviews));
    const cut = join(folder, "cut.json.gz");
    for (const share of [0.01, 0.3, 0.7, 0.9999]) {
      writeFileSync(cut, whole.subarray(0, Math.max(4, Math.floor(whole.length * share))));
      expect(await refusal({ reviews: cut })).toMatch(/cut\.json\.gz is cut off: its gzip stream ends after line \d+$/);
      expect(await refusal({ meta: cut })).toMatch(/cut\.json\.gz is cut off/);
    }
    const scribbled = Buffer.from(whole);
    scribbled.fill(0x55, whole.length / 2, whole.length / 2 + 20);
    writeFileSync(cut, scribbled);
    expect(await refusal({ reviews: cut })).toMatch(/cut\.json\.gz is damaged after line \d+: /);
  });

  test("a file that is not there, is a folder, is empty or is something else", async () => {
    expect(await refusal({ reviews: join(folder, "nowhere.gz") })).toMatch(/^cannot read .*nowhere\.gz: no such file/);
    expect(await refusal({ meta: folder })).toMatch(/^cannot read .*: it is a folder$/);
    expect(await refusal({ reviews: dump([]) })).toMatch(/is empty$/);
    expect(await refusal({ reviews: dump(["asin,user", "1,2"]) })).toMatch(
      /2 of 2 lines are unusable, the first is line 1: /,
    );
    const binary = join(folder, "binary");
    writeFileSync(binary, Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256)));
    expect(await refusal({ reviews: binary })).toMatch(/lines are unusable, the first is line 1: /);
  });

  test("more than a hundred broken lines, where that is more than one in a hundred", async () => {
    const { reviews, meta } = shop();
    const broken = (count: number) => Array.from({ length: count }, () => "{");
    expect(await refusal({ reviews: dump([...reviews, ...broken(101)]) })).toMatch(/: 101 of 341 lines are unusable/);
    expect((await prepare([...reviews, ...broken(100)], meta)).summary.dropped.brokenReviews).toBe(100);
    const many = Array.from({ length: 50 }, () => reviews).flat();
    expect((await prepare([...many, ...broken(120)], meta)).summary.dropped.brokenReviews).toBe(120);
  });

  test("reviews that leave nothing to train on", async () => {
    const lonely = dump(["a", "b", "c"].map((user) => review(user, "B0", 1)));
    expect(await refusal({ reviews: lonely })).toMatch(/leaves nothing to train on: 0 users with two reviews or more/);
  });

  test("metadata of another shop, or the reviews in their place", async () => {
    const { reviews } = shop();
    const nothing =
      /dump-\d+\.json\.gz has a category for none of the \d+ items of .*dump-\d+\.json\.gz \(both dumps must be of one year\)$/;
    expect(await refusal({ meta: dump([metadata("Z1", "other")]) })).toMatch(nothing);
    expect(await refusal({ meta: dump(reviews) })).toMatch(nothing);
  });

  test.each([
    ["protocol", "papr"],
    ["negatives", "some"],
    ["maxHistory", 0],
    ["seed", 1.5],
    ["seed", -1],
    ["out", ""],
  ])("option %s: %j", async (name, value) => {
    const out = join(folder, "refused");
    const { reviews, meta } = shop();
    const options = { reviews: dump(reviews), meta: dump(meta), out, [name]: value };
    const error = await prepareAmazon(options).catch((error) => error);
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toMatch(new RegExp(`^prepareAmazon: ${name}(?:: expected .+, found .+| is empty)$`));
  });

  test("an output folder with something else in it, before it reads anything", async () => {
    const { reviews, meta } = shop();
    const taken = join(folder, "taken.txt");
    writeFileSync(taken, "");
    const error = await prepare(reviews, meta, { out: taken, reviews: join(folder, "nowhere") }).catch(
      (error) => error,
    );
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toMatch(/taken\.txt exists and is no folder/);
    expect(existsSync(taken)).toBe(true);
  });
});
