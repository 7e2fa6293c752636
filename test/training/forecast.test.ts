/** What a run says of its own length. */
import { expect, it } from "vitest";
import { stepsPerChunk } from "../../src/engine/cost.ts";
import type { Schema } from "../../src/features/schema.ts";
import { resolveConfig } from "../../src/run/config.ts";
import { Forecast, forecast } from "../../src/training/forecast.ts";

const schemaOf = (fields: number, maxHistory = 20): Schema => ({
  user: [{ name: "user", size: 50 }],
  item: [...Array.from({ length: fields }, (_, i) => ({ name: `f${i}`, size: 50 })), { name: "price", size: 0 }],
  context: [],
  maxHistory,
});
const config = resolveConfig({ model: { name: "dien" } });

it("short epochs are worth no line, longer ones a figure", () => {
  expect(forecast(59, schemaOf(2), config)).toBeUndefined();
  expect(forecast(130, schemaOf(2), config)).toBe("an epoch takes about 2:10");
});

it("of a long one it says what the work is made of, and what makes it less", () => {
  expect(forecast(7200, schemaOf(21), config)).toBe(
    "warning: an epoch takes about 2:00:00: up to 20 behaviours of 379 columns (22 item fields) make 221 million " +
      "operations a sample; model.embedding.size=9 takes 25.4 % of that; fewer item fields and a smaller train.max_history take less too",
  );
});

it("comes once, of the second chunk: threads start and kernels are compiled during the first", () => {
  const run = new Forecast();
  const after = (to: number, from: number, seconds: number) =>
    run.after({ to, seconds }, from, 1000, schemaOf(2), config);
  expect(after(20, 0, 900)).toBeUndefined();
  expect(after(40, 20, 2)).toBe("an epoch takes about 1:40");
  expect(after(60, 40, 2)).toBeUndefined();
});

it("the more work a step is, the more often there is a report", () => {
  expect(stepsPerChunk(schemaOf(2), config)).toBe(100);
  expect(stepsPerChunk(schemaOf(2, 100), config)).toBe(71);
  expect(stepsPerChunk(schemaOf(21, 20), config)).toBe(3);
  expect(stepsPerChunk(schemaOf(21, 200), config)).toBe(1);
});
