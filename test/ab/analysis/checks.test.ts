/** Each check speaks where it should, at the level that it should, and is silent elsewhere. */
import { expect, it } from "vitest";
import { type Checked, findingsOf } from "../../../src/ab/analysis/checks.ts";
import type { ArmFacts } from "../../../src/ab/analysis/facts.ts";
import type { Counts } from "../../../src/ab/analysis/tables.ts";
import { trendOf } from "../../../src/ab/analysis/trend.ts";
import { START } from "./records.ts";

const DAY = 86_400_000;
const rows = { files: 1, read: 50_000, bad: 0, examples: [], warnings: [], columns: new Set<string>() };
const outcomes = { counted: 900, repeated: 0, otherExperiments: 0, early: 0, late: 0, lost: 0, foreign: 0, mixed: 0 };
const counts: Counts = {
  ...{
    impressions: 50_000,
    repeated: 0,
    conflicting: 0,
    otherExperiments: 0,
    otherArms: 0,
    users: 2000,
    mixedUsers: 0,
  },
  outcomes,
};
const top = { user: "u1", share: 0.01 };
const arm = (name: string, given: Partial<ArmFacts> = {}): ArmFacts => ({
  ...{ arm: name, clickers: 300, topClicks: top, topRevenue: top, first: START, earlier: 1 },
  ...given,
});
const facts = (first: Partial<ArmFacts> = {}, second: Partial<ArmFacts> = {}) => ({
  ...{ arms: [arm("base", first), arm("dien", second)], from: START, to: START + 20 * DAY, leastPropensity: 1 },
  ...{ valued: ["click"], types: ["click"] },
});
const GOOD: Checked = {
  ...{ counts, facts: facts(), rows: { exposures: rows, outcomes: rows, before: null }, metric: "ctr", click: "click" },
  ...{
    arms: [
      { arm: "base", users: 1000, needed: 50 },
      { arm: "dien", users: 1000, needed: 50 },
    ],
    attribution: "impression",
    weights: [1, 1],
  },
  ...{ areWeightsGiven: true, sampleRatioP: 0.4, trends: [], end: undefined, revenue: undefined, bandit: "no" },
};

const trend = (first: number, slope: number) =>
  trendOf(Array.from({ length: 10 }, (_, day) => ({ day, lift: first + slope * day, error: 0.02 })))!;
const sums = (given: Partial<Counts>): Partial<Checked> => ({ counts: { ...counts, ...given } });
const fates = (given: Partial<Counts["outcomes"]>) => sums({ outcomes: { ...outcomes, ...given } });
const badRows = (bad: number): Partial<Checked> => ({
  rows: { ...GOOD.rows, outcomes: { ...rows, bad, examples: ["o.csv: row 5: column time: expected a time"] } },
});

it("nothing is found where nothing is wrong", () => {
  expect(findingsOf(GOOD)).toEqual([]);
});

it.each<[string, string, Partial<Checked>, RegExp]>([
  ["values", "warning", { revenue: ["click", "sale"] }, /^no outcome is a "sale", .*; types are: click$/],
  [
    "sample-ratio",
    "grave",
    {
      sampleRatioP: 0.0005,
      arms: [
        { arm: "base", users: 1500, needed: 50 },
        { arm: "dien", users: 500, needed: 50 },
      ],
    },
    /base has 75 % of the users instead of 50 %, dien has 25 %/,
  ],
  ["sample-ratio", "grave", { sampleRatioP: 1e-30, areWeightsGiven: false }, /never; equal weights were taken/],
  ["sample-ratio", "note", { sampleRatioP: null, weights: null }, /no fixed weights/],
  ["mixed-users", "warning", sums({ mixedUsers: 20 }), /^20 users of 2,000 saw more than one arm/],
  ["mixed-users", "grave", sums({ mixedUsers: 21 }), /^21 users/],
  ["early-outcomes", "warning", fates({ early: 1 }), /^1 outcome came before/],
  ["early-outcomes", "grave", fates({ early: 100 }), /^100 outcomes/],
  ["lost-outcomes", "warning", fates({ lost: 1 }), /^1 outcome of users in the experiment/],
  ["lost-outcomes", "grave", fates({ lost: 100 }), /^100 outcomes/],
  ["lost-outcomes", "note", fates({ foreign: 5000 }), /^5,000 outcomes of users who are in no arm/],
  ["lost-outcomes", "grave", fates({ counted: 0, foreign: 7 }), /^none of 7 outcomes/],
  ["late-outcomes", "note", fates({ late: 1 }), /^1 outcome came after the window/],
  [
    "few-users",
    "grave",
    {
      arms: [
        { arm: "base", users: 1000, needed: 50 },
        { arm: "dien", users: 99, needed: 50 },
      ],
    },
    /^dien has 99 users/,
  ],
  [
    "few-users",
    "warning",
    {
      arms: [
        { arm: "base", users: 1000, needed: 1001 },
        { arm: "dien", users: 1000, needed: 1000 },
      ],
    },
    /^base has 1,000 users, and intervals of CTR are right from 1,001 users on$/,
  ],
  ["few-users", "grave", { facts: facts({}, { clickers: 9 }) }, /^9 users of dien clicked/],
  [
    "few-users",
    "grave",
    { facts: facts({}, { clickers: 0 }), click: "tap" },
    /no outcome is a "tap"; types are: click/,
  ],
  [
    "dominance",
    "warning",
    { facts: facts({ topClicks: { user: "u7", share: 0.1 } }) },
    /^one user \(u7\) has 10 % of the clicks of base/,
  ],
  [
    "dominance",
    "grave",
    { facts: facts({}, { topRevenue: { user: "u7", share: 0.5 } }) },
    /50 % of the revenue of dien/,
  ],
  [
    "start",
    "warning",
    { facts: facts({}, { first: START + DAY, earlier: 10 }) },
    /^dien began 24\.0 hours after the first arm, 5\.0 % of/,
  ],
  ["start", "grave", { facts: facts({}, { first: START + 2 * DAY, earlier: 10 }) }, /48\.0 hours/],
  ["rows", "warning", badRows(500), /^500 rows of outcomes cannot be used, of 50,000: o\.csv: row 5/],
  ["rows", "grave", badRows(501), /^501 rows/],
  ["rows", "warning", { rows: { ...GOOD.rows, before: { ...rows, warnings: ["a time is odd"] } } }, /^a time is odd/],
  ["repeated-ids", "note", sums({ repeated: 3 }), /^3 rows of impressions repeat an id/],
  ["repeated-ids", "note", fates({ repeated: 1 }), /^1 row of outcomes repeat/],
  ["repeated-ids", "warning", sums({ repeated: 3, conflicting: 3 }), /^3 rows of impressions have the id of another/],
  ["repeated-ids", "grave", sums({ repeated: 600, conflicting: 600 }), /^600 rows/],
  [
    "novelty",
    "warning",
    { trends: [{ arm: "dien", trend: trend(0.2, -0.015) }] },
    /dien on CTR fades day by day, from \+20 % to \+6\.5 %/,
  ],
  [
    "novelty",
    "warning",
    { trends: [{ arm: "dien", trend: trend(-0.02, 0.015) }] },
    /grows day by day, from -2\.0 % to \+12 %/,
  ],
  ["unfinished", "warning", { end: START + 30 * DAY }, /^the experiment ends 2026-12-01/],
  ["values", "warning", { facts: { ...facts(), valued: ["click", "order"] } }, /values of click and order/],
  ["other-rows", "warning", sums({ otherArms: 4 }), /^4 impressions of arms/],
  ["other-rows", "note", sums({ otherExperiments: 4 }), /^4 rows of other experiments/],
  ["attribution", "note", { attribution: "user" }, /^outcomes name no impressions/],
  ["bandit", "grave", { bandit: "yes" }, /^a bandit chose the arms/],
  ["bandit", "grave", { bandit: "perhaps" }, /^chance chose what was shown .* if it was a bandit/],
])("%s: %s", (check, level, given, message) => {
  const found = findingsOf({ ...GOOD, ...given });
  expect(found).toMatchObject([{ check, level }]);
  expect(found[0].message).toMatch(message);
});

it.each<[string, Partial<Checked>]>([
  ["arms whose users fit their weights", { sampleRatioP: 0.001 }],
  [
    "100 users in each arm, 10 of whom clicked",
    {
      arms: [
        { arm: "base", users: 100, needed: 50 },
        { arm: "dien", users: 100, needed: 50 },
      ],
      facts: facts({ clickers: 10 }, { clickers: 10 }),
    },
  ],
  [
    "a user with a little less than a tenth of the clicks",
    { facts: facts({ topClicks: { user: "u7", share: 0.0999 } }) },
  ],
  ["an arm whose first user is the tenth of all", { facts: facts({}, { first: START + 3 * DAY, earlier: 9 }) }],
  ["effects that do not change", { trends: [{ arm: "dien", trend: trend(0.1, 0) }] }],
  ["effects that may have changed by chance", { trends: [{ arm: "dien", trend: trend(0.1, 0.005) }] }],
  ["an end on the day of the last impression", { end: START + 20.5 * DAY }],
  ["values that were chosen", { revenue: ["click"], facts: { ...facts(), valued: ["click", "order"] } }],
])("nothing is found of %s", (_, given) => {
  expect(findingsOf({ ...GOOD, ...given })).toEqual([]);
});

it("grave findings come first", () => {
  const found = findingsOf({ ...GOOD, ...fates({ late: 1, early: 1 }), sampleRatioP: 0, attribution: "user" });
  expect(found.map(({ level }) => level)).toEqual(["grave", "warning", "note", "note"]);
});

it("a trend is the weighted line through days, and five days are the fewest", () => {
  const days = [1, 2, 3, 5, 8].map((day) => ({ day, lift: 0.3 - 0.02 * day, error: 0.01 * day }));
  const found = trendOf(days)!;
  expect(found.slope).toBeCloseTo(-0.02, 12);
  expect([found.first, found.last]).toEqual([expect.closeTo(0.28, 12), expect.closeTo(0.14, 12)]);
  // The slope over its error, both of the normal equations.
  const weight = days.map(({ error }) => 1 / error ** 2);
  const sum = (value: (day: number) => number) => days.reduce((all, { day }, n) => all + weight[n] * value(day), 0);
  const spread = sum((day) => day * day) - sum((day) => day) ** 2 / sum(() => 1);
  expect(found.p).toBeCloseTo(0.0117, 2);
  expect(0.02 * Math.sqrt(spread)).toBeGreaterThan(1.9);
  expect(trendOf(days.slice(1))).toBeUndefined();
  expect(trendOf(days.map((one) => ({ ...one, error: Number.NaN })))).toBeUndefined();
});
