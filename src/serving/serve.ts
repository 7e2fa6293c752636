/** What `dien serve` does: opens runs and a store, and makes a server of them. */
import { basename, resolve } from "node:path";
import { failure } from "../errors/failure.ts";
import { mostKept, openStore } from "../store/open.ts";
import { createServer, type Server, type ServerOptions } from "./server.ts";
import { openStandIns, type StandInModels } from "./standins.ts";

export interface ServeOptions extends Omit<ServerOptions, "models" | "store"> {
  /** `RUN` or `NAME=RUN`; without a name it is that of the folder. The first is the default. */
  readonly runs: readonly string[];
  /** `memory:` */
  readonly store: string;
}

/**
 * Opens what is to be served.
 * @throws UserError where a run or the store cannot be used, or two runs have one name
 */
export async function openServer(
  options: ServeOptions,
): Promise<{ readonly server: Server; readonly models: StandInModels }> {
  const { runs, store: url, ...others } = options;
  const named = namesOf(runs);
  const models = await openStandIns(named);
  const longest = Math.max(...models.list().map(({ description }) => description.schema.maxHistory));
  const store = await openStore(url, { most: mostKept(longest) });
  try {
    await store.check();
    return { server: await createServer({ models, store, ...others }), models };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** What a model may be called: its name is part of paths. */
const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;

/** Runs by the names of their models. */
function namesOf(given: readonly string[]): Map<string, string> {
  const named = new Map<string, string>();
  for (const text of given) {
    const [, name, run] = /^([^=/\\]+)=(.+)$/.exec(text) ?? [undefined, basename(resolve(text)), text];
    if (!NAME.test(name)) {
      throw failure("serving.wrong-name", { name, expected: "letters, digits, dots, dashes and underscores" });
    }
    if (named.has(name)) throw failure("serving.taken-name", { name });
    named.set(name, run);
  }
  return named;
}
