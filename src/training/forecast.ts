/**
 * How long a run will take: told from its first steps, before an hour has gone by
 * (docs/decisions/0027-width.md).
 */
import { modelCost } from "../engine/cost.ts";
import { isNumber, type Schema } from "../features/schema.ts";
import { count, duration, share } from "../format.ts";
import type { CommonConfig } from "../models/common.ts";
import type { RunConfig } from "../run/config.ts";
import type { Chunk } from "./steps.ts";

/** Seconds of an epoch that are worth a line, and those of which people should know what makes them fewer. */
const WORTH_A_LINE = 60;
const LONG = 600;

/** Waits for steps that are like those to come: threads start, and kernels are compiled, during the first chunk. */
export class Forecast {
  #chunks = 0;

  /** What to say after a chunk from step `from` on, of an epoch of `steps` steps: once in a run, and only of a long one. */
  after(
    { to, seconds }: Pick<Chunk, "to" | "seconds">,
    from: number,
    steps: number,
    schema: Schema,
    config: RunConfig,
  ): string | undefined {
    if (++this.#chunks !== 2) return undefined;
    return forecast((seconds / (to - from)) * steps, schema, config);
  }
}

/** What to say of an epoch that takes so many seconds. */
export function forecast(seconds: number, schema: Schema, config: RunConfig): string | undefined {
  if (seconds < WORTH_A_LINE) return undefined;
  const text = `an epoch takes about ${duration(seconds)}`;
  if (seconds < LONG) return text;
  const { embedding } = config.model as RunConfig["model"] & CommonConfig;
  const { size } = embedding;
  const costOf = (size: number) => {
    const model = { ...config.model, embedding: { ...embedding, size } };
    return modelCost(schema, { model }, schema.maxHistory).learn;
  };
  const cost = costOf(size);
  const columns = schema.item.reduce((sum, field) => sum + (isNumber(field) ? 1 : size), 0);
  const work =
    `up to ${count(schema.maxHistory)} behaviours of ${count(columns)} columns ` +
    `(${schema.item.length} item fields) make ${count(cost / 1e6)} million operations a sample`;
  const half = Math.floor(size / 2);
  const narrower = half > 0 ? `model.embedding.size=${half} takes ${share(costOf(half) / cost)} of that; ` : "";
  return `warning: ${text}: ${work}; ${narrower}fewer item fields and a smaller train.max_history take less too`;
}
