/** What an experiment can see: against textbook numbers and each other. */
import { describe, expect, it } from "vitest";
import { type Design, power, smallestLift, usersNeeded } from "../../src/statistics/power.ts";

const halves: Design = { noise: 4, shares: [0.5, 0.5], alpha: 0.05, horizon: "fixed" };

describe("power", () => {
  it("needs the users of the textbook where lifts are small: 2 (1.96 + 0.84)^2 noise / lift^2 in each arm", () => {
    const lift = 1e-4;
    const textbook = (2 * 2 * (1.959964 + 0.841621) ** 2 * halves.noise) / lift ** 2;
    expect(usersNeeded(lift, 0.8, halves) / textbook).toBeCloseTo(1, 3);
  });

  it.each(["fixed", "sequential"] as const)("of a %s reading, users and smallest lift agree", (horizon) => {
    const design = { ...halves, shares: [0.9, 0.1], horizon } as const;
    const users = usersNeeded(0.03, 0.9, design);
    expect(power(0.03, users, design)).toBeCloseTo(0.9, 5);
    expect(power(0.03, users - 1, design)).toBeLessThan(0.9);
    expect(smallestLift(users, 0.9, design)).toBeCloseTo(0.03, 6);
  });

  it("without any lift is the share of false alarms, and one where the lift is huge", () => {
    expect(power(0, 1000, halves)).toBeCloseTo(0.05, 10);
    expect(power(0.9, 1e6, halves)).toBe(1);
  });

  it("needs nearly twice the users where one may look at any time", () => {
    const more = usersNeeded(0.01, 0.8, { ...halves, horizon: "sequential" }) / usersNeeded(0.01, 0.8, halves);
    expect(more).toBeGreaterThan(1.8);
    expect(more).toBeLessThan(2);
  });

  it("has no users that were enough, and no lift, where nothing can be seen", () => {
    expect(usersNeeded(0, 0.8, halves)).toBe(Number.POSITIVE_INFINITY);
    expect(smallestLift(0, 0.8, halves)).toBe(Number.POSITIVE_INFINITY);
  });

  it("needs hardly anything where nothing varies", () => {
    expect(usersNeeded(0.05, 0.8, { ...halves, noise: 0 })).toBe(1);
  });
});
