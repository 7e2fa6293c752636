/**
 * The policy of a model: it shows the candidates of a request in the order of predicted probability, or of probability x
 * bid where the request has bids. Requests are those that were recorded with the exposures.
 */
import { DOUBLE, type DuckDBConnection, DuckDBDataChunk, INTEGER } from "@duckdb/node-api";
import { z } from "zod";
import { failure } from "../../errors/failure.ts";
import { readChunks } from "../../importers/events/source/stream.ts";
import { throwIfInterrupted } from "../../interruption.ts";
import { whatIsWrong } from "../../options/problems.ts";
import type { Scorer } from "../../scoring/predict.ts";
import { ranked } from "../../scoring/ranking.ts";
import { rankRequestSchema } from "../../scoring/request.ts";
import { itemNameOf } from "../../scoring/values.ts";
import { numbers } from "./tables.ts";

/** What `/v1/rank` takes, as far as a ranking depends on it. */
const recorded = rankRequestSchema.extend({ bids: z.array(z.number()).optional() }).strip();

/** What became of the impressions. */
export interface Judged {
  readonly requests: number;
  /** Impressions of requests that were not recorded. */
  readonly withoutRequest: number;
  /** Impressions of items that are no candidates of their request. */
  readonly unknownItems: number;
}

interface ShownItem {
  readonly place: number;
  readonly item: string;
  readonly position: number | null;
}

interface JudgeOptions {
  /** Of the exposures, for errors. */
  readonly path: string;
  /** The model's field of an item's key. */
  readonly item: string;
  /** Requests. */
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Makes of the table `logged` the table `judged` (`policy-table.ts`), in which impressions whose requests are not known
 * are absent.
 * @throws UserError where no request was recorded, or one is none
 */
export async function judgeByRun(
  connection: DuckDBConnection,
  scorer: Scorer,
  { path, item, onProgress }: JudgeOptions,
): Promise<Judged> {
  const [total, without] = await numbers(
    connection,
    `SELECT count(*) FILTER (has), coalesce(sum(rows) FILTER (NOT has), 0) FROM (
      SELECT count(request) > 0 AS has, count(*) AS rows FROM logged GROUP BY key)`,
  );
  if (total === 0) throw failure("replay.no-requests", { path });
  await connection.run("CREATE TABLE judged (place INTEGER, target DOUBLE, predicted DOUBLE, expected DOUBLE)");
  const appender = await connection.createAppender("judged");
  const query = `SELECT any_value(request), to_json(list({'place': place, 'item': item, 'position': position} ORDER BY place))
    FROM logged GROUP BY key HAVING count(request) > 0 ORDER BY min(place)`;
  let [done, unknownItems] = [0, 0];
  await readChunks(connection, query, ([requests, lists], rows) => {
    throwIfInterrupted();
    const judged: [number, number, number, number][] = [];
    for (let i = 0; i < rows; i++) {
      const shown = JSON.parse(String(lists.getItem(i))) as ShownItem[];
      const found = judge(scorer, readRequest(String(requests.getItem(i)), path), shown, item);
      judged.push(...found);
      unknownItems += shown.length - found.length;
    }
    append(judged);
    done += rows;
    onProgress(done, total);
  });
  appender.closeSync();
  return { requests: total, withoutRequest: without, unknownItems };

  function append(rows: readonly (readonly number[])[]): void {
    for (let from = 0; from < rows.length; from += CHUNK_ROWS) {
      const chunk = DuckDBDataChunk.create([INTEGER, DOUBLE, DOUBLE, DOUBLE], Math.min(CHUNK_ROWS, rows.length - from));
      chunk.setRows(rows.slice(from, from + CHUNK_ROWS).map((row) => [...row]));
      appender.appendDataChunk(chunk);
    }
  }
}

/** What DuckDB takes at once. */
const CHUNK_ROWS = 2048;

function readRequest(text: string, path: string): z.output<typeof recorded> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw failure("replay.wrong-request", { path, problem: (error as Error).message }, error);
  }
  const parsed = recorded.safeParse(value);
  if (!parsed.success) throw failure("replay.wrong-request", { path, problem: whatIsWrong(recorded, value) });
  return parsed.data;
}

/** Place, target, predicted and expected of each impression whose item is a candidate. */
function judge(
  scorer: Scorer,
  { bids, ...request }: z.output<typeof recorded>,
  shown: readonly ShownItem[],
  field: string,
): [number, number, number, number][] {
  const { candidates } = request;
  const probabilities = scorer.rank(request);
  const ranking = ranked(candidates, probabilities, bids);
  const names = candidates.map((candidate) => itemNameOf(field, candidate));
  return shown.flatMap(({ place, item, position }) => {
    const index = names.indexOf(item);
    if (index < 0) return [];
    const chosen = ranking[(position ?? 1) - 1];
    const row: [number, number, number, number] = [
      place,
      chosen?.index === index ? 1 : 0,
      probabilities[index],
      chosen?.probability ?? 0,
    ];
    return [row];
  });
}
