/**
 * The configuration of a run from everything that may speak of it. Later ones win: defaults, the sections `model` and
 * `train` of the configuration file (a run's own config.yaml is such a file), its list `set`, flags like `--epochs`,
 * `--set KEY=VALUE`.
 */
import { parse } from "yaml";
import { UserError } from "../errors.ts";
import { models } from "../models/registry.ts";
import { configKeys, type RunConfig, resolveConfig } from "../train/config.ts";
import { UsageError } from "./context.ts";
import { didYouMean } from "./suggest.ts";

type Tree = Record<string, unknown>;

export const DEFAULT_MODEL = "dien";

export interface SettingSources {
  /** Section `model` of the file: a name, or a mapping with `name` and the model's keys. Without one: DIEN. */
  readonly model?: unknown;
  /** Section `train` of the file. */
  readonly train?: unknown;
  /** `KEY=VALUE` of each entry of the file's `set`, as in `set` below. */
  readonly fileSet?: readonly string[];
  /** Values of flags by their dotted key, undefined where a flag was not given. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** `KEY=VALUE` of each `--set`; the value is read as YAML: 0.5, true, paper, [200, 80]. */
  readonly set: readonly string[];
}

/** Throws UsageError for an unknown model or key (naming the nearest) and for values that the schema refuses. */
export function resolveSettings({ model, train, fileSet = [], flags, set }: SettingSources): RunConfig {
  const given = typeof model === "string" ? { name: model } : (model ?? { name: DEFAULT_MODEL });
  const tree: Tree = { model: section("model", given), train: section("train", train) };
  const known = configKeys(modelName(flags["model.name"] ?? (tree.model as Tree).name));
  for (const [key] of leaves(tree)) if (key !== "model.name") check(key, known);
  const read = (pair: string) => readPair(pair, known);
  for (const [key, value] of [...fileSet.map(read), ...Object.entries(flags), ...set.map(read)]) {
    if (value !== undefined) assign(tree, key, value);
  }
  try {
    return resolveConfig(tree);
  } catch (error) {
    throw error instanceof UserError ? new UsageError(error.message) : error;
  }
}

/** A configuration as values by dotted key. */
export function settingsByKey(config: RunConfig): Map<string, unknown> {
  return new Map(leaves(config as unknown as Tree));
}

/** A dotted key that two configurations give different values, except the number of threads; undefined where none. */
export function differingKey(a: RunConfig, b: RunConfig): string | undefined {
  const [ours, theirs] = [settingsByKey(a), settingsByKey(b)];
  return [...ours.keys(), ...theirs.keys()].find(
    (key) => key !== "train.threads" && JSON.stringify(ours.get(key)) !== JSON.stringify(theirs.get(key)),
  );
}

function section(name: string, value: unknown): Tree {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw new UsageError(`'${name}' is no mapping of settings`);
  return structuredClone(value) as Tree;
}

function modelName(name: unknown): string {
  if (typeof name === "string" && models.has(name)) return name;
  const found = name === undefined ? "none" : `'${name}'`;
  const near = didYouMean(String(name), models.keys());
  throw new UsageError(`unknown model ${found}, expected one of ${[...models.keys()].join(", ")}${near}`);
}

function check(key: string, known: ReadonlyMap<string, string>): void {
  if (!known.has(key)) throw new UsageError(`unknown key '${key}'${didYouMean(key, known.keys())}`);
}

/** Key and value of KEY=VALUE. */
function readPair(pair: string, known: ReadonlyMap<string, string>): [key: string, value: unknown] {
  const equals = pair.indexOf("=");
  if (equals < 1) throw new UsageError(`--set expects KEY=VALUE, found '${pair}'`);
  const key = pair.slice(0, equals);
  check(key, known);
  try {
    return [key, parse(pair.slice(equals + 1), { logLevel: "error" })];
  } catch {
    throw new UsageError(`--set ${pair}: the value is not YAML`);
  }
}

/** Sets a dotted key, making the mappings on the way. */
function assign(tree: Tree, key: string, value: unknown): void {
  const path = key.split(".");
  const last = path.pop()!;
  let node = tree;
  for (const step of path) {
    if (typeof node[step] !== "object" || node[step] === null) node[step] = {};
    node = node[step] as Tree;
  }
  node[last] = value;
}

/** Everything that is not a mapping itself, with its dotted key. */
function* leaves(tree: Tree, prefix = ""): Generator<[key: string, value: unknown]> {
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      yield* leaves(value as Tree, `${prefix}${key}.`);
    else yield [`${prefix}${key}`, value];
  }
}
