/** The parts of experiments that need no training. */
import { describe, expect, it } from "vitest";
import { numberOf, trialConfig, type Variant } from "../../src/experiments/lab/trials.ts";
import { stepsOfRun } from "../../src/experiments/paper/figure2.ts";
import * as variants from "../../src/experiments/paper/variants.ts";
import { pStatement } from "../../src/experiments/results/blocks.ts";
import { isBelowMedian } from "../../src/experiments/search/search.ts";
import { sampleSettings, spaceOf } from "../../src/experiments/search/space.ts";
import { models } from "../../src/models/registry.ts";
import { resolveConfig } from "../../src/run/config.ts";

const all = Object.values(variants).flat();

describe("variants", () => {
  it("have names of their own and configurations that resolve", () => {
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    for (const variant of all) expect(() => trialConfig({ variant, seed: 1 }, {}), variant.name).not.toThrow();
  });

  it("differ from each other in what is trained", () => {
    const configs = all.map((variant) => JSON.stringify(trialConfig({ variant, seed: 1 }, {})));
    expect(new Set(configs).size).toBe(all.length);
  });
});

describe("the configuration of a trial", () => {
  it("takes shared settings that its model has, and lets the variant win", () => {
    const settings = { "train.epochs": 7, "model.auxiliary.weight": 0.3, "model.product": "inner" };
    const of = (variant: Variant) => trialConfig({ variant, seed: 4 }, settings);
    expect(of(variants.base)).toEqual(resolveConfig({ model: { name: "base" }, train: { epochs: 7, seed: 4 } }));
    expect(of(variants.dien).model.auxiliary).toMatchObject({ weight: 0.3 });
    expect(of(variants.augru).model.auxiliary).toMatchObject({ weight: 0 });
    expect(of(variants.pnn).model.product).toBe("inner");
  });

  it("gives its numbers by key, and refuses what is none", () => {
    const settings = { "model.auxiliary.weight": 0.3 };
    expect(numberOf(variants.dien, settings, "model.auxiliary.weight")).toBe(0.3);
    expect(() => numberOf(variants.base, settings, "model.auxiliary.weight")).toThrow(
      "base has no number model.auxiliary.weight",
    );
    expect(() => numberOf(variants.dien, settings, "model.evolution")).toThrow("dien has no number model.evolution");
  });
});

it("steps of a run go on from an epoch's last step, however many steps each epoch has", () => {
  // Portions in another order make epochs of 5, 4 and 6 steps; training and validation share a step.
  const logged = [
    [1, 3],
    [1, 3],
    [1, 5],
    [2, 3],
    [2, 4],
    [3, 3],
    [3, 6],
  ];
  const points = logged.map(([epoch, step]) => ({ epoch, step }));
  expect(stepsOfRun(points)).toEqual([3, 3, 5, 8, 9, 12, 15]);
});

describe("a search", () => {
  it("samples settings that every model takes, the same for the same number", () => {
    for (const model of models.keys()) {
      const space = spaceOf(model, {});
      for (let number = 1; number < 40; number++) {
        const settings = sampleSettings(space, number);
        expect(sampleSettings(space, number)).toEqual(settings);
        const variant = { name: "x", label: "x", settings: { "model.name": model, ...settings } };
        expect(() => trialConfig({ variant, seed: 1 }, {})).not.toThrow();
      }
    }
  });

  it("samples a key the same whether or not others are set", () => {
    const whole = sampleSettings(spaceOf("dien", {}), 3);
    const others = sampleSettings(spaceOf("dien", { "train.learning_rate": 0.1 }), 3);
    expect(others).toEqual({ ...whole, "train.learning_rate": undefined });
  });

  it("covers its ranges", () => {
    const space = spaceOf("dien", {});
    const draws = Array.from({ length: 300 }, (_, n) => sampleSettings(space, n + 1));
    const rates = draws.map((draw) => draw["train.learning_rate"]);
    expect(Math.min(...rates)).toBeLessThan(0.0006);
    expect(Math.max(...rates)).toBeGreaterThan(0.007);
    expect(new Set(draws.map((draw) => draw["model.embedding.size"])).size).toBe(6);
  });

  it("stops a trial below the median of the others at the same epoch, once there are enough of them", () => {
    const others = [[0.7, 0.74, 0.8], [0.6], [0.72, 0.7], [0.73, 0.75], [0.5, 0.71]];
    expect(isBelowMedian([0.6, 0.729], others)).toBe(true);
    expect(isBelowMedian([0.6, 0.731], others)).toBe(false);
    // The best so far counts, of the trial and of the others.
    expect(isBelowMedian([0.731, 0.1], others)).toBe(false);
    // Of the others only those that came as far count, and there must be four of them.
    expect(isBelowMedian([0.1, 0.1], others.slice(1))).toBe(false);
    expect(isBelowMedian([0.1, 0.1, 0.1], others)).toBe(false);
  });

  it("stops no trial by its first epoch", () => {
    const others = [[0.7], [0.7], [0.7], [0.7]];
    expect(isBelowMedian([0.1], others)).toBe(false);
  });
});

it("p-values are printed with what can be said of them", () => {
  expect([pStatement(1e-9), pStatement(0.0123)]).toEqual(["p < 0.0001", "p = 0.0123"]);
});
