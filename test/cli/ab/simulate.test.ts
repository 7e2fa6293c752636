import { describe, expect, it } from "vitest";
import type { SimulateOptions, Simulation } from "../../../src/market/simulate.ts";
import { dien } from "../harness.ts";

const gain = { value: 0.12, low: 0.1, high: 0.14, p: 0.00001, adjusted: 0.00003, smallest: 0.02 };
const arm = { arm: "base", model: "base", users: 1000, impressions: 12_000, trueCtr: 0.71 };
const values = { ctr: 0.7, ppc: 1.1, ecpm: 770 };
const simulation: Simulation = {
  arms: [
    { ...arm, values },
    { ...arm, arm: "dien", values, gains: { ctr: gain, ppc: gain, ecpm: gain }, trueCtrGain: 0.11 },
  ],
  impressions: 24_000,
  seconds: 12,
  engine: "wasm",
};

describe("dien ab simulate", () => {
  it("passes on what it is told, and shows arms and gains", async () => {
    const asked: SimulateOptions[] = [];
    const simulate = async (options: SimulateOptions) => {
      asked.push(options);
      options.onProgress?.(1, 35, 700);
      return simulation;
    };
    const line = ["ab", "simulate", "--data", "d", "--run", "base", "--run", "dien", "--oracle", "--bid-spread", "0.5"];
    const { code, stdout } = await dien(line, { jobs: { simulate } });
    expect(code).toBe(0);
    expect(asked[0]).toMatchObject({ data: "d", run: ["base", "dien"], oracle: true, out: undefined });
    expect(asked[0].settings).toMatchObject({ bidSpread: 0.5, days: 35, population: 40_000 });
    expect(stdout).toMatch(/^base +base +1,000 +12,000 +70\.0 % +71\.0 % +1\.1000 +770\.00$/m);
    expect(stdout).toMatch(/^dien +ecpm +\+12\.00 % +\+10\.00 % to \+14\.00 % +< 0\.0001 +\+2\.00 %$/m);
    expect(stdout).toContain("24,000 impressions, 12.0 s, 2,000 a second");
    const json = await dien([...line, "--json"], { jobs: { simulate } });
    expect(JSON.parse(json.stdout)).toEqual(simulation);
  });

  it("says n/a of what an arm without impressions has not", async () => {
    const nothing = { ctr: Number.NaN, ppc: Number.NaN, ecpm: Number.NaN };
    const none = { ...arm, users: 0, impressions: 0, trueCtr: Number.NaN, values: nothing };
    const simulate = async () => ({ ...simulation, arms: [none, ...simulation.arms.slice(1)] });
    const { stdout } = await dien(["ab", "simulate", "--data", "d", "--run", "base"], { jobs: { simulate } });
    expect(stdout).toMatch(/^base +base +0 +0 +n\/a +n\/a +n\/a +n\/a$/m);
  });

  it("needs data and a run", async () => {
    for (const line of [
      ["--run", "a"],
      ["--data", "d"],
    ]) {
      expect((await dien(["ab", "simulate", ...line])).code).toBe(2);
    }
  });
});
