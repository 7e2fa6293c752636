/**
 * What each field holds: its most frequent values, or mean and spread of a number, what is unknown, how its values shift
 * from train to test, and how well it alone predicts the click.
 *
 * Of a list each different known value counts, as if the sample had been there once for each of them; it is unknown where it
 * has none. A number counts as the twentieth of train in which it lies.
 */

import { SPLITS, type Split } from "../../dataset/dataset.ts";
import type { FieldKind } from "../../features/schema.ts";
import { aucOfBit, type SplitCounts } from "./counts.ts";
import { COUNTS, type DatasetTables, type FieldColumn, type NumberScaling } from "./database.ts";

/** Samples and clicks where a field has one value; `rate` is NaN without samples. */
export interface Clicks {
  readonly samples: number;
  readonly clicks: number;
  readonly rate: number;
}

/** On the scale of the field: of a logarithm, that of logarithms. */
export interface NumberSpread {
  readonly mean: number;
  readonly deviation: number;
}

export interface FieldValue extends Readonly<Record<Split, Clicks>> {
  readonly id: number;
  /** null is the unknown. */
  readonly value: string | null;
}

export interface FieldNumbers {
  readonly name: string;
  readonly kind: FieldKind;
  /** Known values and the unknown one; 0 of a number. */
  readonly size: number;
  /** Of a number: its mean and its standard deviation in the samples of each split, NaN without any. */
  readonly spread?: Readonly<Record<Split, NumberSpread>>;
  /** Distinct values that the samples of train have, or parts in which their numbers lie, the unknown among them. */
  readonly used: number;
  /** The samples where it is unknown (id 0): of test, what training never saw and what has no value. */
  readonly unknown: FieldValue;
  /** AUC of each split where unknown counts as 1 and known as 0; NaN where it is not defined. */
  readonly unknownAuc: Readonly<Record<Split, number>>;
  /** The most frequent known values of train, at most TOP_VALUES. */
  readonly top: readonly FieldValue[];
  /** Population stability index of test against train; NaN where either is empty. */
  readonly psi: number;
  /** AUC on valid of the click rate of each value in train; NaN where it is not defined. */
  readonly auc: number;
}

const TOP_VALUES = 5;
/** Values with a cell of their own in the index. */
const PSI_VALUES = 20;
/** Of train, in which numbers lie. */
const PARTS = 20;
/** A value's click rate in train counts this many samples of the overall rate besides its own. */
const SMOOTHING = 10;

/** A value, and of each split its samples and clicks. */
type ValueRow = Readonly<Record<"id" | `${"n" | "k"}${0 | 1 | 2}`, number>> & { readonly value: string | null };

export async function measureField(
  tables: DatasetTables,
  field: FieldColumn,
  splits: readonly SplitCounts[],
): Promise<FieldNumbers> {
  const { run, rows } = tables;
  const { name, kind, size, column, number } = field;
  const [train, valid, test] = splits;
  const ids = await idsOf(tables, field);
  const sums = SPLITS.flatMap((_, s) => [`sum(n${s}) AS n${s}`, `sum(k${s}) AS k${s}`]).join(", ");
  await run(
    `CREATE OR REPLACE TEMP TABLE field_values AS ${
      kind === "item"
        ? `SELECT id, ${sums} FROM (SELECT item_counts.*, ${ids} AS id FROM item_counts JOIN catalogue ON item = row) GROUP BY id`
        : `SELECT id, ${COUNTS} FROM (SELECT split, label, ${ids} AS id FROM samples) GROUP BY id`
    }`,
  );
  const [used] = await rows<{ used: number }>(`SELECT count(*) FILTER (WHERE n0 > 0) AS used FROM field_values`);
  const [found = NEVER] = await rows<ValueRow>(`SELECT *, NULL AS value FROM field_values WHERE id = 0`);
  const unknown = valueFrom(found);
  const known = await topValues(tables, number === undefined ? column : undefined);
  const top = known.map(valueFrom);
  return {
    name,
    kind,
    size,
    ...(number !== undefined && { spread: await measureSpread(tables, field, number) }),
    used: used.used,
    unknown,
    unknownAuc: {
      train: aucOfBit(unknown.train, train),
      valid: aucOfBit(unknown.valid, valid),
      test: aucOfBit(unknown.test, test),
    },
    top: number === undefined ? top.slice(0, TOP_VALUES) : [],
    psi: psiOf(top, unknown, field.isList ? await countsOf(tables) : splits),
    auc: train.samples === 0 ? Number.NaN : await aucAlone(tables),
  };
}

/**
 * SQL of the ids that a row has: of a list each different known one, or 0; of a number that of the part of train in which it
 * lies.
 */
async function idsOf({ rows }: DatasetTables, { kind, column, isList, number }: FieldColumn): Promise<string> {
  if (isList) {
    const known = `list_filter(list_distinct(${column}), lambda id: id > 0)`;
    return `unnest(CASE WHEN len(${known}) = 0 THEN [0] ELSE ${known} END)`;
  }
  if (number === undefined) return column;
  const cuts = Array.from({ length: PARTS - 1 }, (_, i) => (i + 1) / PARTS).join(", ");
  const train =
    kind === "item"
      ? `SELECT ${column} AS x FROM item_counts JOIN catalogue ON item = row WHERE n0 > 0`
      : `SELECT ${column} AS x FROM samples WHERE split = 0`;
  const [{ edges }] = await rows<{ edges: string | null }>(
    `SELECT array_to_string(list_distinct(quantile_disc(x, [${cuts}])), ', ') AS edges FROM (${train}) WHERE NOT isnan(x)`,
  );
  const below = (edges ?? "")
    .split(", ")
    .filter(Boolean)
    .map((edge) => `(${column} >= ${edge}::FLOAT)::INTEGER`);
  return `CASE WHEN isnan(${column}) THEN 0 ELSE ${["1", ...below].join(" + ")} END`;
}

/** Samples of each split, those of a list once for each of its values. */
async function countsOf({ rows }: DatasetTables): Promise<{ samples: number }[]> {
  const sums = SPLITS.map((_, s) => `coalesce(sum(n${s}), 0) AS n${s}`).join(", ");
  const [found] = await rows<Record<`n${0 | 1 | 2}`, number>>(`SELECT ${sums} FROM field_values`);
  return [found.n0, found.n1, found.n2].map((samples) => ({ samples }));
}

/** Numbers lie in the dataset as deviations from the mean of the training part. */
async function measureSpread(
  { rows }: DatasetTables,
  { kind, column }: FieldColumn,
  { mean, deviation }: NumberScaling,
): Promise<Record<Split, NumberSpread>> {
  const from = kind === "item" ? "samples JOIN catalogue ON item = catalogue.row" : "samples";
  const found = await rows<{ split: number; mean: number; deviation: number }>(
    `SELECT split, avg(${column}::DOUBLE) AS mean, stddev_pop(${column}::DOUBLE) AS deviation
     FROM ${from} WHERE NOT isnan(${column}) GROUP BY split`,
  );
  const of = (s: number): NumberSpread => {
    const row = found.find(({ split }) => split === s);
    if (row === undefined) return { mean: Number.NaN, deviation: Number.NaN };
    return { mean: mean + deviation * row.mean, deviation: deviation * row.deviation };
  };
  return { train: of(0), valid: of(1), test: of(2) };
}

/** The most frequent known values of train, by name where they have names. */
function topValues({ rows }: DatasetTables, column: string | undefined): Promise<ValueRow[]> {
  const top = `FROM field_values WHERE id > 0 AND n0 > 0 ORDER BY n0 DESC, id LIMIT ${PSI_VALUES}`;
  if (column === undefined) return rows<ValueRow>(`SELECT *, NULL AS value FROM (${top})`);
  return rows<ValueRow>(
    `SELECT top.*, value FROM (${top}) AS top JOIN vocabulary_${column} USING (id) ORDER BY n0 DESC, id`,
  );
}

const NEVER: ValueRow = { id: 0, value: null, n0: 0, k0: 0, n1: 0, k1: 0, n2: 0, k2: 0 };

function valueFrom(row: ValueRow): FieldValue {
  const of = (s: 0 | 1 | 2): Clicks => ({
    samples: row[`n${s}`],
    clicks: row[`k${s}`],
    rate: row[`k${s}`] / row[`n${s}`],
  });
  return { id: row.id, value: row.value, train: of(0), valid: of(1), test: of(2) };
}

/**
 * The sum over cells of (test share - train share) ln(test share / train share), half a sample added to every cell. The
 * most frequent values, the unknown, and all others together are a cell each: rare values would only add noise.
 */
function psiOf(
  top: readonly FieldValue[],
  unknown: FieldValue,
  [train, , test]: readonly { readonly samples: number }[],
): number {
  if (train.samples === 0 || test.samples === 0) return Number.NaN;
  const cells = [...top, unknown].map((value) => [value.train.samples, value.test.samples]);
  cells.push([train.samples, test.samples].map((all, i) => cells.reduce((rest, cell) => rest - cell[i], all)));
  const used = cells.filter(([a, b]) => a + b > 0);
  return used.reduce((sum, [a, b]) => {
    const p = (a + 0.5) / (train.samples + used.length / 2);
    const q = (b + 0.5) / (test.samples + used.length / 2);
    return sum + (q - p) * Math.log(q / p);
  }, 0);
}

/** Pairs of a clicked and an unclicked sample of valid that the values' rates in train order rightly, ties one half. */
async function aucAlone({ rows }: DatasetTables): Promise<number> {
  const [{ auc }] = await rows<{ auc: number | null }>(
    `WITH
       rate AS (SELECT sum(k0)::DOUBLE / sum(n0) AS prior FROM field_values),
       scored AS (
         SELECT (k0 + ${SMOOTHING} * prior) / (n0 + ${SMOOTHING}) AS score, sum(k1)::DOUBLE AS p, sum(n1 - k1)::DOUBLE AS n
         FROM field_values, rate WHERE n1 > 0 GROUP BY score
       ),
       ranked AS (SELECT p, n, coalesce(sum(n) OVER (ORDER BY score ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS below FROM scored)
     SELECT sum(p * (below + n / 2)) / nullif(sum(p) * sum(n), 0) AS auc FROM ranked`,
  );
  return auc ?? Number.NaN;
}
