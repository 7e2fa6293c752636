/** The behaviours of a log, by the rules by which `prepare` takes them into histories: for stores of behaviours. */
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { withWorkDatabase } from "../../database/open.ts";
import type { OnProgress } from "../../dataset/dataset.ts";
import { failure } from "../../errors/failure.ts";
import { withTemporaryFolder } from "../../files/scratch.ts";
import { checkOptions } from "../../options/problems.ts";
import { behaviourFiles, type Features, resolveFeatures } from "./features/features.ts";
import { unfoldLists } from "./log/lists.ts";
import { markedRows } from "./log/log.ts";
import { type GivenTables, logsOf, rawColumn, withoutItems } from "./log/names.ts";
import { type BehavioursOptions, behavioursOptions } from "./options.ts";
import { loadAll } from "./prepare.ts";
import { mergeLayouts } from "./source/layout.ts";
import { oneNumber, readChunks } from "./source/stream.ts";
import { ROWS } from "./source/times.ts";

/** Something that a user did, as a log has it. */
export interface LoggedBehaviour {
  readonly user: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The item's key, or what the log has of its fields instead. */
  readonly item: string | Readonly<Record<string, string>>;
  readonly type?: string;
}

/** What else was in a log. */
export interface LoggedRest {
  readonly badRows: number;
  /** Rows of nobody, and rows that are no behaviours. */
  readonly unusedEvents: number;
  readonly warnings: readonly string[];
}

/**
 * Calls `take` with the behaviours of a log, in the order of users and times, in groups; equal ones come once. It may
 * take its time. Users with a single behaviour, whom a dataset leaves out, are among them.
 * @throws UserError where an option, the features or a source cannot be used, or behaviours have no times of their own
 */
export async function readBehavioursOf(
  options: BehavioursOptions,
  take: (behaviours: readonly LoggedBehaviour[]) => Promise<void>,
  onProgress?: OnProgress,
): Promise<LoggedRest> {
  const {
    features,
    featuresPath,
    format,
    delimiter,
    quote: quoted,
    header,
    encoding,
    memory,
    skipBadRows,
    ...rest
  } = checkOptions("readBehavioursOf", behavioursOptions, options);
  const behaviours = rest.behaviours ?? behaviourFiles(features);
  // Fields of their tables say nothing of behaviours, so these need not be there.
  const given = { behaviours: behaviours !== undefined, users: true, items: true };
  const described = resolveFeatures(features, given, featuresPath);
  const timeless =
    described.history !== undefined
      ? "its rows bring their histories"
      : described.columns.time === ROWS
        ? "its times are the order of its rows"
        : undefined;
  if (timeless !== undefined) throw failure("store.not-importable", { path: rest.events, reason: timeless });
  const layout = mergeLayouts({ format, delimiter, quote: quoted, header, encoding }, described.layouts.events);
  const resolved = { ...described, layouts: { ...described.layouts, events: layout } };
  return await withTemporaryFolder("dien-import", async (folder) => {
    const workFolder = join(folder, "work");
    return await withWorkDatabase(workFolder, memory / 2, async (connect) => {
      const connection = await connect();
      const loading = { utcOffset: resolved.utcOffset, missing: resolved.missing, skipBadRows, workFolder };
      const loaded = await loadAll(connection, resolved, { events: rest.events, behaviours }, loading, onProgress);
      await unfoldLists(connection, resolved);
      for (const statement of markedRows(resolved, loaded.tables)) await connection.run(statement);
      await takeBehaviours(connection, resolved, loaded.tables, take, onProgress);
      const rows = (where: string) =>
        logsOf(loaded.tables)
          .map((log) => `(SELECT count(*) FROM marked_${log} WHERE ${where})`)
          .join(" + ");
      const unusedEvents = await oneNumber(connection, rows(`NOT behaviour OR "user" IS NULL`));
      return { badRows: loaded.skipped, unusedEvents, warnings: [...loaded.warnings, ...loaded.examples] };
    });
  });
}

async function takeBehaviours(
  connection: DuckDBConnection,
  features: Features,
  tables: GivenTables,
  take: (behaviours: readonly LoggedBehaviour[]) => Promise<void>,
  onProgress: OnProgress | undefined,
): Promise<void> {
  const isKeyless = withoutItems(features, tables);
  const fields = isKeyless ? features.behaviours.fields.map(({ name }) => name) : [];
  const parts = logsOf(tables).map((log) => {
    const isKeyed = log === "events" || !isKeyless;
    const columns = log === "events" ? features.columns : features.behaviours.columns;
    const item = isKeyed ? `"item"` : "NULL::VARCHAR";
    const type = columns.type === undefined ? "NULL::VARCHAR" : `"type"`;
    const values = fields.map((name) => (isKeyed ? "NULL::VARCHAR" : rawColumn(name)));
    const selected = [`"user"`, `"time"::DOUBLE AS "time"`, `${item} AS "item"`, `${type} AS "type"`];
    const named = values.map((value, i) => `${value} AS ${rawColumn(fields[i])}`);
    return `SELECT ${[...selected, ...named].join(", ")} FROM marked_${log} WHERE behaviour AND "user" IS NOT NULL`;
  });
  const query = `SELECT DISTINCT * FROM (${parts.join(" UNION ALL ")})`;
  const total = await oneNumber(connection, `SELECT count(*) FROM (${query})`);
  let done = 0;
  await readChunks(connection, `${query} ORDER BY ALL`, async (vectors, rows) => {
    const [users, times, items, types, ...values] = vectors;
    const behaviours: LoggedBehaviour[] = [];
    for (let i = 0; i < rows; i++) {
      const texts = values.map((vector) => vector.getItem(i) as string | null);
      const known = Object.fromEntries(fields.flatMap((name, f) => (texts[f] === null ? [] : [[name, texts[f]]])));
      const item = (items.getItem(i) as string | null) ?? known;
      const type = types.getItem(i) as string | null;
      const [user, time] = [users.getItem(i) as string, times.getItem(i) as number];
      behaviours.push({ user, time, item, ...(type !== null && { type }) });
    }
    await take(behaviours);
    done += rows;
    onProgress?.("behaviours", done, total);
  });
}
