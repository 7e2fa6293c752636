/** `dien store`: what is in a store of behaviours, in and out. */
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { addAbortSignal } from "node:stream";
import type { Command } from "commander";
import { z } from "zod";
import { failure, noted, UserError } from "../errors/failure.ts";
import { replaceFile } from "../files/aside.ts";
import { count } from "../format.ts";
import type { LoggedRest } from "../importers/events/behaviours.ts";
import { behavioursOptions } from "../importers/events/options.ts";
import { throwIfInterrupted } from "../interruption.ts";
import { text } from "../options/pieces.ts";
import { identified, type StoredEvent } from "../store/event.ts";
import type { Added } from "../store/history.ts";
import { KEPT_ADDRESSES } from "../store/open.ts";
import type { BehaviourStore } from "../store/store.ts";
import { eventOn, lineOf, StoreImport } from "../store/transfer.ts";
import { readRequests } from "./answers.ts";
import type { Context } from "./context.ts";
import { addOptions } from "./options.ts";
import { print, printJson, writeJsonLines } from "./output.ts";
import { readWithFeatures } from "./prepare/events.ts";
import { type ProgressDisplay, withProgress } from "./progress.ts";

/** What is in memory would be gone with the command. */
const isKept = (url: string) => url !== "memory:";
const store = text("url", `the store: ${KEPT_ADDRESSES}`).refine(isKept, `expected ${KEPT_ADDRESSES}`);
const { features: _, featuresPath: __, events, ...logFlags } = behavioursOptions.shape;

export const importFlags = z.strictObject({
  store,
  most: z.int().min(1).max(1_000_000).default(1000).describe("the latest so many behaviours of a user are kept"),
  input: text("file", "an export, an event a line; - reads standard input").optional(),
  data: text("folder", "a dataset, whose behaviours are taken").optional(),
  events: events.optional(),
  ...logFlags,
});
export const exportFlags = z.strictObject({
  store,
  out: text("file", "where the events go (default: standard output)").optional(),
});
export const compactFlags = z.strictObject({ store });

export function addStore(program: Command, context: Context): void {
  const command = program
    .command("store")
    .summary("import, export and compact a store of behaviours")
    .description("Works on a store of users' behaviours, from which `dien serve` takes histories.");
  addImport(command, context);
  addExport(command, context);
  addCompact(command, context);
}

function addImport(parent: Command, context: Context): void {
  const command = parent
    .command("import")
    .summary("from an export, a dataset or a log")
    .description("Adds behaviours to a store; those that it has are left alone, so an import may be repeated.");
  const read = addOptions(command, importFlags);
  command
    .addHelpText(
      "after",
      `
One of --input, --data and --events is given; --events needs --config with the sections of features.yaml, and takes what
\`dien prepare events\` would take as behaviours. An event of an export is a line such as
  {"user": "u17", "id": "4711", "time": 1764115200000, "item": "i9", "type": "buy"}

Examples:
  dien store import --store file:store --events log.csv --config features.yaml
  dien store import --store file:store --data data/mine
  dien store import --store redis://localhost:6379 --input events.ndjson`,
    )
    .action(async () => {
      const start = performance.now();
      const { options, json, config, features } = await readWithFeatures(command, read);
      const { store: url, most, input, data, events, ...log } = options;
      checkOne({ "--input <file>": input, "--data <folder>": data, "--events <files>": events });
      if (events === undefined) checkNoLog(command, features, input !== undefined);
      const summary = await withStore(context, url, { most }, (store) =>
        withProgress(context.stderr, async (progress) => {
          const taken = new StoreImport(store);
          let rest: Partial<LoggedRest> = {};
          try {
            if (input !== undefined) rest = await importLines(context, input, log.skipBadRows, taken, progress);
            else if (data !== undefined) await importDataset(context, data, taken, progress);
            else {
              if (config === undefined) throw failure("usage.missing-option", { option: "--config <file>" });
              const given = { ...log, events: events as string, features, featuresPath: config };
              rest = await importLog(context, given, taken, progress);
            }
          } catch (error) {
            throw withTaken(error, taken.counts);
          }
          const { warnings = [], ...left } = rest;
          for (const warning of warnings) progress.note(`warning: ${warning}`);
          return { ...taken.counts, ...left, ...(await store.size()) };
        }),
      );
      const { added, known, dropped, badRows = 0, unusedEvents = 0 } = summary;
      if (json) printJson(context.stdout, { ...summary, seconds: (performance.now() - start) / 1000 });
      else {
        print(context.stdout, [
          `added ${count(added)} behaviours; ${count(known)} were there already, ${count(dropped)} fell out as too old`,
          ...(badRows > 0 ? [`left out ${count(badRows)} bad rows`] : []),
          ...(unusedEvents > 0 ? [`left out ${count(unusedEvents)} rows that are no behaviours`] : []),
          `the store has ${count(summary.events)} behaviours of ${count(summary.users)} users`,
        ]);
      }
    });
}

/** What ended an import, with what was taken before. */
function withTaken(error: unknown, { added, known }: Added): unknown {
  if (!(error instanceof UserError) || added + known === 0) return error;
  return noted(error, `before, ${count(added)} behaviours were added, and ${count(known)} were there already`);
}

/** @throws UserError unless just one of the options is given */
function checkOne(options: Readonly<Record<string, string | undefined>>): void {
  const [first, second] = Object.keys(options).filter((option) => options[option] !== undefined);
  const [one, other] = Object.keys(options);
  if (first === undefined) throw failure("usage.missing-option", { option: one, instead: other });
  if (second !== undefined) throw failure("usage.contradiction", { option: first, other: second });
}

/** @throws UserError where something is given that only a log has a use for; bad rows are skipped of an export too */
function checkNoLog(command: Command, features: Readonly<Record<string, unknown>>, isExport: boolean): void {
  const needed = "--events <files>";
  for (const option of command.options) {
    const key = option.attributeName();
    const source = command.getOptionValueSource(key);
    if (!Object.hasOwn(logFlags, key) || (isExport && key === "skipBadRows")) continue;
    if (source === "cli" || source === "config") throw failure("usage.lone-option", { option: option.flags, needed });
  }
  if (Object.keys(features).length > 0) throw failure("usage.lone-option", { option: "--config <file>", needed });
}

async function importLines(
  { stdin, signal }: Context,
  input: string,
  skipBadRows: boolean,
  taken: StoreImport,
  progress: ProgressDisplay,
): Promise<Partial<LoggedRest>> {
  const source = addAbortSignal(signal, input === "-" ? stdin : createReadStream(input));
  // It may fail before anybody reads it; whoever does then hears of it.
  source.on("error", () => undefined);
  const name = input === "-" ? "standard input" : input;
  const bad: UserError[] = [];
  let lines = 0;
  for await (const group of readRequests(source, name)) {
    throwIfInterrupted();
    const events: StoredEvent[] = [];
    for (const line of group) {
      const event = eventOn(line, name);
      if (!(event instanceof UserError)) events.push(event);
      else if (skipBadRows) bad.push(event);
      else {
        await taken.add(events);
        throw event;
      }
    }
    await taken.add(events);
    lines += group.length;
    progress.update("lines", lines, undefined);
  }
  const examples = bad.slice(0, 5).map(({ message }) => message);
  return { ...(skipBadRows && { badRows: bad.length }), warnings: examples };
}

async function importDataset(
  { jobs }: Context,
  data: string,
  taken: StoreImport,
  progress: ProgressDisplay,
): Promise<void> {
  await jobs.readDatasetBehaviours(data, async (events, done, total) => {
    throwIfInterrupted();
    await taken.add(events);
    progress.update("behaviours", done, total);
  });
}

async function importLog(
  { jobs }: Context,
  options: Parameters<Context["jobs"]["readBehavioursOf"]>[0],
  taken: StoreImport,
  progress: ProgressDisplay,
): Promise<LoggedRest> {
  return await jobs.readBehavioursOf(
    options,
    (behaviours) => taken.add(behaviours.map(identified)),
    (step, done, total) => progress.update(step, done, total),
  );
}

function addExport(parent: Command, context: Context): void {
  const command = parent
    .command("export")
    .summary("all events, one a line")
    .description("Writes all that a store has as newline-delimited JSON: by user, the oldest first.");
  const read = addOptions(command, exportFlags);
  command
    .addHelpText(
      "after",
      `
What \`dien store import --input\` makes of it is the same store.

Examples:
  dien store export --store file:store --out events.ndjson
  dien store export --store redis://localhost:6379`,
    )
    .action(async () => {
      const { options, json } = await read();
      const { store: url, out } = options;
      const summary = await withStore(context, url, { most: 1, mustExist: true }, (store) =>
        withProgress(context.stderr, async (progress) => {
          const { users: total } = await store.size();
          const written = { users: 0, events: 0 };
          const write = async (writeText: (text: string) => Promise<void>) => {
            for await (const events of store.all()) {
              throwIfInterrupted();
              await writeText(events.map(lineOf).join(""));
              written.users++;
              written.events += events.length;
              progress.update("users", written.users, total);
            }
          };
          if (out === undefined) await write((text) => writeJsonLines(context.stdout, text));
          else await replaceFile(out, (temporary) => writeInto(temporary, write));
          return written;
        }),
      );
      if (json) printJson(context.stdout, summary);
      else print(context.stderr, [`${count(summary.events)} behaviours of ${count(summary.users)} users`]);
    });
}

async function writeInto(
  path: string,
  write: (writeText: (text: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  const file = await open(path, "w");
  try {
    await write((text) => file.appendFile(text));
  } finally {
    await file.close();
  }
}

function addCompact(parent: Command, context: Context): void {
  const command = parent
    .command("compact")
    .summary("leave nothing of what was erased on the disk")
    .description("Writes a store anew: what was erased, replaced or fell out is on the disk no more.");
  const read = addOptions(command, compactFlags);
  command
    .addHelpText(
      "after",
      `
A store in a folder is used by one process: a server that has it open must be stopped before. Redis writes its own
files anew.

Examples:
  dien store compact --store file:store`,
    )
    .action(async () => {
      const { options, json } = await read();
      const { before, after } = await withStore(context, options.store, { most: 1, mustExist: true }, async (store) => {
        const before = await store.size();
        await store.compact();
        return { before, after: await store.size() };
      });
      const { users, events, bytes: left } = after;
      if (json)
        printJson(context.stdout, {
          users,
          events,
          ...(left !== undefined && { bytes: { before: before.bytes, after: left } }),
        });
      else {
        const size = left === undefined ? "" : `: ${count(before.bytes ?? 0)} bytes before, ${count(left)} now`;
        print(context.stdout, [`${count(events)} behaviours of ${count(users)} users${size}`]);
      }
    });
}

async function withStore<T>(
  { jobs }: Context,
  url: string,
  options: { readonly most: number; readonly mustExist?: boolean },
  work: (store: BehaviourStore) => Promise<T>,
): Promise<T> {
  const store = await jobs.openStore(url, options);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
