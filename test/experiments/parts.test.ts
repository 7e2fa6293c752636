/** The parts of experiments that need no training. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isBelowMedian } from "../../src/experiments/median-rule.ts";
import { project } from "../../src/experiments/projection.ts";
import { drawSettings, spaceOf } from "../../src/experiments/search-space.ts";
import { trialConfig } from "../../src/experiments/trials.ts";
import * as variants from "../../src/experiments/variants.ts";
import { pStatement } from "../../src/experiments/words.ts";
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
    const of = (variant: variants.Variant) => trialConfig({ variant, seed: 4 }, settings, 2);
    expect(of(variants.base)).toEqual(
      resolveConfig({ model: { name: "base" }, train: { epochs: 7, seed: 4, threads: 2 } }),
    );
    expect(of(variants.dien).model.auxiliary).toMatchObject({ weight: 0.3 });
    expect(of(variants.augru).model.auxiliary).toMatchObject({ weight: 0 });
    expect(of(variants.pnn).model.product).toBe("inner");
  });
});

describe("a search", () => {
  it("draws settings that every model takes, the same for the same number", () => {
    for (const model of models.keys()) {
      const space = spaceOf(model, {});
      for (let number = 1; number < 40; number++) {
        const settings = drawSettings(space, number);
        expect(drawSettings(space, number)).toEqual(settings);
        const variant = { name: "x", label: "x", settings: { "model.name": model, ...settings } };
        expect(() => trialConfig({ variant, seed: 1 }, {})).not.toThrow();
      }
    }
  });

  it("draws a key the same whether or not others are settled", () => {
    const whole = drawSettings(spaceOf("dien", {}), 3);
    const settled = drawSettings(spaceOf("dien", { "train.learning_rate": 0.1 }), 3);
    expect(settled).toEqual({ ...whole, "train.learning_rate": undefined });
  });

  it("covers its ranges", () => {
    const space = spaceOf("dien", {});
    const draws = Array.from({ length: 300 }, (_, n) => drawSettings(space, n + 1));
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

describe("principal components", () => {
  it("are the axes of a stretched cloud, whatever its place and rotation", () => {
    const angle = 0.7;
    const points = Array.from({ length: 60 }, (_, i) => {
      const [u, v] = [10 * Math.sin(i), Math.cos(2.3 * i)];
      return [5 + u * Math.cos(angle) - v * Math.sin(angle), -3 + u * Math.sin(angle) + v * Math.cos(angle), 1];
    });
    const { points: projected, explained } = project(points);
    expect(explained[0]).toBeGreaterThan(0.97);
    expect(explained[0] + explained[1]).toBeCloseTo(1, 10);
    const mean = points.reduce(([a, b], [x, y]) => [a + x / 60, b + y / 60], [0, 0]);
    points.forEach(([x, y], i) => {
      const distance = Math.hypot(x - mean[0], y - mean[1]);
      expect(Math.hypot(...projected[i])).toBeCloseTo(distance, 9);
    });
  });

  it("give the same picture whatever the order of the points, each component's largest loading positive", () => {
    const coordinate = fc.integer({ min: -9, max: 9 });
    const cloud = fc.array(fc.tuple(coordinate, coordinate, coordinate), { minLength: 4, maxLength: 20 });
    fc.assert(
      fc.property(cloud, (points) => {
        const { points: there, explained } = project(points);
        // Where two components explain alike, or nothing, any rotation of them is as good.
        fc.pre(
          explained[0] > explained[1] + 0.05 &&
            explained[1] > 0.05 &&
            1 - explained[0] - explained[1] < explained[1] - 0.02,
        );
        const back = project([...points].reverse()).points.toReversed();
        there.forEach(([x, y], i) => {
          expect(back[i][0]).toBeCloseTo(x, 6);
          expect(back[i][1]).toBeCloseTo(y, 6);
        });
      }),
      // Two loadings of one size and different signs.
      {
        examples: [
          [
            [
              [1, 1, 8],
              [-7, -1, -6],
              [-8, -3, 6],
              [1, 0, 7],
              [9, -1, 6],
              [3, 8, 5],
              [2, 7, 8],
            ],
          ],
        ],
      },
    );
    // Along (3, -1): the larger loading, of the first coordinate, is positive, so x grows with it.
    const slope = project([
      [0, 0],
      [3, -1],
      [6, -2.1],
    ]).points;
    expect(slope[2][0]).toBeGreaterThan(slope[0][0]);
  });

  it("of points on a line are one", () => {
    const line = project([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
    expect(line.points.flat().every(Number.isFinite)).toBe(true);
    expect(Math.abs(line.points[2][0] - line.points[0][0])).toBeCloseTo(Math.hypot(2, 2), 9);
  });
});

it("p-values are printed with what can be said of them", () => {
  expect([pStatement(1e-9), pStatement(0.0123)]).toEqual(["p < 0.0001", "p = 0.0123"]);
});
