/**
 * The configuration of a run from everything that may speak of it. Later ones win: defaults, the sections `model` and
 * `train` of the configuration file (a run's own config.yaml is such a file), its list `set`, flags like `--epochs`,
 * `--set KEY=VALUE`.
 */
import { failure, UserError, within } from "../errors/failure.ts";
import { parseYaml } from "../files/yaml.ts";
import { models } from "../models/registry.ts";
import { configKeys, MACHINE_KEYS, type RunConfig, resolveConfig } from "../run/config.ts";
import { assign, type Tree } from "../run/dotted.ts";

export const DEFAULT_MODEL = "dien";

export interface SettingSources {
  /** The configuration file, where there is one. */
  readonly path?: string;
  /** Section `model` of the file: a name, or a mapping with `name` and the model's keys. Without one: DIEN. */
  readonly model?: unknown;
  /** Section `train` of the file. */
  readonly train?: unknown;
  /** `KEY=VALUE` of each entry of the file's `set`, as in `set` below. */
  readonly fileSet?: readonly string[];
  /** The run to go on from. */
  readonly from?: string | undefined;
  /** Values of flags by their dotted key, undefined where a flag was not given. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** `KEY=VALUE` of each `--set`; the value is read as YAML: 0.5, true, paper, [200, 80]. */
  readonly set: readonly string[];
}

/**
 * Throws UserError for an unknown model or key (naming the nearest), for values that the schema refuses, and for a flag
 * and a `--set` that contradict one another. It names the file where what stands there is wrong by itself.
 */
export function resolveSettings(sources: SettingSources): RunConfig {
  try {
    return merge(sources);
  } catch (error) {
    const { path } = sources;
    if (path) blameFile(path, sources);
    throw error;
  }
}

/** Throws what is wrong with the settings of the file alone, naming it. */
function blameFile(path: string, sources: SettingSources): void {
  try {
    merge({ ...sources, flags: {}, set: [] });
  } catch (error) {
    throw error instanceof UserError ? within(path, error) : error;
  }
}

function merge({ model, train, fileSet = [], from, flags, set }: SettingSources): RunConfig {
  const given = typeof model === "string" ? { name: model } : (model ?? { name: DEFAULT_MODEL });
  const tree: Tree = { model: section("model", given), train: section("train", train) };
  const name = String(flags["model.name"] ?? (tree.model as Tree).name ?? "");
  const known = configKeys(name);
  const read = (pair: string) => readPair(pair, known);
  const last = set.map(read);
  for (const [key, value] of last) {
    const flag = flags[key];
    if (flag === undefined || flag === value) continue;
    throw failure("usage.contradiction", {
      option: `--${key.replace(/^.*\./, "")} ${flag}`,
      other: `--set ${key}=${value}`,
    });
  }
  for (const [key, value] of [...fileSet.map(read), ...Object.entries(flags), ...last]) {
    if (value !== undefined) assign(tree, key, value);
  }
  if (from !== undefined) tree.from = from;
  return resolveConfig(tree);
}

/**
 * Settings by dotted key from `KEY=VALUE` pairs, for experiments that train several models: some model has each key.
 * Throws UserError for an unknown key or a value that a model refuses.
 */
export function readSettings(pairs: readonly string[]): Record<string, unknown> {
  const known = new Map([...models.keys()].flatMap((name) => [...configKeys(name)]));
  const settings = Object.fromEntries(pairs.map((pair) => readPair(pair, known)));
  for (const model of models.keys()) {
    const keys = configKeys(model);
    const flags = Object.fromEntries(Object.entries(settings).filter(([key]) => keys.has(key)));
    resolveSettings({ model, flags, set: [] });
  }
  return settings;
}

/**
 * Splits section `train` of a file into options of the command and settings: in the config.yaml of a run by an earlier
 * build the machine's keys are among the settings.
 */
export function splitMachineKeys(train: unknown): [options: Tree, settings: unknown] {
  if (typeof train !== "object" || train === null || Array.isArray(train)) return [{}, train];
  const options: Tree = {};
  const settings: Tree = {};
  for (const [key, value] of Object.entries(train)) {
    if (MACHINE_KEYS.includes(key)) options[machineFlag(key)] = value;
    else settings[key] = value;
  }
  return [options, settings];
}

/** The option of a machine's key: `checkpoint_seconds`, or `train.checkpoint_seconds`, is `checkpoint-seconds`. */
export const machineFlag = (key: string) => key.replace(/^train\./, "").replace("_", "-");

function section(name: string, value: unknown): Tree {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) {
    throw failure("settings.invalid", { name: "configuration", problems: `${name}: expected a mapping of settings` });
  }
  return structuredClone(value) as Tree;
}

/** Key and value of KEY=VALUE. */
function readPair(pair: string, known: ReadonlyMap<string, string>): [key: string, value: unknown] {
  const equals = pair.indexOf("=");
  if (equals < 1)
    throw failure("usage.wrong-option", { option: "--set", problem: `expected KEY=VALUE, found '${pair}'` });
  const key = pair.slice(0, equals);
  const machineKey = MACHINE_KEYS.find((name) => key === `train.${name}`);
  if (machineKey) throw failure("settings.machine-key", { key });
  if (!known.has(key)) throw failure("settings.unknown-key", { key, known: [...known.keys()] });
  try {
    return [key, parseYaml(pair.slice(equals + 1))];
  } catch {
    throw failure("usage.wrong-option", { option: `--set ${pair}`, problem: "the value is not YAML" });
  }
}
