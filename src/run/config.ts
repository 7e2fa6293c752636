/**
 * The configuration of a run: one schema that yields types, defaults, the keys of `--set`, and `config.yaml`.
 *
 * A model's own keys stand in the model's file; this file only composes.
 */
import { z } from "zod";
import { failure, UserError } from "../errors/failure.ts";
import type { Model } from "../models/model.ts";
import { models } from "../models/registry.ts";
import { describe, settingsOf } from "../options/expected.ts";
import { path, seed } from "../options/pieces.ts";
import { checkOptions, whatIsWrong } from "../options/problems.ts";
import { leaves } from "./dotted.ts";

export const trainSchema = z.strictObject({
  epochs: z.int().min(1).max(1_000_000).describe("passes over the training samples").default(3),
  batch_size: z.int().min(1).max(65_536).describe("samples of a batch").default(128),
  batches: z
    .enum(["users", "samples"])
    .default("users")
    .describe(
      "users: samples of a user stand together, and what their histories share is computed once; samples: each by itself",
    ),
  shards: z
    .int()
    .min(1)
    .max(256)
    .default(4)
    .describe(
      "pieces of a batch that threads share out, so the most threads of use; part of the result, unlike the number of threads",
    ),
  learning_rate: z.number().positive().describe("Adam's step size").default(0.002),
  learning_rate_decay: z.number().positive().max(1).default(1).describe("factor on the rate after each epoch"),
  clip_norm: z.number().min(0).default(0).describe("largest norm of the gradient; 0: no limit"),
  embedding_l2: z.number().min(0).default(0).describe("L2 penalty on the embedding rows that a batch reads"),
  mask_unknown: z
    .number()
    .min(0)
    .default(1)
    .describe(
      "a value that training has n times is read as unknown in a share a / (a + n) of the samples, so that the unknown is learned too; 0: never",
    ),
  seed: seed.describe("seed of weights, order and negatives").default(1),
  patience: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(2)
    .describe("stop after this many epochs without a better validation AUC"),
  curve_steps: z
    .int()
    .min(0)
    .default(0)
    .describe(
      "steps between points of the learning curve, which measures the losses on all validation samples; 0: none",
    ),
  max_history: z
    .int()
    .min(1)
    .optional()
    .describe("histories keep the latest this many behaviours; default: as many as the dataset has"),
  buffer_mb: z
    .int()
    .min(1)
    .max(2 ** 20)
    .default(512)
    .describe(
      "MiB of memory for the samples of a split; larger ones are read in portions of half of it, their blocks in a seeded order",
    ),
});

/**
 * Keys that `train` had in earlier builds, and that decide nothing about a model. They are options of a command now
 * (`engine/machine.ts`).
 */
export const MACHINE_KEYS: readonly string[] = ["engine", "threads", "checkpoint_seconds"];

export type TrainConfig = z.output<typeof trainSchema>;

/** A resolved configuration: every key has its value. The model's keys are checked by the model's own schema. */
export interface RunConfig {
  readonly model: { readonly name: string } & Readonly<Record<string, unknown>>;
  readonly train: TrainConfig;
  /** The run whose model this one goes on from; absent where it starts afresh. */
  readonly from?: string;
}

/** The model of that name. @throws UserError that names all models, and the nearest */
export function modelNamed(name: string): Model {
  const model = models.get(name);
  if (model !== undefined) return model;
  const names = [...models.keys()];
  throw failure("settings.unknown-model", { name, known: names });
}

/** The schema of a whole run for one model. */
export function runSchema(model: Model) {
  return z.strictObject({
    model: z.strictObject({ name: z.literal(model.name), ...model.config(z).shape }),
    train: trainSchema.prefault({}),
    from: path.exactOptional(),
  });
}

/**
 * Checks `input` and fills every default. Unknown keys, wrong types and values out of range are all named, by path.
 * @param input `{model: {name, ...keys of the model}, train: {...}}`
 */
export function resolveConfig(input: unknown): RunConfig {
  const name = z.object({ model: z.object({ name: z.string() }) }).safeParse(input);
  if (!name.success) {
    throw failure("settings.no-model", { name: "configuration", expected: '"model: {name: dien}"' });
  }
  const schema = runSchema(modelNamed(name.data.model.name));
  const result = schema.safeParse(input);
  if (result.success) return result.data as RunConfig;
  throw failure("settings.invalid", { name: "configuration", problems: whatIsWrong(schema, input) });
}

/** What a stored configuration means that was written before it had a key. */
const BEFORE = { batches: "samples" };

/** With the keys of `train` that it was written without. */
function completed(input: unknown): unknown {
  const stored = z.looseObject({ train: z.looseObject({}) }).safeParse(input);
  return stored.success ? { ...stored.data, train: { ...BEFORE, ...stored.data.train } } : input;
}

/**
 * As `resolveConfig`, of what the file at `path` holds. What the file lacks has the value that it had when there was no
 * choice: a run that is resumed keeps its bits.
 * @throws UserError that names the file, which is damaged where it holds no configuration
 */
export function resolveStoredConfig(input: unknown, path: string): RunConfig {
  try {
    return resolveConfig(completed(input));
  } catch (error) {
    throw error instanceof UserError ? failure("file.damaged", { path, problem: error.message }) : error;
  }
}

/** A configuration as values by dotted key. */
export function settingsByKey(config: RunConfig): Map<string, unknown> {
  return new Map(leaves(config));
}

/** A dotted key that two configurations give different values; undefined where there is none. */
export function differingKey(a: RunConfig, b: RunConfig): string | undefined {
  const [ours, theirs] = [settingsByKey(a), settingsByKey(b)];
  return [...ours.keys(), ...theirs.keys()].find(
    (key) => JSON.stringify(ours.get(key)) !== JSON.stringify(theirs.get(key)),
  );
}

/** The dotted keys that `--set` takes for a model, each with its description. */
export function configKeys(modelName: string): Map<string, string> {
  checkOptions("configKeys", z.object({ modelName: z.string() }), { modelName });
  const settings = settingsOf(describe(runSchema(modelNamed(modelName))));
  for (const key of ["model.name", "from"]) settings.delete(key);
  return new Map([...settings].map(([key, { description = "" }]) => [key, description]));
}
