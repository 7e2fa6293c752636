/** What another policy would have earned, from records that left something to chance: `dien ab replay` (docs/ab/replay.md). */
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { withWorkDatabase } from "../../database/open.ts";
import type { MachineOptions } from "../../engine/machine.ts";
import { failure } from "../../errors/failure.ts";
import { withTemporaryFolder } from "../../files/scratch.ts";
import { percent, share } from "../../format.ts";
import type { Engine } from "../../kernels/load.ts";
import { readModelDescription } from "../../run/model-folder.ts";
import { loadScorer } from "../../scoring/predict.ts";
import type { Sums } from "../../statistics/sums.ts";
import { type Names, storedAs } from "../analysis/columns.ts";
import { type LoadedRows, loadRows } from "../analysis/sources.ts";
import { sumsBy } from "../analysis/sums.ts";
import { findingsOf } from "./checks.ts";
import { estimatesOf, meanWeight, quantities, REWARDS } from "./estimates.ts";
import { judgeByRun } from "./policy-run.ts";
import { judgeByTable, PROBABILITIES } from "./policy-table.ts";
import { preferred, type ReplayResult, type Weights } from "./result.ts";
import { EXPOSURES, makeLogged, numbers, OUTCOMES } from "./tables.ts";

export interface ReplayOptions extends Pick<MachineOptions, "engine"> {
  /** Folders, files or patterns. Without outcomes the exposures have columns `click` and perhaps `revenue`. */
  readonly exposures: string;
  readonly outcomes?: string | undefined;
  /** The policy: a run, or a file of its probabilities. */
  readonly policy: { readonly run: string } | { readonly probabilities: string };
  /** Of several experiments in the files, this one. */
  readonly name?: string | undefined;
  /** The type of outcomes that are clicks, and those whose values are revenue (default: all). */
  readonly click: string;
  readonly revenue?: readonly string[] | undefined;
  /** Whether the run's probabilities are calibrated, which with bids decides its ranking, too. */
  readonly calibrated: boolean;
  /** Larger weights become this one. */
  readonly clip?: number | undefined;
  /** Own names of columns. */
  readonly names: Names;
  /** Bytes that the database may take; the rest goes to temporary files. */
  readonly memory: number;
  readonly onProgress: (stage: string, done: number, total: number | undefined) => void;
}

/** @throws UserError where files cannot be read, or hold nothing that another policy could be judged by */
export async function replay(options: ReplayOptions): Promise<ReplayResult> {
  return await withTemporaryFolder("dien-replay", (folder) =>
    withWorkDatabase(join(folder, "work"), options.memory, async (connect) =>
      replayIn(await connect(), folder, options),
    ),
  );
}

async function replayIn(connection: DuckDBConnection, work: string, options: ReplayOptions): Promise<ReplayResult> {
  const { exposures: path, policy, names, clip, onProgress } = options;
  const load = (table: typeof EXPOSURES, source: string) =>
    loadRows(connection, table, source, {
      // The table of a policy is made for this, and has the documented names.
      ...{ names: table === PROBABILITIES ? new Map() : names, work },
      onProgress: (done, total) => onProgress(`reading ${table.name}`, done, total),
    });
  const exposures = await load(EXPOSURES, path);
  const outcomes = options.outcomes === undefined ? undefined : await load(OUTCOMES, options.outcomes);
  const left = await makeLogged(connection, {
    ...{ path, columns: exposures.columns, hasOutcomes: outcomes !== undefined },
    ...{ experiment: await experimentIn(connection, options), click: options.click, revenue: options.revenue },
  });
  const judged = await judge(connection, policy, path, options, load);
  onProgress("adding up", 0, 1);
  const { sums, weights, hasModel, hasRevenue } = await addUp(connection, path, clip);
  const rewards = REWARDS.filter((reward) => reward === "clicks" || hasRevenue).map((reward) =>
    estimatesOf(sums, reward, hasModel),
  );
  const leftOut = {
    ...left,
    bad: exposures.bad + (outcomes?.bad ?? 0),
    ...{ withoutRequest: judged.withoutRequest, unknownItems: judged.unknownItems },
  };
  const read = {
    ...{ impressions: sums.sum[0], users: sums.n, unit: unitOf(exposures) },
    ...{ weights: { ...weights, mean: meanWeight(sums) }, rewards, leftOut },
  } as const;
  const findings = findingsOf(read);
  const used = judged.engine === undefined ? {} : { engine: judged.engine };
  return { verdict: verdictOf(read, findings), findings, ...read, ...used };
}

const unitOf = ({ columns }: LoadedRows) => (columns.has("user") ? ("user" as const) : ("impression" as const));

async function judge(
  connection: DuckDBConnection,
  policy: ReplayOptions["policy"],
  path: string,
  { engine, calibrated, onProgress }: ReplayOptions,
  load: (table: typeof EXPOSURES, source: string) => Promise<LoadedRows>,
): Promise<{ readonly withoutRequest: number; readonly unknownItems: number; readonly engine?: Engine }> {
  if ("probabilities" in policy) {
    const { columns } = await load(PROBABILITIES, policy.probabilities);
    await judgeByTable(connection, policy.probabilities, columns);
    return { withoutRequest: 0, unknownItems: 0 };
  }
  const { schema } = await readModelDescription(policy.run);
  const scorer = await loadScorer(policy.run, { engine, calibrated });
  const left = await judgeByRun(connection, scorer, {
    ...{ path, item: schema.item[0].name },
    onProgress: (done, total) => onProgress("requests", done, total),
  });
  return { ...left, engine: scorer.engine };
}

/** Weighs all impressions and sums them up by user. */
async function addUp(
  connection: DuckDBConnection,
  path: string,
  clip = Number.MAX_VALUE,
): Promise<{
  readonly sums: Sums;
  readonly weights: Omit<Weights, "mean">;
  readonly hasModel: boolean;
  readonly hasRevenue: boolean;
}> {
  await connection.run(`CREATE TABLE weighed AS SELECT l.*, predicted, expected, target / propensity AS raw,
      least(target / propensity, ${clip}) AS w
    FROM logged l JOIN judged USING (place) ORDER BY place`);
  const [rows, unpredicted, revenues, perClick, largest, effective, unshown, clipped, cut] = await numbers(
    connection,
    `SELECT count(*), count(*) FILTER (predicted IS NULL OR expected IS NULL), count(*) FILTER (revenue <> 0),
      coalesce(sum(revenue ORDER BY place) / nullif(sum(clicks), 0), 0), max(w),
      coalesce(sum(w ORDER BY place) ^ 2 / nullif(sum(w * w ORDER BY place), 0), 0),
      count(*) FILTER (w = 0) / count(*), count(*) FILTER (raw > w),
      coalesce(1 - sum(w ORDER BY place) / nullif(sum(raw ORDER BY place), 0), 0) FROM weighed`,
  );
  if (rows === 0) throw failure("replay.nothing-judged", { path });
  // What a model expects of revenue is what it expects of clicks, times what a click earned on average.
  const doubly = (reward: string, factor: number) =>
    `sum(${factor} * coalesce(expected, 0) + w * (${reward} - ${factor} * coalesce(predicted, 0)) ORDER BY place)`;
  await connection.run(`CREATE TABLE earned AS SELECT 'all' AS policy, "user", count(*)::DOUBLE AS impressions,
      sum(w ORDER BY place) AS weight,
      sum(clicks) AS clicks, sum(w * clicks ORDER BY place) AS weighted_clicks, ${doubly("clicks", 1)} AS doubly_clicks,
      sum(revenue ORDER BY place) AS revenue, sum(w * revenue ORDER BY place) AS weighted_revenue,
      ${doubly("revenue", perClick)} AS doubly_revenue
    FROM weighed GROUP BY "user" ORDER BY "user"`);
  const [{ sums }] = await sumsBy(connection, "earned", ["policy"], quantities);
  const [heaviestUser] = await numbers(
    connection,
    "SELECT coalesce(max(weight) / nullif(sum(weight), 0), 0) FROM earned",
  );
  return {
    sums,
    weights: { largest, effective, unshown, heaviestUser, clipped, cut },
    ...{ hasModel: unpredicted === 0, hasRevenue: revenues > 0 },
  };
}

async function experimentIn(
  connection: DuckDBConnection,
  { name, exposures }: ReplayOptions,
): Promise<string | undefined> {
  const column = `"${storedAs("experiment")}"`;
  const rows = await connection.runAndReadAll(
    `SELECT DISTINCT ${column} FROM exposures WHERE ${column} IS NOT NULL ORDER BY 1 LIMIT 20`,
  );
  const found = rows.getRowsJS().map(([text]) => String(text));
  if (name === undefined && found.length > 1) throw failure("ab.several", { path: exposures, names: found });
  if (name !== undefined && !found.includes(name))
    throw failure("ab.absent", { path: exposures, expected: name, found });
  return name ?? found[0];
}

function verdictOf({ rewards }: Pick<ReplayResult, "rewards">, findings: ReplayResult["findings"]): string {
  const grave = findings.find(({ level }) => level === "grave");
  if (grave !== undefined) return `nothing can be said: ${grave.message}`;
  const { value, low, high } = preferred(rewards[0]).lift;
  const between = `95 % interval ${percent(low)} to ${percent(high)}`;
  if (!Number.isFinite(low)) return "nothing can be said: too little was clicked";
  if (low > 0) return `the policy would have earned ${share(value)} more clicks (${between})`;
  if (high < 0) return `the policy would have earned ${share(-value)} fewer clicks (${between})`;
  return `whether the policy would have earned more clicks or fewer, the log cannot say (${between})`;
}
