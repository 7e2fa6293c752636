/** Times of all forms: what init says of them is what prepare needs. */
import { expect, it } from "vitest";
import { parse } from "yaml";
import { guessFeatures } from "../../../src/importers/events/guess/guess.ts";
import { featuresText } from "../../../src/importers/events/guess/text.ts";
import { prepareEvents } from "../../../src/importers/events/prepare.ts";
import { csv, folder, write } from "./support.ts";

const FIRST = Date.UTC(2019, 10, 1);
const two = (value: number) => String(value).padStart(2, "0");
/** Hour after hour, for ten days and more. */
const moment = (i: number) => new Date(FIRST + 3_600_000 * i);
const iso = (i: number) => moment(i).toISOString();
const dmy = (i: number) => `${moment(i).getUTCDate()}/${moment(i).getUTCMonth() + 1}/2019`;

it.each<[string, (i: number) => string, unknown, Partial<{ hours: boolean; local: boolean }>?]>([
  ["UTC behind the time", (i) => `${iso(i).slice(0, 19).replace("T", " ")} UTC`, "time"],
  ["a blank before the offset", (i) => `${iso(i).slice(0, 19).replace("T", " ")} +00:00`, "time"],
  ["a date and an hour", (i) => iso(i).slice(0, 13).replace("T", " "), "time", { local: true }],
  ["slashes", (i) => `2019/11/${1 + (i % 28)} 10:00:00`, "time", { local: true }],
  ["digits of a day", (i) => `201911${two(1 + (i % 28))}`, "time", { local: true, hours: false }],
  ["exponents", () => "1.5e+09", "time"],
  ["nanoseconds", (i) => `${FIRST / 1000 + 3600 * i}000000000`, { column: "time", format: "nanoseconds" }],
  [
    "days that only one order reads",
    (i) => `${dmy(i % 600)} ${two(i % 24)}:30`,
    { column: "time", format: "%d/%m/%Y %H:%M" },
    { local: true },
  ],
  ["days that both orders read", (i) => dmy(i % 240), "TODO", { local: true, hours: false }],
  ["days without a year", (i) => `${two(1 + (i % 12))}${two(1 + (i % 28))}`, "TODO", { local: true, hours: false }],
  ["numbers that count from nowhere", (i) => String(i), { column: "time", format: "seconds" }],
])("%s", async (name, time, expected, { hours = true, local = false } = {}) => {
  const rows = Array.from({ length: 400 }, (_, i) => [`u${i % 20}`, `i${(i * 7) % 30}`, time(i), i % 2 ? "1" : "0"]);
  const events = write(".csv", csv(["user", "item", "time", "click"], rows));
  const guess = await guessFeatures({ events });
  const features = parse(featuresText(guess));
  expect(features.columns.time).toEqual(expected);
  expect([guess.isLocalTime, guess.notes]).toEqual([local, []]);
  if (name !== "exponents") expect(guess.hasTimeOfDay).toBe(hours);
  if (expected === "TODO" || name === "exponents") return;
  const { warnings, dropped } = await prepareEvents({
    features,
    featuresPath: "f.yaml",
    events,
    out: `${folder}/${name}`,
  });
  expect([warnings, dropped.badRows]).toEqual([[], 0]);
});

it("is the column with times of our days, where two are called so", async () => {
  const rows = Array.from({ length: 60 }, (_, i) => [
    `u${i % 5}`,
    `i${i % 7}`,
    `${1 + (i % 5)}`,
    `${FIRST / 1000 + i}`,
  ]);
  const events = write(".csv", csv(["user", "item", "timestamp", "time"], rows));
  const { columns } = parse(featuresText(await guessFeatures({ events })));
  expect(columns.time).toBe("time");
});

it("says what times may be, and what there is without any", async () => {
  const log = (name: string, time: (i: number) => string) =>
    write(
      ".csv",
      csv(
        ["user", "item", name],
        Array.from({ length: 60 }, (_, i) => [`u${i % 5}`, `i${i % 7}`, time(i)]),
      ),
    );
  const text = async (events: string) => featuresText(await guessFeatures({ events }));
  expect(await text(log("day", (i) => dmy(i)))).toContain(
    '# { column: day, format: "%d/%m/%Y" } or { column: day, format: "%m/%d/%Y" }\n  time: TODO\n',
  );
  expect(await text(log("n", (i) => `x${i % 3}`))).toContain("which column it is, or row: what stands further down");
  // Alone, `row` would be the order of the rows.
  expect(parse(await text(log("row", iso))).columns.time).toEqual({ column: "row" });
});
