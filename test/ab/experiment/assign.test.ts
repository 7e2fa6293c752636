/** Who takes part in an experiment, who does not, and what definitions are refused. */
import { describe, expect, it } from "vitest";
import { assign } from "../../../src/ab/experiment/assign.ts";
import type { UserFields } from "../../../src/ab/experiment/conditions.ts";
import { inRound, parseExperiment } from "../../../src/ab/experiment/experiment.ts";

const base = { name: "trial", arms: [{ name: "a" }, { name: "b", model: "new" }] };
const NOON = Date.parse("2026-11-10T12:00:00Z");
const users = Array.from({ length: 2000 }, (_, i) => `user ${i}`);

function outcomes(change: object, users: readonly string[], fields: UserFields = {}, now = NOON): string[] {
  const experiment = parseExperiment({ ...base, ...change }, "ab.yaml");
  const assignments = users.map((user) => assign(experiment, user, fields, now));
  return assignments.map((assignment) => ("out" in assignment ? assignment.out : "in"));
}
const shareOf = (change: object, which: string) =>
  outcomes(change, users).filter((each) => each === which).length / users.length;

describe("who takes part", () => {
  it("is everybody, with an arm of the user's own that stays", () => {
    const experiment = parseExperiment(base, "ab.yaml");
    const arms = users.map((user) => assign(experiment, user, {}, NOON));
    expect(users.map((user) => assign(experiment, user, { any: "thing" }, NOON + 1e9))).toEqual(arms);
    expect(arms).toContainEqual({ arm: { name: "b", model: "new", weight: 1 }, propensity: 1 });
    expect(arms).toContainEqual({ arm: { name: "a", model: "a", weight: 1 }, propensity: 1 });
  });

  it("is who falls into the share, the range of the namespace, and not into the holdout", () => {
    expect(shareOf({ share: 0.3 }, "share")).toBeCloseTo(0.7, 1);
    expect(shareOf({ namespace: { name: "home", range: [0.2, 0.6] } }, "namespace")).toBeCloseTo(0.6, 1);
    expect(shareOf({ holdout: { name: 2026, share: 0.2 } }, "holdout")).toBeCloseTo(0.2, 1);
  });

  it("is nobody twice in a namespace, and nobody of a holdout in any experiment that names it", () => {
    const [low, high] = [
      [0, 0.5],
      [0.5, 1],
    ].map((range, i) => outcomes({ name: `trial-${i}`, namespace: { name: "home", range } }, users));
    expect(low).toEqual(high.map((other) => (other === "in" ? "namespace" : "in")));
    const [x, y] = ["x", "y"].map((name) => outcomes({ name, holdout: { name: "year", share: 0.3 } }, users));
    expect(x).toEqual(y);
  });

  it.each<[string, number, string]>([
    ["before its start", Date.parse("2026-11-09T23:59:59.999Z"), "time"],
    ["from its start on", Date.parse("2026-11-10T00:00:00Z"), "in"],
    ["until its end", Date.parse("2026-11-19T15:59:59.999Z"), "in"],
    ["from its end on", Date.parse("2026-11-20T00:00:00+08:00"), "time"],
  ])("%s", (_, now, expected) => {
    expect(outcomes({ start: "2026-11-10", end: "2026-11-20T00:00:00+08:00" }, ["u"], {}, now)).toEqual([expected]);
  });

  it.each<[unknown, UserFields[string] | undefined, boolean]>([
    ["CN", "CN", true],
    ["CN", "JP", false],
    [["CN", "JP"], "JP", true],
    ["CN", undefined, false],
    [null, undefined, true],
    [null, "", true],
    [18, "18", true],
    [true, true, true],
    ["x", ["y", "x"], true],
    [{ not: "CN" }, "CN", false],
    [{ not: ["CN", "JP"] }, "US", true],
    [{ not: "CN" }, undefined, true],
    [{ not: "x" }, ["y", "x"], false],
    [{ not: null }, undefined, false],
    [{ at_least: 18 }, 18, true],
    [{ at_least: 18 }, "17.5", false],
    [{ above: 18 }, 18, false],
    [{ at_most: 18, not: 7 }, 18, true],
    [{ at_most: 18, not: 7 }, 7, false],
    [{ above: 1, below: 3 }, 2, true],
    [{ below: 3 }, "old", false],
    [{ below: 3 }, undefined, false],
    [{ below: 3 }, null, false],
  ])("with the condition %j and the value %j: %s", (condition, value, holds) => {
    const fields = value === undefined ? {} : { field: value };
    expect(outcomes({ who: { field: condition } }, ["u"], fields)).toEqual([holds ? "in" : "conditions"]);
  });
});

describe("a round of a bandit", () => {
  const experiment = parseExperiment({ ...base, share: 0.5, policy: { kind: "thompson" } }, "ab.yaml");

  it("gives arms their weights, says with which probability, and takes nobody else in", () => {
    const round = inRound(experiment, 1, [0.2, 0.8]);
    const found = users.map((user) => assign(round, user, {}, NOON));
    const taking = found.filter((one) => "arm" in one);
    const ofB = taking.filter(({ arm }) => arm.name === "b");
    expect(taking.length / users.length).toBeCloseTo(0.5, 1);
    expect(ofB.length / taking.length).toBeCloseTo(0.8, 1);
    // To a bucket: places are ten-thousandths.
    for (const { arm, propensity } of taking) expect(propensity).toBeCloseTo(arm.name === "a" ? 0.2 : 0.8, 3);
  });

  it("draws anew, whatever the round before", () => {
    const [one, two] = [1, 2].map((round) => inRound(experiment, round, [0.5, 0.5]));
    const armIn = (round: typeof one, user: string) => {
      const found = assign(round, user, {}, NOON);
      return "arm" in found ? found.arm.name : "none";
    };
    const both = users.filter((user) => armIn(one, user) !== "none" && armIn(two, user) !== "none");
    const same = both.filter((user) => armIn(one, user) === armIn(two, user)).length;
    expect(both.length / users.length).toBeCloseTo(0.25, 1);
    expect(Math.abs(same / both.length - 0.5)).toBeLessThan(0.1);
  });
});

it.each<[string, object, string]>([
  [
    "an unknown key",
    { arms: [{ name: "a", wieght: 2 }, { name: "b" }] },
    "unknown key 'arms.0.wieght'; did you mean 'arms.0.weight'?",
  ],
  ["one arm", { arms: [{ name: "a" }] }, "arms: expected at least two arms"],
  ["two arms of one name", { arms: [{ name: "a" }, { name: "a" }] }, "arms: expected another name for each arm"],
  [
    "no weight at all",
    {
      arms: [
        { name: "a", weight: 0 },
        { name: "b", weight: 0 },
      ],
    },
    "arms: expected an arm with a weight above 0",
  ],
  [
    "a negative weight",
    { arms: [{ name: "a", weight: -1 }, { name: "b" }] },
    "arms.0.weight: expected a number, 0 or more, found -1",
  ],
  ["a share of 2", { share: 2 }, "share: expected a share, more than 0 and at most 1, found 2"],
  ["a name that is no label", { name: "my test" }, "name: expected letters, digits"],
  ["an end before its start", { start: "2026-11-02", end: "2026-11-01" }, "end: must be after start"],
  ["a start that is no time", { start: "soon" }, "start: expected a day or a time with its offset"],
  [
    "a range upside down",
    { namespace: { name: "n", range: [0.5, 0.2] } },
    "namespace.range: expected two shares from 0 to 1",
  ],
  ["a holdout of all", { holdout: { name: "h", share: 1 } }, "holdout.share: expected a share"],
  [
    "an empty condition",
    { who: { age: {} } },
    "who.age: expected a value, a list of values, or keys among not, at_least",
  ],
  [
    "a mistyped bound",
    { who: { age: { at_lest: 3 } } },
    "unknown key 'who.age.at_lest'; did you mean 'who.age.at_least'?",
  ],
  [
    "an unknown policy",
    { policy: { kind: "thomson" } },
    'policy.kind: expected "fixed" or "thompson", found "thomson"',
  ],
  ["a floor that is too high", { policy: { kind: "thompson", floor: 0.6 } }, "policy.floor: must be at most 1/2"],
  [
    "weights for a bandit",
    { policy: { kind: "thompson" }, arms: [{ name: "a" }, { name: "b", weight: 2 }] },
    "arms.1.weight: is for fixed weights",
  ],
  [
    "weights of before of no arm",
    { before: [{ weights: { c: 1 } }] },
    "before.0.weights.c: is no arm; the arms are a, b",
  ],
])("a definition with %s is refused in a line that names the file and the key", (_, change, message) => {
  expect(() => parseExperiment({ ...base, ...change }, "my/ab.yaml")).toThrow(`my/ab.yaml: ${message}`);
});
