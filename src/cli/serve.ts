/** `dien serve`: a trained model behind HTTP. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { z } from "zod";
import { machineOptions } from "../engine/machine.ts";
import { failure } from "../errors/failure.ts";
import { fileError } from "../files/failures.ts";
import { endingItself, forgetSignals } from "../interruption.ts";
import { text, texts, toggle } from "../options/pieces.ts";
import { LEAST_CHARACTERS, originOption, tokenOption } from "../serving/guarded.ts";
import { limitOptions } from "../serving/limits.ts";
import { experimentLogger, logger, modelLogger } from "../serving/log.ts";
import type { Models, ModelsOptions } from "../serving/models/models.ts";
import type { ServeOptions } from "../serving/serve.ts";
import { STORE_ADDRESSES } from "../store/open.ts";
import type { Context } from "./context.ts";
import { addOptions } from "./options.ts";
import { print, printJson } from "./output.ts";

export const serveFlags = z.strictObject({
  run: texts("run", "runs to serve, as RUN or NAME=RUN; requests that name none get the first").min(1),
  host: text("name", "address to listen at").default("127.0.0.1"),
  port: z.int().min(0).max(65_535).describe("port to listen at; 0 takes one that is free").default(8080),
  store: text("url", `where users' behaviours are: ${STORE_ADDRESSES}`).default("file:store"),
  tokenFile: text("file", "file with the token that requests have to bring").optional(),
  unguarded: toggle("listen for other machines without a token"),
  cors: originOption
    .meta({ value: "origin", description: "origin whose pages may ask from a browser, such as https://shop.example" })
    .optional(),
  tlsCert: text("file", "certificate in PEM, for https").optional(),
  tlsKey: text("file", "its key in PEM").optional(),
  ...machineOptions.shape,
  experiment: text("file", "ab.yaml: which users get which model, see docs/ab.md").optional(),
  records: text("folder", "where exposures and outcomes of the experiment are kept (default: records)").optional(),
  calibrated: texts("name", "models whose probabilities are calibrated, by `dien calibrate`").optional(),
  watch: toggle("load a model anew when its run is replaced, and the experiment when its file is"),
  shadow: texts("name", "NAME=OTHER: model OTHER also scores what NAME has scored; see docs/serving.md").optional(),
  runs: text("folder", "folder whose runs requests may have loaded").optional(),
  ...limitOptions.shape,
  maxWaiting: z.int().min(1).max(10_000_000).describe("candidates that wait for a model's threads").default(20_000),
  dryRun: toggle("check models, store and port, say what would be served, and end"),
});

type Flags = z.output<typeof serveFlags>;

export function addServe(program: Command, context: Context): void {
  const command = program
    .command("serve")
    .summary("put trained models behind HTTP")
    .description("Answers requests for scores over HTTP, until it is ended (Ctrl-C, SIGTERM).");
  const read = addOptions(command, serveFlags);
  command
    .addHelpText(
      "after",
      `
Examples:
  dien serve --run runs/dien
  dien serve --run runs/dien --calibrated dien
  dien serve --run runs/dien --run next=runs/dien2 --port 9000
  dien serve --run runs/dien --host 0.0.0.0 --token-file token --tls-cert cert.pem --tls-key key.pem
  dien serve --run runs/base --run runs/dien --experiment ab.yaml
  dien serve --run runs/dien --dry-run

Then:
  curl http://127.0.0.1:8080/v1/rank -H 'content-type: application/json' \\
    -d '{"user": "A1", "history": ["B0000530HT"], "candidates": ["B00004U9V2", "B000000044"]}'

All routes are described at /docs, for programs at /openapi.json. Logs go to stderr, a JSON document a line, or to a
terminal in words. After a signal it is not ready, answers the requests that it has, and exits with 0.`,
    )
    .action(async () => {
      const { options, json } = await read();
      const { host, port, unguarded, dryRun } = options;
      const tls = await readTls(options);
      const token = options.tokenFile === undefined ? undefined : await readToken(options.tokenFile);
      const isTerminal = context.stderr.isTTY === true;
      const log = (line: string) => print(context.stderr, [line]);
      const { server, models } = await context.jobs.openServer({
        ...{
          run: options.run,
          calibrated: options.calibrated,
          store: options.store,
          dryRun,
          experiment: experimentOf(options),
        },
        scoring: scoringOf(options),
        serving: {
          ...{ token, cors: options.cors, runs: options.runs },
          limits: limitsOf(options),
          listeners: [logger(log, isTerminal)],
        },
      });
      models.onEvent(modelLogger(log, isTerminal));
      server.experiment?.onEvent(experimentLogger(log, isTerminal));
      await endingItself(async () => {
        forgetSignals();
        try {
          const { url } = await server.listen({ host, port, tls, unguarded });
          const { name, arms } = server.experiment?.definition ?? {};
          const experiment = name === undefined ? {} : { experiment: { name, arms } };
          const { engine } = models;
          const served = { url, engine, store: options.store, models: modelsOf(models), ...experiment };
          if (json) printJson(context.stdout, served);
          else {
            const running = name === undefined ? [] : [`experiment ${name}, ${arms?.length} arms`];
            const listens = `${dryRun ? "would listen" : "listens"} at ${url}`;
            print(context.stdout, [...served.models.map(lineOf), ...running, listens]);
          }
          if (!dryRun && !context.signal.aborted) await once(context.signal, "abort");
        } finally {
          await server.close();
        }
      });
    });
}

function modelsOf(models: Models) {
  return models
    .list()
    .map(({ name, version, calibration }) => ({ name, version, ...(calibration && { calibration }) }));
}

const lineOf = ({ name, version, calibration }: ReturnType<typeof modelsOf>[number]) =>
  `model ${name}, version ${version}${calibration === undefined ? "" : `, calibrated by ${calibration}`}`;

/** Seconds between two looks at the runs, and at the experiment. */
const WATCH = 2;

function scoringOf({ threads, engine, maxWaiting, watch, shadow = [] }: Flags): Omit<ModelsOptions, "runs"> {
  return {
    ...{ threads, engine, mostWaiting: maxWaiting },
    ...(watch ? { watch: WATCH } : {}),
    shadows: shadowsOf(shadow),
  };
}

function experimentOf({ experiment: path, records, watch }: Flags): ServeOptions["experiment"] {
  if (path !== undefined) return { path, records: records ?? "records", ...(watch && { watch: WATCH }) };
  if (records === undefined) return undefined;
  throw failure("usage.lone-option", { option: "--records", needed: "--experiment" });
}

function shadowsOf(given: readonly string[]): Record<string, string> {
  const shadows = new Map<string, string>();
  for (const text of given) {
    const [name, shadow, ...more] = text.split("=");
    if (name === "" || !shadow || more.length > 0) throw wrongShadow(`expected NAME=OTHER, found "${text}"`);
    if (shadows.has(name)) throw wrongShadow(`model ${name} has a shadow already, ${shadows.get(name)}`);
    if (name === shadow) throw wrongShadow(`model ${name} cannot be its own`);
    shadows.set(name, shadow);
  }
  return Object.fromEntries(shadows);
}

const wrongShadow = (problem: string) => failure("usage.wrong-option", { option: "--shadow <name...>", problem });

function limitsOf(options: Flags) {
  const keys = Object.keys(limitOptions.shape) as (keyof typeof limitOptions.shape)[];
  return limitOptions.parse(Object.fromEntries(keys.map((key) => [key, options[key]])));
}

async function readTls({ tlsCert, tlsKey }: Flags): Promise<{ cert: string; key: string } | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsKey === undefined) throw failure("usage.lone-option", { option: "--tls-cert", needed: "--tls-key" });
  if (tlsCert === undefined) throw failure("usage.lone-option", { option: "--tls-key", needed: "--tls-cert" });
  return { cert: await readText(tlsCert), key: await readText(tlsKey) };
}

async function readToken(path: string): Promise<string> {
  const token = (await readText(path)).trim();
  if (tokenOption.safeParse(token).success) return token;
  throw failure("serving.no-token", { path, expected: `one line of ${LEAST_CHARACTERS} characters or more` });
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw fileError(error, "read", path);
  }
}
