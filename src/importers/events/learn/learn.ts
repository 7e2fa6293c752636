/**
 * The first pass over the sorted log: what vocabularies, popularity and the manifest need of the training part.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { SPLITS, type Split } from "../../../dataset/dataset.ts";
import type { LearnedField } from "../../../dataset/learned.ts";
import { Popularity } from "../../../dataset/negatives.ts";
import type { SegmentSizes } from "../../../dataset/segments.ts";
import type { FieldKind } from "../../../features/schema.ts";
import type { NegativePools } from "../../negatives.ts";
import { type HistoryItems, holds } from "../../returns.ts";
import { type Features, type FieldSpec, hasImpressions } from "../features/features.ts";
import { HistoryWalk, type RowTaker, type SampleRule, type UserRows } from "../log/histories.ts";
import { codeColumn, dictionaryOf } from "../log/names.ts";
import { MarkedItems } from "../log/own-items.ts";
import { type NumberColumn, oneNumber, readIntegers, readUsers } from "../source/stream.ts";
import { type Dictionary, learnField } from "./vocabularies.ts";

/** A user or context field, and where a sample's code of it stands: in the log's row, or with its user. */
interface SampleField {
  readonly spec: FieldSpec;
  /** Place among the columns of `LogReader`, or [sequences] codes. */
  readonly codes: number | Int32Array;
}

/** How the log is read, and what is known of its users. */
export interface LogReader {
  readonly rule: SampleRule;
  /** Where samples have no labels: each is a positive, followed by a sampled negative that is never one of these. */
  readonly own: MarkedItems | undefined;
  readonly fields: readonly SampleField[];
  /** Where the weights of samples stand among the columns, if they have any. */
  readonly weight: number | undefined;
  readonly columns: readonly NumberColumn[];
  readonly rows: number;
  /** [users] how many behaviours each has. */
  readonly behaviours: Int32Array;
  /** Users: less than sequences, where histories are given. */
  readonly users: number;
  readonly sizes: LogSizes;
}

/** How much of a user is in memory at a time: rows of the log, and behaviours. */
export interface LogSizes {
  readonly rows?: number;
  readonly segments?: SegmentSizes;
}

export type Columns = readonly (Int32Array | Float64Array)[];

/**
 * Reads the log user by user (`readUsers`); `take` gets rows of one, whose own items are marked, and the columns that the
 * fields' places are of.
 */
export async function readLog(
  connection: DuckDBConnection,
  { columns, own, sizes }: LogReader,
  take: (log: UserRows, columns: Columns) => void | Promise<void>,
  onRows: (done: number) => void,
): Promise<void> {
  await readUsers(
    connection,
    "log",
    columns,
    (part, all) => {
      const [time, item, label, behaviour] = all as [Float64Array, Int32Array, Int32Array, Int32Array];
      const log = { ...part, time, item, label, behaviour };
      const marking = own?.mark(log);
      return marking === undefined ? take(log, all) : marking.then(() => take(log, all));
    },
    { onRows, ...(sizes.rows !== undefined && { most: sizes.rows }) },
  );
}

/** The code of a field in a row of a user. */
export function codeOf({ codes }: SampleField, sequence: number, columns: Columns, row: number): number {
  return typeof codes === "number" ? columns[codes][row] : codes[sequence];
}

/** @param beside a connection that is asked while the log is read from the other */
export async function openLog(
  connection: DuckDBConnection,
  beside: DuckDBConnection,
  features: Features,
  rule: SampleRule,
  sizes: LogSizes,
): Promise<LogReader> {
  const columns: NumberColumn[] = [
    { name: "time", type: "float64" },
    ...["item", "label", "behaviour"].map((name): NumberColumn => ({ name, type: "int32" })),
  ];
  const weight =
    features.columns.weight === undefined ? undefined : columns.push({ name: "weight", type: "float64" }) - 1;
  const sequences = await countRows(connection, "users");
  const owners = rule.isGiven
    ? (await readIntegers(connection, "users", ["owner"], sequences))[0]
    : Int32Array.from({ length: sequences }, (_, sequence) => sequence);
  const users = rule.isGiven ? 1 + owners[sequences - 1] : sequences;
  const fields: SampleField[] = [];
  for (const spec of [...features.fields.user, ...features.fields.context]) {
    if (spec.from === "key") {
      // Nobody, who comes last, has the code of no key.
      const known = await countRows(connection, "user_keys");
      fields.push({ spec, codes: owners.map((owner) => 1 + Math.min(owner, known)) });
    } else if (spec.from === "users") {
      const [codes] = await readIntegers(connection, "users", [codeColumn(spec.name)], sequences);
      fields.push({ spec, codes });
    } else {
      fields.push({ spec, codes: columns.push({ name: codeColumn(spec.name), type: "int32" }) - 1 });
    }
  }
  const [behaviours] = await readIntegers(connection, "users", ["behaviours"], sequences);
  const own = features.columns.label ? undefined : new MarkedItems(beside, rule.split === null);
  return { rule, own, fields, weight, columns, rows: await countRows(connection, "log"), behaviours, users, sizes };
}

/** Samples of a split: how many, how many of them clicked, and what these and all weigh. */
export interface SampleCounts {
  count: number;
  clicked: number;
  weight: number;
  clickedWeight: number;
}

export interface Learned {
  readonly fields: Readonly<Record<FieldKind, readonly LearnedField[]>>;
  /** Per item field [items + 1] the code of each catalogue row. */
  readonly itemCodes: readonly Int32Array[];
  readonly trainingBehaviours: number;
  readonly samples: Readonly<Record<Split, SampleCounts>>;
  /** Positives that are left out, for the only items of their histories have no negative. */
  readonly returns: number;
  /** Where negatives are sampled: what they are sampled from. */
  readonly negatives: NegativePools | undefined;
}

/** Learns from the log that `reader` reads. */
export async function learn(
  connection: DuckDBConnection,
  features: Features,
  reader: LogReader,
  onRows: (done: number) => void,
): Promise<Learned> {
  const { rule, own, fields, behaviours } = reader;
  const made = own === undefined ? 1 : 2;
  const ofBehaviours = !hasImpressions(features);
  const dictionaries = await Promise.all(fields.map(({ spec }) => dictionary(connection, spec)));
  const counts = dictionaries.map(({ size }) => new Int32Array(size + 1));
  const itemCounts = new Int32Array(1 + (await countRows(connection, "catalogue")));
  const none = (): SampleCounts => ({ count: 0, clicked: 0, weight: 0, clickedWeight: 0 });
  const samples = { train: none(), valid: none(), test: none() };
  const pools =
    own === undefined ? undefined : ofBehaviours ? poolsOf(behaviours) : await targetPools(connection, rule);
  const walk = new HistoryWalk(rule, own);
  let returns = 0;
  let trainingBehaviours = 0;
  // Of the part at work; set from part to part, so that nothing is made for each.
  let log: UserRows;
  let columns: Columns;
  /** Of valid and test no return is one that others' negatives are sampled from: its own stands in the history. */
  const pool = (row: number, part: Split, history: HistoryItems) => {
    const item = log.item[row];
    if (pools && (part === "train" || !holds(history, item))) pools[part].add(item);
  };
  const taker: RowTaker = {
    sample(row, split, _position, history) {
      const clicked = own === undefined ? log.label[row] : 1;
      const weight = reader.weight === undefined ? 1 : columns[reader.weight][row];
      const sums = samples[split];
      sums.count += made;
      sums.clicked += clicked;
      sums.weight += made * weight;
      sums.clickedWeight += clicked * weight;
      if (!ofBehaviours) pool(row, split, history);
      if (split !== "train") return;
      if (!ofBehaviours) itemCounts[log.item[row]]++;
      for (let f = 0; f < fields.length; f++) counts[f][codeOf(fields[f], log.sequence, columns, row)] += made;
    },
    leftOut(row, split, history) {
      returns++;
      if (!ofBehaviours) pool(row, split, history);
    },
    behaviour(row, part, history) {
      if (ofBehaviours) pool(row, part, history);
      if (part !== "train") return;
      itemCounts[log.item[row]]++;
      trainingBehaviours++;
    },
  };
  const takePart = (part: UserRows, all: Columns) => {
    [log, columns] = [part, all];
    walk.take(log, behaviours[log.sequence], taker);
  };
  await readLog(connection, reader, takePart, onRows);
  const learned: LearnedField[] = [];
  for (const [index, { spec }] of fields.entries()) {
    const [from, count] = [dictionaries[index], counts[index]];
    learned.push(await learnField(connection, spec, from, features, count, count));
  }
  const { item, itemCodes } = await learnItems(connection, features, itemCounts);
  const users = features.fields.user.length;
  const all = { user: learned.slice(0, users), item, context: learned.slice(users) };
  const negatives = pools && {
    train: pools.train.added,
    valid: pools.valid.added,
    test: pools.test.added,
  };
  return { fields: all, itemCodes, trainingBehaviours, samples, returns, negatives };
}

/**
 * Learns the fields of items: categories count as often as their items, in the edges and the mean of a number an item counts once.
 * @param itemCounts [items + 1] how often training has each catalogue row
 */
async function learnItems(connection: DuckDBConnection, features: Features, itemCounts: Int32Array) {
  const item: LearnedField[] = [];
  const itemCodes: Int32Array[] = [];
  for (const spec of features.fields.item) {
    const codes = await codesOfItems(connection, spec, itemCounts.length - 1);
    const from = await dictionary(connection, spec);
    const [uses, once] = [new Int32Array(from.size + 1), new Int32Array(from.size + 1)];
    codes.forEach((code, row) => {
      if (itemCounts[row] === 0) return;
      uses[code] += itemCounts[row];
      once[code]++;
    });
    item.push(await learnField(connection, spec, from, features, uses, once));
    itemCodes.push(codes);
  }
  return { item, itemCodes };
}

/** [items + 1] the code of a field of each catalogue row. Row 0, the unknown item, has none. */
async function codesOfItems(
  connection: DuckDBConnection,
  { name, from }: FieldSpec,
  items: number,
): Promise<Int32Array> {
  const codes = new Int32Array(items + 1);
  const [read] = await readIntegers(connection, "catalogue", [from === "key" ? "row" : codeColumn(name)], items);
  codes.set(read, 1);
  return codes;
}

async function dictionary(connection: DuckDBConnection, { name, from }: FieldSpec): Promise<Dictionary> {
  if (from !== "key") {
    const table = dictionaryOf(name);
    return { query: `SELECT raw FROM ${table}`, size: await countRows(connection, table) };
  }
  const [query, table] =
    name === "item"
      ? ["SELECT CASE WHEN keyed THEN key END FROM catalogue", "catalogue"]
      : ["SELECT DISTINCT key FROM users ORDER BY key", "(SELECT DISTINCT key FROM users)"];
  return { query, size: await countRows(connection, table) };
}

/** Of each split what negatives are sampled from, where rows of target types are predicted: such rows; yet empty. */
async function targetPools(
  connection: DuckDBConnection,
  { split }: SampleRule,
): Promise<Readonly<Record<Split, Popularity>>> {
  const pool = async (where: string) =>
    new Popularity(await countRows(connection, `log WHERE label >= 0 AND ${where}`));
  return {
    train: await pool(`"time" < ${split?.validFrom}`),
    valid: await pool(`"time" >= ${split?.validFrom} AND "time" < ${split?.testFrom}`),
    test: await pool(`"time" >= ${split?.testFrom}`),
  };
}

/** Of each split what negatives are sampled from, where users' behaviours are predicted (`temporalSplit`); yet empty. */
function poolsOf(behaviours: Int32Array): Readonly<Record<Split, Popularity>> {
  let [train, valid, test] = [0, 0, 0];
  for (const count of behaviours) {
    train += Math.max(0, count - 2);
    if (count > 1) valid++;
    if (count > 0) test++;
  }
  return { train: new Popularity(train), valid: new Popularity(valid), test: new Popularity(test) };
}

function countRows(connection: DuckDBConnection, table: string): Promise<number> {
  return oneNumber(connection, `SELECT count(*) FROM ${table}`);
}

/** @throws Error as `refuse` makes it, where a split is empty, or training has samples of one label only */
export function checkSamples(samples: Learned["samples"], refuse: (why: string) => Error): void {
  for (const split of SPLITS) if (samples[split].count === 0) throw refuse(`no sample falls into ${split}`);
  for (const split of SPLITS) if (samples[split].weight === 0) throw refuse(`the samples of ${split} weigh nothing`);
  const { weight, clickedWeight: clicked } = samples.train;
  if (clicked === 0 || clicked === weight) throw refuse(`all samples of train have the label ${clicked === 0 ? 0 : 1}`);
}
