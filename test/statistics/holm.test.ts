import { describe, expect, it } from "vitest";
import { holm } from "../../src/statistics/holm.ts";

describe("Holm", () => {
  it("adjusts the smallest by all, the next by one less, and never below one before", () => {
    // R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
    for (const [i, expected] of [0.03, 0.06, 0.06, 0.02].entries()) {
      expect(holm([0.01, 0.04, 0.03, 0.005])[i]).toBeCloseTo(expected, 12);
    }
  });

  it("stays a probability, leaves one alone, and does not count what is none", () => {
    expect(holm([0.9, 0.8])).toEqual([1, 1]);
    expect(holm([0.03])).toEqual([0.03]);
    expect(holm([0.03, Number.NaN, 0.02])).toEqual([0.04, Number.NaN, 0.04]);
  });
});
