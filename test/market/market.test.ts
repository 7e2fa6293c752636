/** The market as a whole: over HTTP, with records, in any order of answers. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { prepareEvents } from "dien";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseExperiment } from "../../dist/ab/experiment/experiment.js";
import { readRecords } from "../../dist/ab/records/read.js";
import { effectsOf } from "../../dist/market/effects.js";
import { runMarket } from "../../dist/market/market.js";
import { simulate } from "../../dist/market/simulate.js";
import { temporaryFolder } from "../support/source.ts";
import { arms, runsIn, shop, small, smallShop } from "./support.ts";

const folder = temporaryFolder();
beforeAll(() => smallShop(folder));

const experiment = arms("base", "dien", "oracle");
const market = (more: object = {}) =>
  runMarket({ shop, runs: runsIn(folder), experiment, settings: small(), threads: 1, ...more });

describe("a market", () => {
  it("is the same to the byte, records included, whatever is under way at once and however many threads score", async () => {
    const one = await market({ out: join(folder, "one"), settings: small({ inFlight: 1 }) });
    const many = await market({ out: join(folder, "many"), settings: small({ inFlight: 64 }), threads: 2 });
    expect(many.arms).toEqual(one.arms);
    const files = (name: string) => readdirSync(join(folder, name)).filter((file) => /\.(ndjson|parquet)$/.test(file));
    expect(files("one")).toHaveLength(2);
    expect(files("many")).toEqual(files("one"));
    for (const file of files("one")) {
      expect(readFileSync(join(folder, "many", file)).equals(readFileSync(join(folder, "one", file))), file).toBe(true);
    }
    expect((await market({ settings: small({ seed: 2, days: 1 }) })).arms).not.toEqual(one.arms);
  });

  it("records what it has shown and what came of it", async () => {
    const out = join(folder, "recorded");
    const { arms, impressions } = await market({ out });
    const rows = await readRecords({ exposures: [out], outcomes: [out] }, async (connection) => {
      const result = await connection.runAndReadAll(
        `SELECT e.arm, count(*), count(o.id), sum(o.value), count(DISTINCT e.user), bool_and(o.attributed)
          FROM exposures e LEFT JOIN outcomes o ON o.impression = e.id GROUP BY e.arm ORDER BY e.arm`,
      );
      return result.getRows().map((row) => row.map((cell) => (typeof cell === "bigint" ? Number(cell) : cell)));
    });
    expect(rows.map(([arm]) => arm)).toEqual(["base", "dien", "oracle"]);
    for (const [i, [, shown, clicks, revenue, users, attributed]] of rows.entries()) {
      const own = arms[i];
      expect([shown, clicks, users, attributed]).toEqual([own.impressions, own.clicks, own.users.length, true]);
      expect(Number(revenue)).toBeCloseTo(own.revenue, 6);
    }
    expect(impressions).toBe(arms.reduce((sum, arm) => sum + arm.impressions, 0));
    await expect(market({ out })).rejects.toThrow("is not empty");
  });

  it("has users click as often as the truth says, and more where it is known", async () => {
    const { arms } = await market({ settings: small({ population: 240, days: 2 }) });
    for (const { clicks, expected } of arms) expect(Math.abs(clicks - expected)).toBeLessThan(4 * Math.sqrt(expected));
    const [base, , oracle] = effectsOf(arms);
    expect(oracle.trueCtr).toBeGreaterThan(base.trueCtr * 1.05);
    expect(oracle.gains!.ctr.low).toBeGreaterThan(0);
    expect(base.gains).toBeUndefined();
    for (const { values } of [base, oracle]) expect(1000 * values.ctr * values.ppc).toBeCloseTo(values.ecpm, 9);
  });

  it("has the same users do the same in either arm of an A/A test", async () => {
    const both = { name: "aa", arms: ["A", "B"].map((name) => ({ name, model: "dien" })) };
    const settings = small({ days: 2 });
    const { arms } = await market({ settings, experiment: parseExperiment(both, "ab.yaml") });
    const swapped = { ...both, arms: [...both.arms].reverse() };
    const { arms: again } = await market({ settings, experiment: parseExperiment(swapped, "ab.yaml") });
    expect(again.map(({ users }) => users)).toEqual(arms.map(({ users }) => users));
    expect(arms.map(({ impressions }) => impressions > 50)).toEqual([true, true]);
  });

  it("lets a bandit choose anew every day, by what was earned until then", async () => {
    const policy = { kind: "thompson", floor: 0.1 };
    const experiment = parseExperiment({ name: "b", arms: [{ name: "base" }, { name: "oracle" }], policy }, "ab.yaml");
    const settings = small({ population: 60, days: 8 });
    const { arms } = await market({ experiment, settings });
    const again = await market({ experiment, settings: { ...settings, inFlight: 3 } });
    expect(again.arms).toEqual(arms);
    expect(arms[1].impressions).toBeGreaterThan(2 * arms[0].impressions);
  });

  it("ends with its signal, and without an arm that nobody serves", async () => {
    const ending = new AbortController();
    const onProgress = () => ending.abort();
    await expect(market({ signal: ending.signal, onProgress })).rejects.toThrow(/aborted/);
    await expect(market({ experiment: arms("base", "nobody") })).rejects.toThrow("nobody");
  });
});

describe("simulate", () => {
  const [data, run] = [join(folder, "data"), [join(folder, "base")]];
  const options = { data, run, oracle: false, settings: small({ days: 1 }) };

  it("makes an A/A test of one run, and an arm of each of several, and of the truth", async () => {
    const names = async (more: object) =>
      (await simulate({ ...options, ...more })).arms.map(({ arm, model }) => [arm, model]);
    expect(await names({})).toEqual([
      ["A", "base"],
      ["B", "base"],
    ]);
    const several = { run: [...run, `next=${join(folder, "dien")}`], oracle: true };
    expect((await names(several)).map(([arm]) => arm)).toEqual(["base", "next", "oracle"]);
  });

  it("records how likely chance made each place", async () => {
    const out = join(folder, "explored");
    await simulate({ ...options, explore: 0.5, out });
    const likely = await readRecords({ exposures: [out], outcomes: [out] }, async (connection) => {
      const result = await connection.runAndReadAll(
        "SELECT count(DISTINCT propensity > 0.5), max(propensity) FROM exposures",
      );
      return result.getRows()[0].map(Number);
    });
    expect(likely[0]).toBe(2);
    expect(likely[1]).toBeLessThan(0.6);
  });

  it("writes what happened as a log that the next models can learn from", async () => {
    const [log, out] = [join(folder, "log"), join(folder, "learned")];
    const settings = small({ population: 20, days: 10 });
    const { impressions } = await simulate({ ...options, settings, log });
    const file = (name: string) => join(log, name);
    const features = parse(readFileSync(file("features.yaml"), "utf8"));
    const tables = { events: file("events.csv"), users: file("users.csv"), items: file("items.csv") };
    const summary = await prepareEvents({ features, featuresPath: file("features.yaml"), ...tables, out });
    expect(summary.train + summary.valid + summary.test).toBe(impressions);
    await expect(simulate({ ...options, log })).rejects.toThrow("is not empty");
  });

  it("has no run of the oracle's name: its arm would be the truth", async () => {
    const taken = { ...options, run: [`oracle=${run[0]}`, ...run] };
    await expect(simulate(taken)).rejects.toThrow('two models are called "oracle"');
  });

  it("refuses data whose users it does not know", async () => {
    await expect(simulate({ ...options, data: folder })).rejects.toThrow("dataset.json");
  });
});
