/** Options that commands share, and the YAML file that may stand in for any of them. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { parse } from "yaml";
import { readText } from "../files.ts";
import { ENGINES, type Engine } from "../kernels/load.ts";
import { didYouMean } from "../suggest.ts";
import { UsageError } from "./context.ts";

/** Parser of an option whose value is a whole number. */
export function whole(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isSafeInteger(value) && value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `at least ${least}` : `${least} to ${most}`;
    throw new InvalidArgumentError(`Expected a whole number, ${range}.`);
  };
}

/** Parser of an option whose value is a number. */
export function number(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isFinite(value) && value >= least) return value;
    throw new InvalidArgumentError(`Expected a number, at least ${least}.`);
  };
}

/** Seeds are 31 bits everywhere, so that one number may seed everything. */
export const seed = whole(0, 2 ** 31 - 1);

export function seedOption(value: number): Option {
  return new Option("--seed <number>", "seed of everything random").argParser(seed).default(value);
}

/** `most` says what else limits the default. */
export function threadsOption(most = ""): Option {
  const text = `worker threads; never changes the result (default: one for each core${most})`;
  return new Option("--threads <number>", text).argParser(whole(1, 256));
}

/** Options of the machine, not of a model; see `engine/machine.ts`. */
export interface MachineFlags {
  readonly engine?: Engine;
  readonly threads?: number;
  readonly checkpointSeconds?: number;
}

export function engineOption(): Option {
  const text = "kernels: simd gives the same bits everywhere; relaxed may be faster, reference is for comparison";
  return new Option("--engine <name>", `${text} (default: simd)`).choices(ENGINES);
}

export function checkpointOption(): Option {
  return new Option("--checkpoint-seconds <number>", "time between checkpoints (default: 30)").argParser(number(0));
}

/** Gathers the values of an option that may be given many times, where each is one word. */
export function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}

/** Adds `--config` and `--json`, which every command has. */
export function addCommonOptions(command: Command): Command {
  return command
    .option("--config <file>", "YAML file with any of these options (`seed: 1`); flags win over it")
    .option("--json", "print the result as one JSON document, the last line of stdout");
}

/** The mapping in the file that `--config` names, empty without one. Throws UsageError where it is no YAML mapping. */
export async function readConfig(command: Command): Promise<Record<string, unknown>> {
  const path: string | undefined = command.opts().config;
  if (!path) return {}; // an empty name is refused with the other options
  const text = await readText(path);
  let value: unknown;
  try {
    value = parse(text, { logLevel: "error" });
  } catch (error) {
    throw new UsageError(`${path} is not YAML: ${(error as Error).message.split("\n")[0].replace(/:$/, "")}`);
  }
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw new UsageError(`${path}: expected a mapping of options`);
  return value as Record<string, unknown>;
}

/**
 * Gives the command's options the values of a configuration file, except those that were given as flags. Keys are the
 * options' long names. `sections` are further keys the file may have, for the error that names an unknown one.
 */
export function applyConfig(command: Command, config: Record<string, unknown>, sections: readonly string[] = []): void {
  const path: string = command.opts().config;
  const options = new Map(command.options.map((option) => [option.name(), option]));
  options.delete("config");
  for (const [key, value] of Object.entries(config)) {
    const option = options.get(key);
    if (option === undefined) {
      throw new UsageError(`${path}: unknown key '${key}'${didYouMean(key, [...options.keys(), ...sections])}`);
    }
    if (command.getOptionValueSource(option.attributeName()) === "cli") continue;
    command.setOptionValueWithSource(option.attributeName(), readValue(option, value, `${path}: ${key}`), "config");
  }
}

/** The value an option would have from the command line; `where` names it in errors. */
function readValue(option: Option, value: unknown, where: string): unknown {
  if (option.isBoolean()) {
    if (typeof value !== "boolean") throw new UsageError(`${where}: expected true or false, found ${quote(value)}`);
    return value;
  }
  if (option.variadic) return readList(value, where);
  if (typeof value !== "string" && typeof value !== "number") {
    throw new UsageError(`${where}: expected one value, found ${quote(value)}`);
  }
  try {
    return option.parseArg ? option.parseArg(String(value), undefined) : String(value);
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw new UsageError(`${where} is ${quote(value)}. ${error.message}`);
    throw error;
  }
}

/** A list in the file, for an option that may be given many times; `where` names it in errors. */
export function readList(value: unknown, where: string): string[] {
  if (!Array.isArray(value)) throw new UsageError(`${where}: expected a list, found ${quote(value)}`);
  return value.map(String);
}

const quote = (value: unknown): string => JSON.stringify(value);

/**
 * Reads `--config` and gives back all other options. Throws UsageError where one of `needed` (attribute names) is given
 * neither as a flag nor in the file, or any is empty, as where a shell's variable is not set.
 */
export async function gatherOptions<T>(command: Command, needed: readonly (keyof T & string)[]): Promise<T> {
  applyConfig(command, await readConfig(command));
  requireOptions(command, needed);
  const { config: _, ...options } = command.opts();
  return options as T;
}

export function requireOptions(command: Command, needed: readonly string[]): void {
  for (const option of command.options) {
    const name = option.attributeName();
    const value = command.getOptionValue(name);
    if (value === "") throw new UsageError(`option '${option.flags}' is empty`);
    if (value === undefined && needed.includes(name)) throw new UsageError(`option '${option.flags}' is missing`);
  }
}
