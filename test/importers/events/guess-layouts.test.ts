/** How files are written, and what is in columns without names: what init says of it is what prepare needs. */
import { expect, it, test } from "vitest";
import { parse } from "yaml";
import { type GuessOptions, guessFeatures } from "../../../src/importers/events/guess/guess.ts";
import { featuresText } from "../../../src/importers/events/guess/text.ts";
import { prepareEvents } from "../../../src/importers/events/prepare.ts";
import { folder, write } from "./support.ts";

const ROWS = 600;
const lines = (line: (i: number) => string, rows = ROWS) =>
  Array.from({ length: rows }, (_, i) => `${line(i)}\n`).join("");
const user = (i: number) => (i * 7) % 40;
const item = (i: number) => 100 + ((i * 13) % 50);
const time = (i: number) => 1_511_544_070 + 60 * i;
const rating = (i: number) => 1 + (i % 5);

async function init(options: GuessOptions) {
  const guess = await guessFeatures(options);
  const features = parse(featuresText(guess));
  const { layout: _, ...sources } = options;
  const out = `${folder}/prepared-${options.events.length}-${Math.random()}`;
  return { guess, features, prepare: () => prepareEvents({ features, featuresPath: "f.yaml", ...sources, out }) };
}

it.each<[string, string, string, Record<string, unknown>, Record<string, string>]>([
  [
    "UserBehavior.csv",
    ".csv",
    lines((i) => `${user(i)},${item(i)},${item(i) % 6},${["pv", "pv", "cart", "buy"][i % 4]},${time(i)}`),
    { header: ["user", "item", "c3", "type", "time"] },
    { user: "user", item: "item", time: "time", type: "type" },
  ],
  [
    "MovieLens 100k",
    ".data",
    lines((i) => [user(i), item(i), rating(i), time(i)].join("\t")),
    { format: "tsv", header: ["user", "item", "c3", "time"] },
    { user: "user", item: "item", time: "time" },
  ],
  [
    "MovieLens 1M",
    ".dat",
    lines((i) => [user(i), item(i), rating(i), time(i)].join("::")),
    { format: "csv", delimiter: "::", header: ["user", "item", "c3", "time"] },
    { user: "user", item: "item", time: "time" },
  ],
  [
    "Yoochoose",
    ".dat",
    lines((i) => `${user(i)},${new Date(1000 * time(i)).toISOString()},${item(i)},${["0", "S", "1"][i % 3]}`),
    { format: "csv", header: ["user", "time", "item", "c4"] },
    { user: "user", item: "item", time: "time" },
  ],
  [
    "RecBole",
    ".inter",
    `user_id:token\titem_id:token\trating:float\ttimestamp:float\n${lines((i) => [user(i), item(i), rating(i), time(i)].join("\t"))}`,
    { format: "tsv" },
    { user: "user_id", item: "item_id", time: "timestamp" },
  ],
  [
    "two colons and a header",
    ".csv",
    `user::item::rating::time\n${lines((i) => [user(i), item(i), rating(i), time(i)].join("::"))}`,
    { delimiter: "::" },
    { user: "user", item: "item", time: "time" },
  ],
])("%s is prepared as it is", async (_, ending, content, layout, columns) => {
  const { features, prepare } = await init({ events: write(ending, content) });
  expect(features.layout).toEqual(layout);
  expect(features.columns).toEqual(columns);
  expect((await prepare()).dropped.badRows).toBe(0);
});

test("numbers from 1 to 5 without a name may be ratings: no field, but perhaps the label", async () => {
  const events = write(
    ".data",
    lines((i) => [user(i), item(i), rating(i), time(i), item(i) % 4].join("\t")),
  );
  const guess = await guessFeatures({ events });
  expect(guess.leftOut.slice(1).map(({ column, why }) => [column, why])).toEqual([
    ["c3", "perhaps a rating, which would be known only after the click"],
    ["c5", "perhaps a rating, which would be known only after the click"],
  ]);
  expect(guess.labels[0]).toEqual({ column: "c3", positive: ">= 4" });
});

test("tables without headers have their keys by their values, and layouts of their own", async () => {
  const { guess, features, prepare } = await init({
    events: write(
      ".data",
      lines((i) => [user(i), item(i), rating(i), time(i)].join("\t")),
    ),
    users: write(
      ".user",
      lines((i) => `${i}|${20 + (i % 30)}|${"MF"[i % 2]}`, 40),
    ),
    items: write(
      ".item",
      Buffer.from(
        lines((i) => `${100 + i}|Amélie ${i}|${i % 3}`, 50),
        "latin1",
      ),
    ),
  });
  expect(features.tables).toEqual({
    users: { format: "csv", header: "none" },
    items: { encoding: "windows-1252", format: "csv", header: "none" },
  });
  expect(guess.keys).toEqual({ user: "c1", item: "c1" });
  expect((await prepare()).warnings).toEqual([]);
});

test("what is given of the layout is taken, and what is doubtful is a TODO", async () => {
  const events = write(
    ".txt",
    lines((i) => `${user(i)} ${item(i)}`),
  );
  const guess = await guessFeatures({ events, layout: { header: ["who", "what"] } });
  expect(guess.layouts.events?.layout).toEqual({ format: "csv", delimiter: " ", header: ["who", "what"] });
  expect(featuresText(guess)).toMatch(/^ {2}header: \[who, what\] +# as it was given$/m);
  expect(featuresText(guess)).toMatch(/^ {2}user: TODO$/m);
  const named = await guessFeatures({ events });
  expect(Object.keys(named.columns)).toEqual(["user", "item"]);
  expect(featuresText(named)).toMatch(/^ {2}time: TODO$/m);
});

test("quotes that do not end are no quotes", async () => {
  const events = write(
    ".csv",
    `user_id,item_id,title,ts\n${lines((i) => `${user(i)},${item(i)},${i % 9 ? "" : '"'}t,${time(i)}`)}`,
  );
  const { features, prepare } = await init({ events });
  expect(features.layout).toEqual({ quote: "none" });
  expect((await prepare()).dropped.badRows).toBe(0);
});

test("quoted values may run over lines", async () => {
  const events = write(".csv", `user_id,item_id,title,ts\n${lines((i) => `${user(i)},${item(i)},"a\nb",${time(i)}`)}`);
  const { features, prepare } = await init({ events });
  expect(features.layout).toBeUndefined();
  expect((await prepare()).dropped.badRows).toBe(0);
});

test("rows of one column are told of", async () => {
  const { notes } = await guessFeatures({
    events: write(".csv", `a~b~c\n${lines((i) => `${user(i)}~${item(i)}~${time(i)}`)}`),
  });
  expect(notes).toEqual([
    "No known separator was found in the rows: layout.delimiter is what stands between their values",
  ]);
});
