/**
 * People's own logs to a dataset (docs/events.md): raw files into a database on disk, texts to integers by joins there,
 * and two passes over the sorted log. Memory grows with users, items and distinct values, not with rows.
 */
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { type Connect, withWorkDatabase } from "../../database/open.ts";
import { type OnProgress, SPLITS, type Split } from "../../dataset/dataset.ts";
import { countDominant, dominance, MOST_DOMINANT } from "../../dataset/dominant.ts";
import { writeAside } from "../../dataset/folder.ts";
import type { LearnedField } from "../../dataset/learned.ts";
import { LONGEST_LIST } from "../../dataset/lists.ts";
import {
  type InputFile,
  type Manifest,
  type PreparedCounts,
  preparedCounts,
  readManifest,
} from "../../dataset/manifest.ts";
import { describeField } from "../../dataset/vocabulary.ts";
import { writeManifest } from "../../dataset/write-manifest.ts";
import { failure, noted, UserError } from "../../errors/failure.ts";
import { checkListener, checkOptions } from "../../options/problems.ts";
import { behaviourRule, countsOf, meanWeights, moment, settingsOf } from "./describe.ts";
import {
  behaviourColumns,
  behaviourFiles,
  eventColumns,
  type Features,
  hasImpressions,
  resolveFeatures,
  type TimeSplit,
  tableColumns,
} from "./features/features.ts";
import { withScalesOf } from "./features/like.ts";
import { checkSamples, type Learned, type LogSizes, learn, openLog } from "./learn/learn.ts";
import { buildCatalogue } from "./log/catalogue.ts";
import type { SampleRule } from "./log/histories.ts";
import { unfoldLists } from "./log/lists.ts";
import { buildLog } from "./log/log.ts";
import { type GivenTables, withoutItems } from "./log/names.ts";
import { type EngineOptions, eventsOptions, type PrepareEventsOptions } from "./options.ts";
import { mergeLayouts } from "./source/layout.ts";
import { type LoadOptions, type LogColumns, loadTable } from "./source/load.ts";
import { oneNumber } from "./source/stream.ts";
import { ROWS } from "./source/times.ts";
import { writeFiles } from "./write/output.ts";

export interface EventsSummary extends PreparedCounts {
  readonly protocol: string;
  readonly behaviours: number;
  /** Share of samples that are labelled 1. */
  readonly clickRate: Readonly<Record<Split, number>>;
  /** Where validation and test begin (ISO 8601), of impressions. */
  readonly validFrom?: string;
  readonly testFrom?: string;
  readonly dropped: Readonly<Record<string, number>>;
  /** Samples of nobody, where these are kept. */
  readonly anonymous?: number;
  readonly warnings: readonly string[];
  readonly seconds: number;
}

/**
 * Prepares a dataset of logs, as features.yaml says.
 * @throws UserError where an option, the features or a source cannot be used, the log leaves nothing to train, choose
 *   or test on, disk or memory do not suffice, or `out` cannot be written
 */
export async function prepareEvents(options: PrepareEventsOptions, onProgress?: OnProgress): Promise<EventsSummary> {
  checkListener("prepareEvents", onProgress);
  return await prepareEventsInParts(options, {}, onProgress);
}

/** `prepareEvents` with sizes that decide nothing of the samples: tests want smaller ones. */
export async function prepareEventsInParts(
  options: PrepareEventsOptions,
  sizes: LogSizes,
  onProgress?: OnProgress,
): Promise<EventsSummary> {
  const { features, featuresPath, format, delimiter, quote, header, encoding, ...rest } = checkOptions(
    "prepareEvents",
    eventsOptions,
    options,
  );
  const behaviours = rest.behaviours ?? behaviourFiles(features);
  const given = {
    behaviours: behaviours !== undefined,
    users: rest.users !== undefined,
    items: rest.items !== undefined,
  };
  const described = resolveFeatures(features, given, featuresPath);
  const layout = mergeLayouts({ format, delimiter, quote, header, encoding }, described.layouts.events);
  const { like } = rest;
  const refuse = (field: string, kind: string) =>
    failure("features.invalid", { path: featuresPath, problem: `field ${field}: expected ${kind}, as in ${like}` });
  const fields =
    like === undefined ? described.fields : withScalesOf(described.fields, await readManifest(like), refuse);
  const resolved = { ...described, fields, layouts: { ...described.layouts, events: layout } };
  const sources = { events: rest.events, behaviours, users: rest.users, items: rest.items };
  return prepareLogs("events", resolved, sources, rest, onProgress, sizes);
}

/** Where the tables are read from. */
export interface LogSources {
  readonly events: string;
  readonly behaviours?: string | undefined;
  readonly users?: string | undefined;
  readonly items?: string | undefined;
}

/** Prepares what `features` describe; `importer` is who says so. @throws UserError as `prepareEvents` */
export async function prepareLogs(
  importer: string,
  features: Features,
  sources: LogSources,
  { out, memory, seed, skipBadRows }: EngineOptions,
  onProgress?: OnProgress,
  sizes: LogSizes = {},
): Promise<EventsSummary> {
  const start = performance.now();
  return await writeAside(out, async (folder) => {
    const workFolder = join(folder, "work");
    const work = async (connect: Connect) => {
      const options = { utcOffset: features.utcOffset, missing: features.missing, skipBadRows, workFolder };
      const loaded = await loadAll(await connect(), features, sources, options, onProgress);
      const made = await makeFiles(connect, folder, features, loaded, sizes, seed, onProgress).catch(
        (error: unknown) => {
          throw withSkipped(error, loaded);
        },
      );
      return { ...made, loaded };
    };
    // A half for the database: typed arrays, buffers and the program itself take their share.
    const made = await withWorkDatabase(workFolder, memory / 2, work, out);
    const { loaded, dropped, contents, learned, rule } = made;
    const manifest = await writeManifest(folder, {
      importer,
      protocol: features.target ? "target" : rule.split === null ? "temporal" : "impressions",
      seed,
      settings: { ...settingsOf(features, rule), ...(features.anonymous && { anonymousSamples: made.nobody }) },
      window: rule.window,
      utcOffset: features.utcOffset,
      timeFormat: features.timeFormat,
      ...behaviourRule(features, loaded.tables),
      clock: features.columns.time === ROWS ? "row" : "time",
      ...contents,
      dropped,
      inputs: loaded.inputs,
    });
    const warnings = [...made.warnings, ...loaded.warnings, ...loaded.examples];
    const summary = summarise(manifest, learned, rule, warnings, (performance.now() - start) / 1000);
    return { ...summary, ...(features.anonymous && { anonymous: made.nobody }) };
  });
}

export interface LoadedLogs {
  readonly tables: GivenTables;
  readonly skipped: number;
  readonly examples: readonly string[];
  readonly warnings: readonly string[];
  readonly inputs: InputFile[];
}

/** Reads all sources into tables raw_NAME. */
export async function loadAll(
  connection: DuckDBConnection,
  features: Features,
  sources: LogSources,
  options: LoadOptions,
  onProgress: OnProgress | undefined,
): Promise<LoadedLogs> {
  const load = (name: keyof LogSources, source: string, columns: LogColumns, unique?: "user" | "item") =>
    loadTable(connection, `raw_${name}`, source, columns, {
      ...options,
      layout: features.layouts[name],
      ...(unique && { unique }),
      onProgress: (done, total) => onProgress?.(name, done, total),
    });
  const { events, behaviours, users, items } = sources;
  const loaded = [await load("events", events, eventColumns(features))];
  if (behaviours !== undefined) loaded.push(await load("behaviours", behaviours, behaviourColumns(features)));
  if (users !== undefined) loaded.push(await load("users", users, tableColumns(features, "user"), "user"));
  if (items !== undefined) loaded.push(await load("items", items, tableColumns(features, "item"), "item"));
  return {
    tables: { behaviours: behaviours !== undefined, users: users !== undefined, items: items !== undefined },
    skipped: loaded.reduce((sum, { skipped }) => sum + skipped, 0),
    examples: loaded.flatMap(({ examples }) => examples),
    warnings: loaded.flatMap(({ warnings }) => warnings),
    inputs: loaded.flatMap(({ inputs }) => inputs),
  };
}

/** Makes all files of the dataset but the manifest. */
async function makeFiles(
  connect: Connect,
  folder: string,
  features: Features,
  { tables: loaded, skipped }: LoadedLogs,
  sizes: LogSizes,
  seed: number,
  onProgress: OnProgress | undefined,
) {
  const [reading, writing] = [await connect(), await connect()];
  const isGiven = await unfoldLists(reading, features);
  const tables: GivenTables = { ...loaded, behaviours: loaded.behaviours || isGiven };
  const left = await buildLog(reading, features, tables, (done, total) => onProgress?.("log", done, total));
  const nobody = await oneNumber(reading, "SELECT count(*) FROM users WHERE key IS NULL");
  const warnings = [...(await unmatchedTables(reading, tables)), ...(await dominantUsers(reading, isGiven))];
  const rule: SampleRule = {
    split: !hasImpressions(features) ? null : await boundaries(reading, features.split),
    maxHistory: features.behaviours.maxHistory,
    window: features.behaviours.window,
    isGiven,
  };
  await buildCatalogue(reading, features, tables, rule.split);
  const reader = await openLog(reading, writing, features, rule, sizes);
  const learned = await learn(reading, features, reader, (done) => onProgress?.("learn", done, reader.rows));
  checkSamples(learned.samples, (problem) => noDataset(problem, rule, features));
  const { user, item, context } = learned.fields;
  const contents = {
    maxHistory: rule.maxHistory,
    fields: { user: user.map(describeField), item: item.map(describeField), context: context.map(describeField) },
    unclicked: features.columns.label !== undefined && !withoutItems(features, tables) && !isGiven,
    givenHistories: isGiven,
    probability: false,
    ...(features.columns.weight && { meanWeight: meanWeights(learned.samples) }),
    counts: countsOf(learned, reader),
  };
  const unclicked = await writeFiles({ reading, writing }, folder, reader, learned, contents, seed, (done) =>
    onProgress?.("write", done, reader.rows),
  );
  const all = [...user, ...item, ...context];
  warnings.push(...all.filter(({ cut }) => cut > 0).map(cutLists), ...withoutValues(features, all));
  const listValues = all.reduce((sum, { cut }) => sum + cut, 0);
  return {
    dropped: {
      badRows: skipped,
      ...left,
      ...(learned.returns > 0 && { returnsWithoutNegative: learned.returns }),
      ...(listValues > 0 && { listValues }),
    },
    contents: { ...contents, unclicked },
    learned,
    rule,
    warnings,
    nobody,
  };
}

/** Where rows were left out, they may be why a log makes no dataset. */
function withSkipped(error: unknown, { skipped, examples }: LoadedLogs): unknown {
  if (!(error instanceof UserError) || skipped === 0) return error;
  return noted(error, `${skipped} bad rows were left out before, the first: ${examples[0]}`);
}

/** Of the log's users or items: a table that lacks more is reported. */
const LACKING = 0.1;

/** A warning for each table that lacks many keys of the log; where it lacks all, they are written in another form. */
async function unmatchedTables(connection: DuckDBConnection, tables: GivenTables): Promise<string[]> {
  const warnings: string[] = [];
  for (const [kind, keys] of [
    ["user", "SELECT key FROM user_keys"],
    ["item", "SELECT key FROM item_keys WHERE keyed"],
  ] as const) {
    if (!tables[`${kind}s`]) continue;
    const table = `raw_${kind}s`;
    const all = await oneNumber(connection, `SELECT count(*) FROM (${keys})`);
    const known = await oneNumber(connection, `SELECT count(*) FROM (${keys}) SEMI JOIN ${table} ON "${kind}" = key`);
    if (known === 0) {
      const examples = `SELECT min("${kind}"), (SELECT min(key) FROM (${keys})) FROM ${table}`;
      const reader = await connection.runAndReadAll(examples);
      const [there, here] = reader.getRows()[0].map((key) => JSON.stringify(key));
      warnings.push(
        `no ${kind} of the log is in the table of ${kind}s: keys there are like ${there}, in the log like ${here}`,
      );
    } else if (all - known > LACKING * all) {
      const lacking = `${all - known} of the ${all} ${kind}s of the log`;
      warnings.push(`the table of ${kind}s lacks ${lacking}: the fields that it has are unknown of them`);
    }
  }
  return warnings;
}

/** A warning for a field whose lists are too long. */
function cutLists({ name, cut }: LearnedField): string {
  return `${name}: there are lists of more than ${LONGEST_LIST} values; ${cut} values of different lists are left out`;
}

/** A warning for each field of which training has no value often enough. */
function withoutValues({ fields }: Features, learned: readonly LearnedField[]): string[] {
  return [...fields.user, ...fields.item, ...fields.context].flatMap(({ name, minCount }, index) => {
    const { transform, values, distinct } = learned[index];
    if (transform.kind === "value" || values.length > 0 || distinct === 0) return [];
    return `${name}: all is unknown, for training has none of the ${distinct} values ${minCount} times (min_count)`;
  });
}

/** A warning for each user who holds too much of the log to be somebody. */
async function dominantUsers(connection: DuckDBConnection, isGiven: boolean): Promise<string[]> {
  // Where histories are given, a user has several sequences.
  const users = isGiven
    ? "(SELECT key, min(sequence) AS sequence, sum(behaviours)::DOUBLE AS behaviours FROM users GROUP BY key)"
    : "users";
  const total = await oneNumber(connection, "SELECT sum(behaviours) FROM users");
  const reader = await connection.runAndReadAll(
    `SELECT key, behaviours FROM ${users} ORDER BY behaviours DESC, sequence LIMIT ${MOST_DOMINANT}`,
  );
  const first = reader.getRows() as [key: string, behaviours: number][];
  const behaviours = first.map(([, own]) => own);
  return first.slice(0, countDominant(behaviours, total)).map(([key, own]) => dominance(key, own, total));
}

/** When validation and test begin: times that are given, or those from which on about these shares of impressions are. */
async function boundaries(connection: DuckDBConnection, split: TimeSplit) {
  if ("validFrom" in split) return split;
  const impressions = "FROM log WHERE label >= 0";
  const count = await oneNumber(connection, `SELECT count(*) ${impressions}`);
  if (count === 0) throw failure("log.no-impressions", { keys: "columns.label and impressions.types" });
  const from = (share: number) => {
    const before = Math.min(count - 1, count - Math.round(count * share));
    return oneNumber(connection, `SELECT "time" ${impressions} ORDER BY "time" LIMIT 1 OFFSET ${before}`);
  };
  return { validFrom: await from(split.valid + split.test), testFrom: await from(split.test) };
}

function noDataset(problem: string, { split }: SampleRule, features: Features): UserError {
  if (split === null) {
    const rule = "users need three behaviours, of two items at least, for one sample";
    return failure("log.no-dataset", { problem, rule, keys: "behaviours.types and columns" });
  }
  const rule = `validation begins ${moment(split.validFrom, features)}, test ${moment(split.testFrom, features)}`;
  const rows = features.target ? "target" : "columns.label and impressions.types";
  const keys = `split.valid and split.test, or split.valid_from and split.test_from, ${rows}`;
  return failure("log.no-dataset", { problem, rule, keys });
}

function summarise(
  manifest: Manifest,
  { samples }: Learned,
  { split }: SampleRule,
  warnings: readonly string[],
  seconds: number,
): EventsSummary {
  const clickRate = {} as Record<Split, number>;
  for (const name of SPLITS) clickRate[name] = samples[name].clicked / samples[name].count;
  return {
    protocol: manifest.protocol,
    ...preparedCounts(manifest),
    behaviours: manifest.counts.behaviours,
    clickRate,
    ...(split !== null && {
      validFrom: String(manifest.settings.validFrom),
      testFrom: String(manifest.settings.testFrom),
    }),
    dropped: manifest.dropped,
    warnings,
    seconds,
  };
}
