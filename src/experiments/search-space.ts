/**
 * What a search may change, and how a trial's settings are drawn: independently and at random (Bergstra and Bengio 2012,
 * https://www.jmlr.org/papers/v13/bergstra12a.html).
 */

import { configKeys } from "../run/config.ts";
import { hashString, Random } from "../tensor/random.ts";

/** One key of the configuration with the values it may take. */
export interface Dimension {
  readonly key: string;
  /** Whether values are compared by their ratio. */
  readonly log: boolean;
  draw(random: Random): number;
}

/** Evenly in [low, high] on a logarithmic scale, to three digits. */
function ratio(key: string, low: number, high: number): Dimension {
  const draw = (random: Random) => Number((low * (high / low) ** random.uniform()).toPrecision(3));
  return { key, log: true, draw };
}

/** Evenly in [low, high], to two decimals. */
function range(key: string, low: number, high: number): Dimension {
  return { key, log: false, draw: (random) => Number((low + (high - low) * random.uniform()).toFixed(2)) };
}

function choice(key: string, values: readonly number[]): Dimension {
  return { key, log: true, draw: (random) => values[random.integer(values.length)] };
}

const SPACE: readonly Dimension[] = [
  ratio("train.learning_rate", 0.0005, 0.008),
  choice("model.embedding.size", [8, 12, 18, 24, 32, 48]),
  ratio("train.embedding_l2", 1e-6, 1e-3),
  range("model.auxiliary.weight", 0, 2),
];

/** The dimensions that a model has and that are not settled already. */
export function spaceOf(model: string, settled: Readonly<Record<string, unknown>>): Dimension[] {
  const known = configKeys(model);
  return SPACE.filter(({ key }) => known.has(key) && !(key in settled));
}

/** The settings of trial `number`; each value depends on the number and its key alone. */
export function drawSettings(space: readonly Dimension[], number: number): Record<string, number> {
  return Object.fromEntries(space.map(({ key, draw }) => [key, draw(new Random(hashString(key, number)))]));
}
