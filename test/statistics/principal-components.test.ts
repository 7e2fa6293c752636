/** Principal components: known axes, and one picture of the same points whatever their order. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { project } from "../../src/statistics/principal-components.ts";

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
