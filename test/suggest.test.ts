import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { didYouMean, distance } from "../src/suggest.ts";

const word = fc.string({ maxLength: 8, unit: fc.constantFrom("a", "b", "c") });

describe("edit distance", () => {
  it("knows textbook pairs", () => {
    expect(distance("kitten", "sitting")).toBe(3);
    expect(distance("", "abc")).toBe(3);
    expect(distance("epoch", "epochs")).toBe(1);
  });

  it("is a metric", () => {
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(distance(a, b)).toBe(distance(b, a));
        expect(distance(a, b) === 0).toBe(a === b);
        expect(distance(a, c)).toBeLessThanOrEqual(distance(a, b) + distance(b, c));
      }),
    );
  });

  it("is at most one for one edit", () => {
    fc.assert(
      fc.property(word, fc.nat(8), fc.constantFrom("", "a", "d"), (a, at, put) => {
        expect(distance(a, a.slice(0, at) + put + a.slice(at + 1))).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("suggestions", () => {
  const keys = ["train.epochs", "train.seed", "model.evolution", "model.embedding.size"];

  it.each([
    ["train.epoch", "train.epochs"],
    ["epochs", "train.epochs"],
    ["evolutoin", "model.evolution"],
    ["model.embeding.size", "model.embedding.size"],
  ])("take %s for %s", (typed, meant) => {
    expect(didYouMean(typed, keys)).toBe(`; did you mean '${meant}'?`);
  });

  it("are not made for words far from all", () => {
    expect(didYouMean("temperature", keys)).toBe("");
    expect(didYouMean("", keys)).toBe("");
    expect(didYouMean("seed", [])).toBe("");
  });
});
