/** Logs whose rows list what was shown together, or what the user did before. */
import { expect, it } from "vitest";
import { parse } from "yaml";
import { type GuessOptions, guessFeatures } from "../../../src/importers/events/guess/guess.ts";
import { featuresText } from "../../../src/importers/events/guess/text.ts";
import { prepareEvents } from "../../../src/importers/events/prepare.ts";
import { csv, folder, write } from "./support.ts";

const ROWS = 120;
const items = (i: number, count: number) => Array.from({ length: count }, (_, k) => `N${(i * 7 + k * 3) % 40}`);
const time = (i: number) => `2024-05-${String(1 + Math.floor(i / 6)).padStart(2, "0")} 10:00:00`;
const rows = <T>(row: (i: number) => T) => Array.from({ length: ROWS }, (_, i) => row(i));
const news = () =>
  write(
    ".csv",
    csv(
      ["news", "category"],
      Array.from({ length: 40 }, (_, i) => [`N${i}`, `c${i % 4}`]),
    ),
  );

async function init(options: GuessOptions, name: string) {
  const guess = await guessFeatures(options);
  const features = parse(featuresText(guess));
  const out = `${folder}/lists-${name}`;
  return { guess, features, prepare: () => prepareEvents({ features, featuresPath: "f.yaml", ...options, out }) };
}

it("reads candidates with labels, and a history", async () => {
  const row = (i: number) => [
    ...[`U${i % 9}`, time(i), items(i + 1, i % 4).join(" ")],
    items(i, 4)
      .map((item, k) => `${item}-${Number((i + k) % 4 === 0)}`)
      .join(" "),
  ];
  const events = write(".csv", csv(["user", "time", "history", "impressions"], rows(row)));
  const { guess, features, prepare } = await init({ events, items: news() }, "mind");
  expect(features.columns).toEqual({ user: "user", time: "time" });
  expect(features.impressions).toEqual({ list: { column: "impressions", separator: " ", label: "-" } });
  expect(features.history).toEqual({ column: "history", separator: " " });
  expect(guess.keys).toEqual({ item: "news" });
  const { protocol, train, valid, test } = await prepare();
  expect([protocol, train + valid + test]).toEqual(["impressions", 4 * ROWS]);
});

it("reads those of MIND, which has no headers", async () => {
  const time = (i: number) => `11/${1 + Math.floor(i / 6)}/2019 ${1 + (i % 12)}:05:58 ${i % 2 ? "AM" : "PM"}`;
  const candidates = (i: number) => items(i, 4).map((item, k) => `${item}-${Number((i + k) % 4 === 0)}`);
  const row = (i: number) => [i + 1, `U${i % 15}`, time(i), items(i + 1, 3).join(" "), candidates(i).join(" ")];
  const events = write(".tsv", rows((i) => row(i).join("\t")).join("\n"));
  const table = Array.from({ length: 40 }, (_, i) => `N${i}\tc${i % 4}\thttps://news.example/${i}`).join("\n");
  const { guess, features, prepare } = await init({ events, items: write(".tsv", table) }, "mind-itself");
  expect(features.layout).toEqual({ header: ["c1", "user", "time", "c4", "c5"] });
  expect(features.columns).toEqual({ user: "user", time: { column: "time", format: "%m/%d/%Y %I:%M:%S %p" } });
  expect(features.impressions).toEqual({ list: { column: "c5", separator: " ", label: "-" } });
  expect(guess.keys).toEqual({ item: "c1" });
  expect((await prepare()).dropped.badRows).toBe(0);
});

it("reads lists of JSON, of what was shown and what was clicked", async () => {
  const row = (i: number) => ({
    user_id: i % 9,
    impression_time: time(i),
    article_ids_inview: items(i, 4),
    article_ids_clicked: [items(i, 4)[i % 4]],
  });
  const events = write(".ndjson", rows((i) => JSON.stringify(row(i))).join("\n"));
  const { features, prepare } = await init({ events }, "ebnerd");
  expect(features.impressions).toEqual({ list: { column: "article_ids_inview", clicked: "article_ids_clicked" } });
  expect(features.history).toBeUndefined();
  expect((await prepare()).dropped.badRows).toBe(0);
});

it("reads histories beside one item a row", async () => {
  const row = (i: number) => [`u${i % 9}`, items(i, 1)[0], time(i), String(i % 2), items(i, 3).join("^")];
  const events = write(".csv", csv(["user_id", "item_id", "time", "click", "click_history"], rows(row)));
  const { features, prepare } = await init({ events }, "history");
  expect(features.history).toEqual({ column: "click_history", separator: "^" });
  expect((await prepare()).dropped.badRows).toBe(0);
});
