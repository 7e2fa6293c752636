/**
 * What a search may change, and how a trial's settings are sampled: independently and at random (Bergstra and Bengio
 * 2012, https://www.jmlr.org/papers/v13/bergstra12a.html).
 */
import { configKeys } from "../../run/config.ts";
import { hashString, Random } from "../../tensor/random.ts";

/** One key of the configuration with the values it may take. */
export interface Dimension {
  readonly key: string;
  /** Whether the values lie on a logarithmic scale. */
  readonly log: boolean;
  sample(random: Random): number;
}

/** Uniform in [low, high] on a logarithmic scale, to three digits. */
function ratio(key: string, low: number, high: number): Dimension {
  const sample = (random: Random) => Number((low * (high / low) ** random.uniform()).toPrecision(3));
  return { key, log: true, sample };
}

/** Uniform in [low, high], to two decimals. */
function range(key: string, low: number, high: number): Dimension {
  return { key, log: false, sample: (random) => Number((low + (high - low) * random.uniform()).toFixed(2)) };
}

function choice(key: string, values: readonly number[]): Dimension {
  return { key, log: true, sample: (random) => values[random.integer(values.length)] };
}

const SPACE: readonly Dimension[] = [
  ratio("train.learning_rate", 0.0005, 0.008),
  choice("model.embedding.size", [8, 12, 18, 24, 32, 48]),
  ratio("train.embedding_l2", 1e-6, 1e-3),
  range("model.auxiliary.weight", 0, 2),
];

/** The dimensions that a model has and that the experiment has not set already. */
export function spaceOf(model: string, fixed: Readonly<Record<string, unknown>>): Dimension[] {
  const known = configKeys(model);
  return SPACE.filter(({ key }) => known.has(key) && !(key in fixed));
}

/** The settings of trial `number`; each value depends on the number and its key alone. */
export function sampleSettings(space: readonly Dimension[], number: number): Record<string, number> {
  return Object.fromEntries(space.map(({ key, sample }) => [key, sample(new Random(hashString(key, number)))]));
}
