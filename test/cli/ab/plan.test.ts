import { describe, expect, it } from "vitest";
import type { jobs } from "../../../src/cli/jobs.ts";
import { dien } from "../harness.ts";

const baseline = ["--ctr", "0.04", "--impressions-per-user", "20", "--users-per-day", "5000"];
const plan = (...more: readonly string[]) => dien(["ab", "plan", ...more]);
const json = async (...more: readonly string[]) => JSON.parse((await plan(...more, "--json")).stdout);

describe("dien ab plan", () => {
  it("says users, days and the smallest lift of each reading", async () => {
    const { code, stdout } = await plan(...baseline);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^CTR +0\.04 +960 +fixed +20,000 +4 +\+2\.35 %/m);
    expect(stdout).toMatch(/^ +sequential +35,000 +7 +\+3\.26 %/m);
    expect(stdout).toMatch(/^clicks per user +0\.8 +1,760 +fixed/m);
    expect(stdout).not.toContain("PPC");
    expect(stdout).toContain("70,000 users take part in 14 days, in 2 arms");
    expect(stdout.trimEnd()).toMatch(/to read it on any day: dien ab report --sequential --tuning 70000$/);
    expect((await plan(...baseline, "--days", "1")).stdout).toContain("in 1 day, in 2 arms");
  });

  it("plans metrics of revenue where a click's is known", async () => {
    const { metrics } = await json(...baseline, "--ppc", "0.5");
    const values = metrics.map(({ metric, value }: { metric: string; value: number }) => [metric, value]);
    expect(Object.fromEntries(values)).toEqual({
      ctr: 0.04,
      clicks_per_user: 0.8,
      ppc: 0.5,
      ecpm: 20,
      revenue_per_user: 0.4,
    });
  });

  it("needs more users for more arms, fewer days for more of the users", async () => {
    const reading = async (...more: string[]) => (await json(...baseline, ...more)).metrics[0].readings[0];
    const two = await reading("--lift", "0.01");
    expect((await reading("--lift", "0.01", "--arms", "3")).users / two.users).toBeGreaterThan(1.5);
    expect((await reading("--lift", "0.01", "--share", "0.5")).days / two.days).toBeCloseTo(2, 1);
    expect(await reading("--lift", "0.00001")).toMatchObject({ users: null, days: null });
  });

  it("asks for a log, or for all rates in its place", async () => {
    const refused = async (...more: string[]) => {
      const { code, stderr } = await plan(...more);
      expect(code).toBe(2);
      return stderr;
    };
    expect(await refused()).toBe("error: option '--ctr <number>' is missing; '--log <path>' may stand in its place\n");
    expect(await refused("--ctr", "0.1", "--users-per-day", "9")).toContain("--impressions-per-user");
    expect(await refused("--log", "x", "--ppc", "1")).toBe(
      "error: '--ppc <number>' and '--log <path>' contradict one another\n",
    );
    expect(await refused(...baseline, "--log-days", "3")).toContain("needs '--log <path>'");
  });

  it("writes a page whose command makes it again", async () => {
    const pages: unknown[][] = [];
    const writePlan = async (...all: Parameters<typeof jobs.writePlan>) => void pages.push(all);
    const { stderr } = await dien(["ab", "plan", ...baseline, "--days", "21", "--out", "my plan"], {
      jobs: { writePlan },
    });
    expect(stderr).toBe("report in my plan\n");
    const [folder, made, , command] = pages[0];
    expect(folder).toBe("my plan");
    expect(made).toMatchObject({ days: 21, users: 105_000 });
    expect(command).toMatch(/^dien ab plan --ctr 0\.04 .*--days 21 .*--out 'my plan'$/);
  });
});
