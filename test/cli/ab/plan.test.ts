import { describe, expect, it } from "vitest";
import { dien } from "../harness.ts";

const baseline = ["--ctr", "0.04", "--impressions-per-user", "20", "--users-per-day", "5000"];

describe("dien ab plan", () => {
  it("says users, days and the smallest lift of each reading", async () => {
    const { code, stdout } = await dien(["ab", "plan", ...baseline]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^fixed +15,843 +3\.2 +\+2\.35 %/m);
    expect(stdout).toMatch(/^sequential +30,\d{3} +6\.1/m);
  });

  it("needs more users for more arms: more of them, and fewer false alarms in each comparison", async () => {
    const users = async (arms: string) => {
      const { stdout } = await dien(["ab", "plan", ...baseline, "--arms", arms, "--json"]);
      return JSON.parse(stdout).plans[0].users;
    };
    expect((await users("3")) / (await users("2"))).toBeGreaterThan(1.5);
  });
});
