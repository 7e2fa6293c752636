import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SPLITS } from "../../src/dataset/dataset.ts";
import { openDataset } from "../../src/dataset/read.ts";
import { UserError } from "../../src/errors/failure.ts";
import { readReviews } from "../../src/importers/amazon/dump.ts";
import type { PrepareAmazonOptions } from "../../src/importers/amazon/options.ts";
import { prepareAmazon } from "../../src/importers/amazon/prepare.ts";
import { readLines } from "../../src/lines.ts";
import { Random } from "../../src/tensor/random.ts";
import { loadVocabularies } from "../support/dataset.ts";
import { temporaryFolder } from "../support/source.ts";
import { ZSTD } from "../support/zstd.ts";

const folder = temporaryFolder();
let files = 0;

/** Writes a gzipped file of these lines and returns its path. */
function dump(lines: readonly string[]): string {
  const path = join(folder, `dump-${files++}.json.gz`);
  writeFileSync(path, gzipSync(lines.map((line) => `${line}\n`).join("")));
  return path;
}

function review(reviewerID: string, asin: string, unixReviewTime: number): string {
  return JSON.stringify({ reviewerID, asin, overall: 5, reviewText: "gut – 好", unixReviewTime });
}

function metadata(asin: string, category: string): string {
  return `{'asin': '${asin}', 'title': 'It\\'s', 'categories': [['All', '${category}'], ['Other']]}`;
}

/** Forty users with six reviews each of thirty items in four categories. */
function shop() {
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

async function prepare(
  reviews: readonly string[],
  meta: readonly string[],
  options: Partial<PrepareAmazonOptions> = {},
) {
  const out = join(folder, `out-${files++}`);
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

/** Raw items of each user's sequence, through the vocabulary; null where training never saw the item. */
async function sequencesOf({ dataset, out }: Awaited<ReturnType<typeof prepare>>): Promise<(string | null)[][]> {
  const { item: vocabulary } = await loadVocabularies(out);
  const { offsets, items } = dataset.sequences;
  return Array.from({ length: offsets.length - 1 }, (_, s) =>
    [...items.subarray(offsets[s], offsets[s + 1])].map((row) => vocabulary[dataset.itemFields[0][row]]),
  );
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

describe("readLines", () => {
  test("reports name, size and SHA-256 of the file as it is on the disk", async () => {
    const path = join(folder, "known.gz");
    const bytes = gzipSync("a\nb\n");
    writeFileSync(path, bytes);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    expect(await readLines(path, () => {})).toEqual({ name: "known.gz", bytes: bytes.length, sha256 });
  });

  test.skipIf(process.platform === "win32")("reads a pipe, gzipped or not, whose size nobody knows", async () => {
    for (const [name, bytes] of [
      ["plain.pipe", Buffer.from("a\nb\n")],
      ["packed.pipe", gzipSync("a\nb\n")],
    ] as const) {
      const path = join(folder, name);
      execFileSync("mkfifo", [path]);
      const found: string[] = [];
      const progress: [number, number | undefined][] = [];
      const [file] = await Promise.all([
        readLines(
          path,
          ({ text }) => found.push(text),
          (...reported) => progress.push(reported),
        ),
        writeFile(path, bytes),
      ]);
      expect(found).toEqual(["a", "b"]);
      expect(progress.at(-1)).toEqual([bytes.length, undefined]);
      expect(file.bytes).toBe(bytes.length);
    }
  });

  test("gives the lines of any text, however its bytes fall into chunks", async () => {
    const line = fc.string({ unit: fc.constantFrom("a", "é", "好", "😀", "\r", " "), maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 30 }), fc.boolean(), fc.boolean(), async (lines, gzip, ended) => {
        const whole = lines.join("\n") + (ended ? "\n" : "");
        const path = join(folder, "lines");
        writeFileSync(path, gzip ? gzipSync(whole) : whole);
        const found: [string, number][] = [];
        const { bytes } = await readLines(path, ({ text, number }) => found.push([text, number]));
        expect(found).toEqual(lines.map((one, i) => [one, i + 1] as const).filter(([one]) => one.trim() !== ""));
        expect(bytes).toBe(readFileSync(path).length);
      }),
    );
    // Three-byte characters, so that some straddle the bounds of chunks of 1 MiB.
    const long = Array.from({ length: 12_000 }, (_, i) => `${i} ${"好".repeat(60)}`);
    const path = join(folder, "long.gz");
    writeFileSync(path, gzipSync(long.join("\n")));
    const found: string[] = [];
    await readLines(path, ({ text }) => found.push(text));
    expect(found).toEqual(long);
  });

  test("reads gzip files of several members, as `cat a.gz b.gz` makes them", async () => {
    const path = join(folder, "members.gz");
    writeFileSync(path, Buffer.concat([gzipSync("a\nb\n"), gzipSync("c\n")]));
    const found: string[] = [];
    await readLines(path, ({ text }) => found.push(text));
    expect(found).toEqual(["a", "b", "c"]);
  });

  test("reads a gzip file that zeros fill up, as `gzip -t` does", async () => {
    const path = join(folder, "padded.gz");
    writeFileSync(path, Buffer.concat([gzipSync("a\n"), Buffer.alloc(2_000_000)]));
    const found: string[] = [];
    await readLines(path, ({ text }) => found.push(text));
    expect(found).toEqual(["a"]);
  });

  test("refuses files that are packed in another way", async () => {
    const path = join(folder, "packed.zst");
    writeFileSync(path, ZSTD);
    await expect(readLines(path, () => {})).rejects.toThrow(`${path} is packed with zstd: unpack it first`);
  });

  test("refuses a line that would fill the memory", async () => {
    const path = join(folder, "endless.gz");
    writeFileSync(path, gzipSync(Buffer.alloc(70 * 2 ** 20, "a"), { level: 1 }));
    await expect(readLines(path, () => {})).rejects.toThrow(/line 1 is longer than 64 MiB/);
  });

  test("an error of whoever takes the lines comes through as it is", async () => {
    const defect = new TypeError("a defect");
    const path = join(folder, "defect");
    writeFileSync(path, "a\n");
    await expect(
      readLines(path, () => {
        throw defect;
      }),
    ).rejects.toBe(defect);
  });
});

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
