/** What is a request to score, and what is none. */
import { describe, expect, it } from "vitest";
import { predictRequestSchema } from "../../src/scoring/request.ts";

const request = { user: "u", candidate: "c", history: ["a", 7, true, null, { item: "a", price: 1.5, time: null }] };
const problemsOf = (given: unknown) =>
  predictRequestSchema.safeParse(given).error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);

describe("a request", () => {
  it.each<[string, object]>([
    ["bare", {}],
    ["with an empty history", { history: [] }],
    ["with a user by fields", { user: { age: 30, city: "x", paying: false, group: null } }],
    ["with a candidate by fields", { candidate: { item: "c", price: 2 } }],
    ["of nobody and nothing", { user: null, candidate: null }],
    ["with a context and a time", { context: { hour: "noon", page: 3, first: true, from: null }, time: "2024-01-01" }],
  ])("%s", (_, more) => {
    expect(predictRequestSchema.parse({ ...request, ...more })).toEqual({ ...request, ...more });
  });

  const value = "expected a string, a number, true, false or null";
  const values = "expected a value, or an object of values by field";
  it.each<[string, object, string]>([
    ["a user that is a list", { user: ["u"] }, `user: ${values}`],
    ["a user with a list in a field", { user: { age: [30] } }, `user: ${values}`],
    ["a user with an object in its second field", { user: { age: 30, home: {} } }, `user: ${values}`],
    ["no user", { user: undefined }, `user: ${values}`],
    ["a candidate that is a list", { candidate: [] }, `candidate: ${values}`],
    ["a behaviour that is a list", { history: ["a", ["b"]] }, `history.1: ${values}`],
    ["a context with an object in a field", { context: { hour: {} } }, `context.hour: ${value}`],
    ["a time that is an object", { time: {} }, `time: ${value}`],
  ])("is not one with %s", (_, more, problem) => {
    expect(problemsOf({ ...request, ...more })).toEqual([problem]);
  });

  it("has no other keys, and a history that is a list", () => {
    expect(problemsOf({ ...request, users: "u" })).toEqual([expect.stringContaining("users")]);
    expect(problemsOf({ ...request, history: "a" })).toEqual([expect.stringMatching(/^history: /)]);
  });
});
