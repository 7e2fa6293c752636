/** What `dien serve` does: opens runs and a store, and makes a server of them. */
import { basename, resolve } from "node:path";
import { readExperiment } from "../ab/definition/read.ts";
import { openRecords } from "../ab/records/open.ts";
import { failure } from "../errors/failure.ts";
import { mostKept, openStore } from "../store/open.ts";
import { checkArms } from "./experiments/checks.ts";
import { earnedIn } from "./experiments/earned.ts";
import { type Models, type ModelsOptions, openModels } from "./models/models.ts";
import { createServer, type Server, type ServerOptions } from "./server.ts";

export interface ServeOptions {
  /** `RUN` or `NAME=RUN`; without a name it is that of the folder. The first is the default. */
  readonly run: readonly string[];
  /** Names of those whose probabilities are calibrated. */
  readonly calibrated?: readonly string[] | undefined;
  /** Address of the behaviours' store. */
  readonly store: string;
  /** Whether it is only tried: a store that is not there is not made. */
  readonly dryRun?: boolean;
  /** An online experiment: the file that defines it, the folder of its records, seconds between two looks at the file. */
  readonly experiment?:
    | { readonly path: string; readonly records: string; readonly watch?: number | undefined }
    | undefined;
  readonly scoring: Omit<ModelsOptions, "runs">;
  readonly serving: Omit<ServerOptions, "models" | "store" | "experiment">;
}

/**
 * Opens what is to be served.
 * @throws UserError where a run, the store or the experiment cannot be used, or two runs have one name
 */
export async function openServer(options: ServeOptions): Promise<{ readonly server: Server; readonly models: Models }> {
  const { dryRun = false, experiment: given } = options;
  const definition = given && (await readExperiment(given.path));
  const opened: { close(): Promise<void> }[] = [];
  try {
    const models = await openModels({ runs: namedRuns(options.run, options.calibrated), ...options.scoring });
    opened.push(models);
    if (definition !== undefined) checkArms(definition, models);
    const longest = Math.max(...models.list().map(({ description }) => description.schema.maxHistory));
    const store = await openStore(options.store, { most: mostKept(longest), rehearsal: dryRun });
    opened.push(store);
    // A rehearsal answers nobody and records nothing.
    if (given === undefined || definition === undefined || dryRun) {
      return { server: await createServer({ models, store, ...options.serving }), models };
    }
    const records = await openRecords(given.records, { window: definition.window });
    opened.push(records);
    const earned = (name: string) => earnedIn(given.records, name);
    const experiment = { definition, records, watch: given.watch, earned };
    return { server: await createServer({ models, store, experiment, ...options.serving }), models };
  } catch (error) {
    for (const each of opened) await each.close();
    throw error;
  }
}

/** What a model may be called: its name is part of paths. */
const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;

export function namedRuns(given: readonly string[], calibrated: readonly string[] = []): ModelsOptions["runs"] {
  const named = given.map((text) => {
    const [, name, run] = /^([^=/\\]+)=(.+)$/.exec(text) ?? [undefined, basename(resolve(text)), text];
    return { name, run, calibrated: calibrated.includes(name) };
  });
  named.forEach(({ name }, place) => {
    if (!NAME.test(name)) {
      throw failure("serving.wrong-name", { name, expected: "letters, digits, dots, dashes and underscores" });
    }
    if (named.findIndex((other) => other.name === name) < place) throw failure("serving.taken-name", { name });
  });
  const known = named.map(({ name }) => name);
  const unknown = calibrated.find((name) => !known.includes(name));
  if (unknown !== undefined) throw failure("settings.unknown-model", { name: unknown, known });
  return named;
}
