/** The configuration: what is taken where nothing is given, and where each number's range ends. */
import { describe, expect, it } from "vitest";
import { resolveConfig } from "../../src/run/config.ts";

it("fills in the defaults", () => {
  expect(resolveConfig({ model: { name: "dien" } })).toEqual({
    model: {
      name: "dien",
      embedding: { size: 18, scale: 0.05 },
      head: { layers: [200, 80], activation: "prelu" },
      evolution: "augru",
      augru: { form: "paper" },
      attention: { form: "bilinear", layers: [80, 40], activation: "softmax" },
      auxiliary: { form: "dot", layers: [100, 50], weight: 1 },
    },
    train: {
      epochs: 3,
      batch_size: 128,
      batches: "users",
      shards: 4,
      learning_rate: 0.002,
      learning_rate_decay: 1,
      clip_norm: 0,
      embedding_l2: 0,
      mask_unknown: 1,
      seed: 1,
      patience: 2,
      curve_steps: 0,
      buffer_mb: 512,
    },
  });
});

const least = Number.MIN_VALUE;

describe("takes numbers within their range, bounds included, and no others", () => {
  it.each<[string, number[], number[]]>([
    ["epochs", [1, 1000], [0, 1.5]],
    ["batch_size", [1, 65_536], [0, 65_537, 1.5]],
    ["shards", [1, 256], [0, 257, 1.5]],
    ["learning_rate", [least, 10], [0, -1]],
    ["learning_rate_decay", [least, 1], [0, 1.01]],
    ["clip_norm", [0, 100], [-least]],
    ["embedding_l2", [0, 100], [-least]],
    ["mask_unknown", [0, 100], [-least]],
    ["seed", [0, 2 ** 31 - 1], [-1, 2 ** 31, 1.5]],
    ["patience", [1, 100], [0, 1.5]],
    ["curve_steps", [0, 100], [-1, 1.5]],
    ["max_history", [1, 100], [0, 1.5]],
    ["buffer_mb", [1, 4096], [0, 1.5]],
  ])("train.%s", (key, taken, refused) => {
    const withValue = (value: number) => resolveConfig({ model: { name: "base" }, train: { [key]: value } });
    for (const value of taken) expect(withValue(value).train).toMatchObject({ [key]: value });
    for (const value of refused) expect(() => withValue(value), `${value}`).toThrow(`train.${key}`);
  });
});
