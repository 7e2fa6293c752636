/** An experiment's records to what they say: `dien ab report` (docs/ab.md). */
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { withWorkDatabase } from "../../database/open.ts";
import { failure } from "../../errors/failure.ts";
import { withTemporaryFolder } from "../../files/scratch.ts";
import { sampleRatioP } from "../../statistics/chi-square.ts";
import { usersToTrust } from "../../statistics/enough.ts";
import { estimate } from "../../statistics/estimate.ts";
import type { ExperimentFile } from "../experiment/schema.ts";
import { type Checked, findingsOf } from "./checks.ts";
import { BEFORE, EXPOSURES, furtherAs, type Names, OUTCOMES, storedAs } from "./columns.ts";
import { armResult, byArm, effectsOf, type ReadingOptions } from "./effects.ts";
import { factsOf } from "./facts.ts";
import { metricOf } from "./metrics.ts";
import type { AbReport, Attribution, RowCounts } from "./result.ts";
import { segmentsOf } from "./segments.ts";
import { type LoadedRows, loadRows } from "./sources.ts";
import { quantitiesOf, sumsBy, sumsUpTo } from "./sums.ts";
import { addBefore, makeTables } from "./tables.ts";
import { dayResults, trendsOf } from "./timeline.ts";
import { verdictOf } from "./verdict.ts";

const HOUR = 3_600_000;

export interface AnalyseOptions extends ReadingOptions {
  /** Folders, files or patterns. */
  readonly exposures: string;
  readonly outcomes: string;
  /** Sums of users from before the experiment, for CUPED. */
  readonly before?: string | undefined;
  /** What ab.yaml says. */
  readonly definition?: ExperimentFile | undefined;
  /** Of several experiments in the files, this one; that of `definition` if there is one. */
  readonly name?: string | undefined;
  /** By default the first arm of `definition`, or of the alphabet. */
  readonly control?: string | undefined;
  /** Shares of users by arm, which need not add up to 1; by default those of `definition`, or equal ones. */
  readonly weights?: ReadonlyMap<string, number> | undefined;
  /** By default that of `definition`, or 24. */
  readonly windowHours?: number | undefined;
  readonly segments: readonly string[];
  /** The type of outcomes that are clicks, and those whose values are revenue (default: all). */
  readonly click: string;
  readonly revenue?: readonly string[] | undefined;
  /** Own names of columns. */
  readonly names: Names;
  /** Bytes that the database may take; the rest goes to temporary files. */
  readonly memory: number;
  /** What goes on: bytes that were read of a table, of all bytes, or steps of the analysis. */
  readonly onProgress?: OnAnalysis | undefined;
}

type OnAnalysis = (stage: string, done: number, total: number | undefined) => void;

/** @throws UserError where files cannot be read, or hold nothing to compare */
export async function analyse(options: AnalyseOptions): Promise<AbReport> {
  return await withTemporaryFolder("dien-ab", (folder) =>
    withWorkDatabase(join(folder, "work"), options.memory, async (connect) =>
      analyseIn(await connect(), folder, options),
    ),
  );
}

async function analyseIn(connection: DuckDBConnection, work: string, options: AnalyseOptions): Promise<AbReport> {
  const { definition, segments, click, revenue, names, alpha, tuning, metric, reading } = options;
  const report: OnAnalysis = options.onProgress ?? (() => {});
  const loading = (name: string) => ({
    ...{ names, work },
    onProgress: (done: number, total: number | undefined) => report(`reading ${name}`, done, total),
  });
  const exposures = await loadRows(connection, EXPOSURES, options.exposures, {
    ...loading("exposures"),
    further: segments,
  });
  const outcomes = await loadRows(connection, OUTCOMES, options.outcomes, loading("outcomes"));
  const before =
    options.before === undefined ? null : await loadRows(connection, BEFORE, options.before, loading("before"));
  checkNames(names, [exposures, outcomes, ...(before === null ? [] : [before])]);

  report("adding up", 0, 1);
  const experiment = await experimentIn(connection, options);
  const arms = await armsIn(connection, experiment, options);
  const windowHours = options.windowHours ?? definition?.window_hours ?? 24;
  const attribution: Attribution =
    exposures.columns.has("id") && outcomes.columns.has("impression") ? "impression" : "user";
  const by = { by: attribution, click, revenue, segments } as const;
  checkAttribution(options.outcomes, outcomes, attribution);
  await checkSegments(connection, options.exposures, segments);
  const counts = await makeTables(connection, { experiment, arms, window: windowHours * HOUR, ...by });
  const known = before === null ? null : (await addBefore(connection)).known;
  const quantities = quantitiesOf(before !== null);
  const facts = await factsOf(connection, arms);

  const sums = byArm(arms, await sumsBy(connection, "users", ["arm"], quantities), quantities.length);
  const daily = await sumsBy(connection, "user_days", ["arm", "day"], quantitiesOf(false));
  const reads = { metric, reading, alpha, tuning };
  const weights = weightsOf(arms, options);
  const users = sums.map((one) => {
    return { arm: one.arm, users: one.sums.n, needed: usersToTrust(estimate(one.sums, metricOf(metric))) };
  });
  const ratioP =
    weights === null
      ? null
      : sampleRatioP(
          users.map((one) => one.users),
          weights,
        );
  const checked: Checked = {
    ...{ counts, facts, metric, click, attribution, weights, sampleRatioP: ratioP },
    rows: { exposures, outcomes, before },
    arms: users,
    areWeightsGiven: options.weights !== undefined || definition !== undefined,
    trends: trendsOf(arms, daily, reads),
    end: reading === "fixed" ? definition?.end : undefined,
    revenue,
    bandit: definition === undefined ? (facts.leastPropensity < 1 ? "perhaps" : "no") : banditIn(definition),
  };
  const findings = findingsOf(checked);
  const read = {
    ...{ experiment: experiment ?? null, control: arms[0], ...reads, windowHours, attribution },
    from: iso(facts.from),
    to: iso(facts.to),
    days: dayOf(facts.to) - dayOf(facts.from) + 1,
    users: users.reduce((sum, one) => sum + one.users, 0),
    effects: effectsOf(sums, reads),
  } as const;
  return {
    ...{ verdict: verdictOf(read, findings), findings, ...read, usersBefore: known, sampleRatioP: ratioP },
    arms: sums.map(armResult),
    upToDay: dayResults(arms, await sumsUpTo(connection, before !== null), reads),
    byDay: dayResults(arms, daily, reads),
    segments: await segmentsOf(connection, arms, segments, quantities, reads),
    rows: { exposures: rowCounts(exposures), outcomes: rowCounts(outcomes), before: before && rowCounts(before) },
    counts,
  };
}

const iso = (time: number) => new Date(time).toISOString();
const dayOf = (time: number) => Math.floor(time / (24 * HOUR));
const rowCounts = ({ files, read, bad }: LoadedRows): RowCounts => ({ files, read, bad });

const banditIn = ({ policy }: ExperimentFile) => (policy.kind === "fixed" ? "no" : "yes");

/** @throws UserError where a column that is given another name is in no table */
function checkNames(names: Names, tables: readonly LoadedRows[]): void {
  for (const [name, column] of names) {
    if (!tables.some(({ columns }) => columns.has(name))) throw failure("ab.no-column", { name, column });
  }
}

/** @throws UserError where nothing says what outcomes follow */
function checkAttribution(path: string, outcomes: LoadedRows, by: Attribution): void {
  if (by === "impression" || outcomes.columns.has("user") || outcomes.read === 0) return;
  throw failure("ab.no-attribution", { path });
}

async function texts(connection: DuckDBConnection, sql: string): Promise<string[]> {
  return (await connection.runAndReadAll(sql)).getRowsJS().map(([text]) => String(text));
}

async function experimentIn(
  connection: DuckDBConnection,
  { definition, name, exposures }: AnalyseOptions,
): Promise<string | undefined> {
  const column = `"${storedAs("experiment")}"`;
  const found = await texts(
    connection,
    `SELECT DISTINCT ${column} FROM exposures WHERE ${column} IS NOT NULL ORDER BY 1 LIMIT 20`,
  );
  const wanted = definition?.name ?? name;
  if (wanted === undefined && found.length > 1) throw failure("ab.several", { path: exposures, names: found });
  if (wanted !== undefined && found.length > 0 && !found.includes(wanted)) {
    throw failure("ab.absent", { path: exposures, expected: wanted, found });
  }
  return wanted ?? found[0];
}

/** Control first. @throws UserError where there is nothing to compare */
async function armsIn(
  connection: DuckDBConnection,
  experiment: string | undefined,
  { definition, control, weights, exposures }: AnalyseOptions,
): Promise<string[]> {
  const [column, name] = [`"${storedAs("arm")}"`, `"${storedAs("experiment")}"`];
  const isOurs = experiment === undefined ? "" : `WHERE coalesce(${name}, $1) = $1`;
  const rows = await connection.runAndReadAll(
    `SELECT DISTINCT ${column} FROM exposures ${isOurs} ORDER BY 1 LIMIT 101`,
    experiment === undefined ? [] : [experiment],
  );
  const found = rows.getRowsJS().map(([arm]) => String(arm));
  const defined = definition?.arms
    .filter(({ name, weight }) => weight > 0 || found.includes(name))
    .map(({ name }) => name);
  const arms = defined ?? found;
  if (arms.length < 2 || arms.length > 100) throw failure("ab.arms", { path: exposures, names: arms.slice(0, 20) });
  for (const arm of [...(control === undefined ? [] : [control]), ...(weights?.keys() ?? [])]) {
    if (!arms.includes(arm)) throw failure("ab.unknown-arm", { path: exposures, arm, known: arms });
  }
  const first = control ?? arms[0];
  return [first, ...arms.filter((arm) => arm !== first)];
}

/** Null where they were other ones at other times, or a bandit's. @throws UserError where some are given, and not all */
function weightsOf(arms: readonly string[], { weights, definition, exposures }: AnalyseOptions): number[] | null {
  if (weights !== undefined) {
    const without = arms.filter((arm) => !weights.get(arm));
    if (without.length > 0) throw failure("ab.no-weight", { path: exposures, names: without });
    return arms.map((arm) => weights.get(arm)!);
  }
  if (definition === undefined) return arms.map(() => 1);
  if (definition.policy.kind !== "fixed" || definition.before.length > 0) return null;
  return arms.map((arm) => definition.arms.find(({ name }) => name === arm)?.weight ?? 0);
}

/** @throws UserError where no exposure has a field */
async function checkSegments(connection: DuckDBConnection, path: string, segments: readonly string[]): Promise<void> {
  const fields = `TRY_CAST("${storedAs("fields")}" AS JSON)`;
  for (const field of segments) {
    const pointer = `/${field.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    const column = `"${furtherAs(field).replaceAll('"', '""')}"`;
    const [[there]] = (
      await connection.runAndReadAll(
        `SELECT count(*) FILTER (${column} IS NOT NULL OR json_extract_string(${fields}, $1) IS NOT NULL) FROM exposures`,
        [pointer],
      )
    ).getRowsJS();
    if (Number(there) > 0) continue;
    const known = await texts(
      connection,
      `SELECT DISTINCT unnest(json_keys(${fields})) FROM exposures WHERE json_type(${fields}) = 'OBJECT' ORDER BY 1 LIMIT 20`,
    );
    throw failure("ab.no-field", { path, field, known });
  }
}
