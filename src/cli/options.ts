/**
 * Flags of commands, made of the schemas of their options: names, placeholders, choices and defaults as the help shows
 * them, and errors that name the flag. The YAML file of `--config` may give any of them.
 */
import { type Command, Option } from "commander";
import { z } from "zod";
import { failure, type UserError } from "../errors/failure.ts";
import { parseYaml, readYamlText } from "../files/yaml.ts";
import { type Described, describe } from "../options/expected.ts";
import { text } from "../options/pieces.ts";
import { type Problem, problemsOf, sentence } from "../options/problems.ts";

/** Options that every command has. */
const common = z.strictObject({
  config: text("file", "YAML file with any of these options (`seed: 1`); flags win over it").optional(),
  json: z.boolean().default(false).describe("print the result as one JSON document, the last line of stdout"),
});

/** What a file of `--config` holds; without one, nothing. */
export interface ConfigFile {
  readonly path: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** Keys of the file that the command reads itself and has taken out of `values`. */
  readonly sections?: readonly string[];
}

/** The options of a command as its schema gives them, beside those that every command has. */
export interface Gathered<Options> extends z.output<typeof common> {
  readonly options: Options;
}

/**
 * Gives a command a flag for each key of `schema` but those in `without`, then those that every command has. Returns the
 * function that reads them when the command runs: from the command line, else from the file of `--config`, else the
 * schema's defaults. It throws UserError where the schema refuses them or the file has a key that is no option.
 */
export function addOptions<S extends z.ZodObject>(
  command: Command,
  schema: S,
  without: readonly (keyof S["shape"] & string)[] = [],
): (file?: ConfigFile) => Promise<Gathered<z.output<S>>> {
  const own = addFlags(command, schema, without);
  const shared = addFlags(command, common);
  return async (file) => {
    const given = file ?? (await readConfig(command));
    const names = [...own.values(), ...shared.values()].map((option) => option.name()).filter(isNotConfig);
    for (const key of Object.keys(given.values)) {
      if (names.includes(key)) continue;
      throw failure("usage.unknown-key", { path: given.path, key, known: [...names, ...(given.sections ?? [])] });
    }
    return { options: gather(command, schema, own, given), ...gather(command, common, shared, given) };
  };
}

/** Gives a command the paths that it works on, one at least. Returns the function that reads them when it runs. */
export function addPaths(command: Command, description: string): () => readonly string[] {
  command.argument("<path...>", description);
  return () => command.args;
}

/** Gives the program the flag that says its version, for which it emits `option:version`. */
export function addVersion(program: Command): void {
  program.option("-V, --version", "output the version number, and which kernels compute here");
}

/** Gives the program the flag that all commands take, and returns whether it was given. */
export function addVerbose(program: Command): () => boolean {
  program.option("--verbose", "of an error, also print what caused it");
  return () => program.opts().verbose === true;
}

const isNotConfig = (name: string) => name !== "config";

/** The flag of each key. */
function addFlags(command: Command, schema: z.ZodObject, without: readonly string[] = []): Map<string, Option> {
  const flags = new Map<string, Option>();
  for (const [key, property] of Object.entries(describe(schema).properties ?? {})) {
    if (without.includes(key)) continue;
    const option = flagOf(key, property as Described);
    flags.set(key, option);
    command.addOption(option);
  }
  return flags;
}

/** `maxHistory` and `max_history` as `--max-history <number>`. */
function flagOf(key: string, property: Described): Option {
  const { type, description, default: fallback, enum: choices } = property;
  const name = key.replace(/_|(?=[A-Z])/g, "-").toLowerCase();
  if (type === "boolean") return new Option(`--${name}`, description);
  const several = type === "array" && !property.commas ? "..." : "";
  const option = new Option(`--${name} <${placeholder(property)}${several}>`, description);
  if (choices) option.argChoices = choices.map(String);
  if (fallback === undefined || several || (Array.isArray(fallback) && fallback.length === 0)) return option;
  // The help has texts in quotation marks, and 2GB is none.
  return option.default(fallback, type === "string" ? undefined : String(fallback));
}

function placeholder({ value, type }: Described): string {
  if (typeof value === "string") return value;
  return type === "integer" || type === "number" ? "number" : "name";
}

/** The output of `schema` for what the command line and the file give. */
function gather<S extends z.ZodObject>(
  command: Command,
  schema: S,
  flags: ReadonlyMap<string, Option>,
  file: ConfigFile,
): z.output<S> {
  const { properties = {} } = describe(schema);
  const given: Record<string, unknown> = {};
  const inFile = new Set<string>();
  for (const [key, option] of flags) {
    const attribute = option.attributeName();
    let value: unknown;
    if (command.getOptionValueSource(attribute) === "cli") value = command.getOptionValue(attribute);
    else if (Object.hasOwn(file.values, option.name())) {
      value = file.values[option.name()];
      inFile.add(key);
      command.setOptionValueWithSource(attribute, value, "config");
    } else continue;
    given[key] = typed(value, properties[key] as Described);
  }
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [problem] = problemsOf(schema, given);
  const key = String(problem.path[0]);
  throw usageError(problem, flags.get(key)!, inFile.has(key) ? file.path : undefined);
}

/** A text of the command line, or a value of a YAML file, as the type that the schema wants, where it can be one. */
function typed(value: unknown, { type, commas, items }: Described): unknown {
  if (typeof value === "string") {
    if (type === "integer" || type === "number") {
      const number = Number(value);
      return value.trim() === "" || Number.isNaN(number) ? value : number;
    }
    if (commas) return value.split(",").map((word) => word.trim());
  }
  if (typeof value === "number" && type === "string") return String(value);
  if (Array.isArray(value) && type === "array") return value.map((entry) => typed(entry, items as Described));
  return value;
}

/** A problem in words of the flag, or of the key of the file at `path`. */
function usageError(problem: Problem, flag: Option, path: string | undefined): UserError {
  const option = flag.flags;
  if (problem.kind === "missing") return failure("usage.missing-option", { option });
  if (path !== undefined) return failure("usage.wrong-key", { path, problem: sentence(problem, flag.name()) });
  if (problem.kind === "empty") return failure("usage.empty-option", { option });
  return failure("usage.wrong-option", { option, problem: problem.message });
}

/** Reads the file that `--config` names. Throws UserError where it is no YAML mapping. */
export async function readConfig(command: Command): Promise<ConfigFile> {
  const path: string | undefined = command.opts().config;
  if (!path) return { path: "", values: {} }; // an empty name is refused with the other options
  const content = await readYamlText(path);
  let value: unknown;
  try {
    value = parseYaml(content);
  } catch (error) {
    throw failure("usage.not-yaml", { path, reason: (error as Error).message }, error);
  }
  if (value === null) return { path, values: {} };
  if (typeof value !== "object" || Array.isArray(value)) {
    throw failure("usage.wrong-key", { path, problem: "expected a mapping of options" });
  }
  return { path, values: value as Record<string, unknown> };
}
