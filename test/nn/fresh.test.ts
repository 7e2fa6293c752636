/** Fresh parameters: which ones a model has, of what shape, and what they are filled with. */
import { expect, it } from "vitest";
import { models } from "../../src/models/registry.ts";
import { ModelBench } from "../support/model-bench.ts";

/** What fills a parameter: a number, ones on the diagonal, N(0, 0.05), or uniform numbers of these fans. */
type Fill = number | "identity" | "table" | { readonly fanIn: number; readonly fanOut: number };
type Expected = readonly [name: string, rows: number, cols: number, fill: Fill];

/** Item vectors have D columns; so have the states of the recurrences. */
const D = 10;
const small = { embedding: { size: 5 }, head: { layers: [8, 6] } };

const dense = (name: string, rows: number, cols: number): Expected[] => [
  [`${name}.W`, rows, cols, { fanIn: rows, fanOut: cols }],
  [`${name}.b`, 1, cols, 0],
];
const network = (name: string, inputs: number, [first, second]: readonly [number, number]) => [
  ...dense(`${name}.0`, inputs, first),
  ...dense(`${name}.1`, first, second),
  ...dense(`${name}.2`, second, 1),
];
/** Each gate's block of columns is a weight of its own: fans are of one gate. */
const gru = (name: string): Expected[] => [
  [`${name}.W`, D, 3 * D, { fanIn: D, fanOut: D }],
  [`${name}.U`, D, 3 * D, { fanIn: D, fanOut: D }],
  [`${name}.b`, 1, 3 * D, 0],
];
const slopes: Expected[] = [
  ["mlp.0.slope", 1, 8, 0.1],
  ["mlp.1.slope", 1, 6, 0.1],
];
const diceOf = (layer: number, cols: number): Expected[] => [
  [`mlp.${layer}.alpha`, 1, cols, 0],
  [`mlp.${layer}.mean`, 1, cols, 0],
  [`mlp.${layer}.variance`, 1, cols, 1],
];
const tables: Expected[] = [
  ["embedding.user", 7, 5, "table"],
  ["embedding.item", 11, 5, "table"],
  ["embedding.category", 4, 5, "table"],
  ["embedding.hour", 5, 5, "table"],
];
/** User, context, candidate, sum and their product; with the final interest where there is one. */
const HEAD = 5 + 5 + 3 * D;

it.each<[string, object, Expected[]]>([
  [
    "dien",
    {},
    [
      ...gru("extractor"),
      ["attention.W", D, D, "identity"],
      ...gru("evolution"),
      ...network("mlp", HEAD + D, [8, 6]),
      ...slopes,
    ],
  ],
  [
    "dien",
    {
      attention: { form: "mlp", layers: [9, 3], activation: "sigmoid" },
      auxiliary: { form: "mlp", layers: [7, 4] },
      head: { layers: [8, 6], activation: "dice" },
    },
    [
      ...gru("extractor"),
      ...network("auxiliary", 2 * D, [7, 4]),
      ...dense("attention.query", D, D),
      ["attention.query.slope", 1, D, 0.1],
      ...network("attention", 4 * D, [9, 3]),
      ["attention.scale", 1, 1, 1],
      ["attention.b", 1, 1, 0],
      ...gru("evolution"),
      ...network("mlp", HEAD + D, [8, 6]),
      ...diceOf(0, 8),
      ...diceOf(1, 6),
    ],
  ],
  ["base", {}, [...network("mlp", HEAD - D, [8, 6]), ...slopes]],
  [
    "wide-deep",
    {},
    [...network("mlp", HEAD - D, [8, 6]), ...slopes, ["wide.W", 3 * D, 1, { fanIn: 3 * D, fanOut: 1 }]],
  ],
])("of %s %j", (name, config, expected) => {
  const bench = new ModelBench(models.get(name)!, { ...small, ...config }, 3);
  const { placed } = bench.parameters;
  const all = [...expected, ...tables];
  const shapes = (list: readonly (readonly [string, number, number, ...unknown[]])[]) =>
    list.map(([parameter, rows, cols]) => `${parameter} ${rows} x ${cols}`).sort();
  expect(shapes(placed.map((parameter) => [parameter.name, parameter.rows, parameter.cols]))).toEqual(shapes(all));
  for (const [parameter, rows, cols, fill] of all) {
    const { value } = placed.find((each) => each.name === parameter)!;
    const values = [...bench.memory.f32.subarray(value / 4, value / 4 + rows * cols)];
    if (typeof fill === "number") expect(values, parameter).toEqual(values.map(() => Math.fround(fill)));
    else if (fill === "identity") {
      expect(values, parameter).toEqual(values.map((_, i) => (i % (cols + 1) === 0 ? 1 : 0)));
    } else if (fill === "table") {
      // The unknown begins at the mean of what is known.
      expect(values.slice(0, cols), parameter).toEqual(new Array(cols).fill(0));
      const deviation = Math.hypot(...values) / Math.sqrt(values.length - cols);
      expect(Math.abs(deviation / 0.05 - 1), parameter).toBeLessThan(0.35);
    } else {
      const bound = Math.sqrt(6 / (fill.fanIn + fill.fanOut));
      const most = Math.max(...values.map(Math.abs));
      expect(most, parameter).toBeLessThanOrEqual(bound * (1 + 1e-6));
      expect(new Set(values).size, parameter).toBe(values.length);
      // Of few numbers none need be near the bound.
      if (values.length > 50) expect(most, parameter).toBeGreaterThan(0.9 * bound);
    }
  }
});
