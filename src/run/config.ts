/**
 * The configuration of a run: one schema that yields types, defaults, the keys of `--set`, and `config.yaml`.
 *
 * A model's own keys stand in the model's file; this file only composes.
 */
import { z } from "zod";
import { UserError } from "../errors.ts";
import type { Model } from "../models/model.ts";
import { models } from "../models/registry.ts";
import { leaves, type Tree } from "./dotted.ts";

export const trainSchema = z.strictObject({
  epochs: z.int().min(1).default(3),
  batch_size: z.int().min(1).max(65_536).default(128),
  shards: z
    .int()
    .min(1)
    .max(256)
    .default(8)
    .describe("pieces of a batch that threads share out; part of the result, unlike the number of threads"),
  learning_rate: z.number().positive().default(0.002),
  learning_rate_decay: z.number().positive().max(1).default(1).describe("factor on the rate after each epoch"),
  clip_norm: z.number().min(0).default(0).describe("largest norm of the gradient; 0: no limit"),
  embedding_l2: z.number().min(0).default(0).describe("L2 penalty on the embedding rows that a batch reads"),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1),
  patience: z.int().min(1).default(2).describe("stop after this many epochs without a better validation AUC"),
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
}

/** The model of that name; UserError naming all models otherwise. */
export function modelNamed(name: string): Model {
  const model = models.get(name);
  if (!model) throw new UserError(`unknown model "${name}": expected one of ${[...models.keys()].join(", ")}`);
  return model;
}

/** The schema of a whole run for one model. */
export function runSchema(model: Model) {
  return z.strictObject({
    model: z.strictObject({ name: z.literal(model.name), ...model.config.shape }),
    train: trainSchema.prefault({}),
  });
}

/**
 * Checks `input` and fills every default. Unknown keys, wrong types and values out of range are all named, by path.
 * @param input `{model: {name, ...keys of the model}, train: {...}}`
 */
export function resolveConfig(input: unknown): RunConfig {
  const name = z.object({ model: z.object({ name: z.string() }) }).safeParse(input);
  if (!name.success) throw new UserError('the configuration names no model: expected "model: {name: dien}"');
  const result = runSchema(modelNamed(name.data.model.name)).safeParse(input);
  if (result.success) return result.data as RunConfig;
  const issues = result.error.issues.flatMap((issue) => {
    const path = issue.path.join(".");
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => `unknown key "${path ? `${path}.` : ""}${key}"`);
    return [`${path}: ${issue.message}`];
  });
  throw new UserError(`configuration: ${issues.join("; ")}`);
}

/** As `resolveConfig`, of what a file of a run holds: the machine's keys, which earlier builds wrote, are left out. */
export function resolveStoredConfig(input: unknown): RunConfig {
  const stored = z.looseObject({ train: z.looseObject({}) }).safeParse(input);
  if (!stored.success) return resolveConfig(input);
  const train = Object.entries(stored.data.train).filter(([key]) => !MACHINE_KEYS.includes(key));
  return resolveConfig({ ...stored.data, train: Object.fromEntries(train) });
}

/** A configuration as values by dotted key. */
export function settingsByKey(config: RunConfig): Map<string, unknown> {
  return new Map(leaves(config as unknown as Tree));
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
  const keys = new Map<string, string>();
  collectKeys(runSchema(modelNamed(modelName)), "", keys);
  keys.delete("model.name");
  return keys;
}

function collectKeys(schema: z.ZodType, path: string, keys: Map<string, string>): void {
  let inner: z.ZodType = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional) {
    inner = inner.unwrap() as z.ZodType;
  }
  if (!(inner instanceof z.ZodObject)) {
    keys.set(path, schema.description ?? inner.description ?? "");
    return;
  }
  for (const [key, value] of Object.entries(inner.shape)) {
    collectKeys(value as z.ZodType, path === "" ? key : `${path}.${key}`, keys);
  }
}
