/**
 * What lies in a dataset folder (docs/data-format.md), as data: its files, their columns in order with types and bounds,
 * and their row groups. What writes a folder, reads it or looks into it with SQL is made of these lists.
 */
import { type Field, type FieldKind, isNumber } from "../features/schema.ts";
import { SPLITS, type Split } from "./dataset.ts";
import type { TypedColumn } from "./parquet.ts";
import { FARTHEST_VALUE } from "./transform.ts";

/** A column of a file. No value is null. */
export interface FormatColumn extends TypedColumn {
  /** Between which its numbers lie, or those of its lists; texts have none. */
  readonly bounds?: Bounds;
  /** Of lists that are not as long as others of their row: how long they may be. */
  readonly lengths?: Bounds;
  /** Whether NaN stands for a number that is missing. */
  readonly mayLack?: boolean;
  /** Whether they are what stands for the field of that name: its vocabulary ids, or numbers. */
  readonly ofField?: boolean;
}

export type Bounds = readonly [least: number, most: number];

export interface FormatFile {
  /** Its path in the folder. */
  readonly name: string;
  readonly rows: number;
  readonly columns: readonly FormatColumn[];
  /** Rows of a row group: readers take a stretch of rows without the others. */
  readonly rowGroup?: number;
}

/** What of a manifest decides how its folder looks. */
export interface Contents {
  readonly maxHistory: number;
  readonly fields: Readonly<Record<FieldKind, readonly Field[]>>;
  /** Whether behaviours have unclicked impressions, and samples the true probability of a click. */
  readonly unclicked: boolean;
  /** Whether rows of the log brought their histories: behaviours have no times, and a user may have several sequences. */
  readonly givenHistories: boolean;
  readonly probability: boolean;
  /** Where samples have weights: their mean in each split. */
  readonly meanWeight?: Readonly<Record<Split, number>> | undefined;
  readonly counts: Readonly<Record<Split | "users" | "sequences" | "items" | "behaviours", number>>;
}

export const MANIFEST_FILE = "dataset.json";
/** The folder of the vocabularies. */
export const VOCABULARIES = "vocabulary";

/** What a dataset folder may hold. Anything else in one is a user's own file. */
export const FOLDER_ENTRIES: readonly string[] = [
  MANIFEST_FILE,
  VOCABULARIES,
  "items.parquet",
  "sequences.parquet",
  ...SPLITS.map((split) => `${split}.parquet`),
];

/** The times that are dates: so many milliseconds to either side of 1970. */
const FARTHEST = 8_640_000_000_000_000;
const DATES: Bounds = [-FARTHEST, FARTHEST];
const MOST_COUNTED = 2 ** 31 - 1;

/** A field's known values: one row for each id but 0, the unknown. */
export function vocabularyFile({ name, size }: Field): FormatFile {
  return {
    name: `${VOCABULARIES}/${name}.parquet`,
    rows: size - 1,
    columns: [
      { name: "id", type: "int32", bounds: [1, size - 1] },
      { name: "value", type: "string" },
      { name: "count", type: "int32", bounds: [0, MOST_COUNTED] },
    ],
  };
}

/** The catalogue: row r is item r, row 0 the unknown one. */
export function itemsFile({ counts, fields }: Contents): FormatFile {
  return {
    name: "items.parquet",
    rows: counts.items + 1,
    columns: [
      { name: "row", type: "int32", bounds: [0, counts.items] },
      { name: "key", type: "string" },
      ...fields.item.map(fieldColumn),
    ],
  };
}

/**
 * The users' segments (segments.ts), those of a user one after the other: catalogue rows and times of behaviours in order.
 * The first `repeated` stood in the segment before already; of the others, the first `training` are the training part.
 * Given histories have no times, and `owner` says whose they are: the number of the user.
 */
export function sequencesFile({ counts, maxHistory, unclicked, givenHistories }: Contents): FormatFile {
  const rows: Bounds = [0, counts.items];
  return {
    name: "sequences.parquet",
    rows: counts.sequences,
    rowGroup: 4096,
    columns: [
      { name: "user", type: "string" },
      { name: "items", type: "int32[]", bounds: rows },
      ...(givenHistories
        ? [{ name: "owner", type: "int32", bounds: [0, counts.users - 1] } as const]
        : [{ name: "times", type: "int64[]", bounds: DATES } as const]),
      { name: "repeated", type: "int32", bounds: [0, maxHistory] },
      { name: "training", type: "int32", bounds: [0, counts.behaviours] },
      ...(unclicked ? [{ name: "unclicked", type: "int32[]", bounds: rows } as const] : []),
    ],
  };
}

/** The column of the weights, not to be in the way of a field that is called so. */
export const WEIGHT = "sample_weight";
/** The largest number of 32 bits. */
export const MOST_WEIGHT = 3.4028234663852886e38;

/** The samples of a split, in the order of their sequences. */
export function samplesFile(
  { counts, fields, maxHistory, probability, meanWeight }: Contents,
  split: Split,
): FormatFile {
  return {
    name: `${split}.parquet`,
    rows: counts[split],
    rowGroup: 16_384,
    columns: [
      { name: "label", type: "int32", bounds: [0, 1] },
      { name: "time", type: "int64", bounds: DATES },
      { name: "sequence", type: "int32", bounds: [0, counts.sequences - 1] },
      { name: "position", type: "int32", bounds: [0, counts.behaviours] },
      { name: "length", type: "int32", bounds: [0, maxHistory] },
      { name: "item", type: "int32", bounds: [0, counts.items] },
      ...fields.user.map(fieldColumn),
      ...fields.context.map(fieldColumn),
      ...(probability ? [{ name: "probability", type: "float32", bounds: [0, 1] } as const] : []),
      ...(meanWeight ? [{ name: WEIGHT, type: "float32", bounds: [0, MOST_WEIGHT] } as const] : []),
    ],
  };
}

/** All files of a folder but its manifest. */
export function filesOf(contents: Contents): FormatFile[] {
  return [
    ...vocabulariesOf(contents).map(vocabularyFile),
    itemsFile(contents),
    sequencesFile(contents),
    ...SPLITS.map((split) => samplesFile(contents, split)),
  ];
}

/** The fields that have a vocabulary: numbers have none. */
export function vocabulariesOf<F extends Field>({
  fields,
}: {
  readonly fields: Readonly<Record<FieldKind, readonly F[]>>;
}): F[] {
  return [...fields.user, ...fields.item, ...fields.context].filter((field) => !isNumber(field));
}

function fieldColumn(field: Field): FormatColumn {
  const { name, size, list } = field;
  if (isNumber(field)) {
    return { name, type: "float32", bounds: [-FARTHEST_VALUE, FARTHEST_VALUE], mayLack: true, ofField: true };
  }
  const bounds: Bounds = [0, size - 1];
  if (list === undefined) return { name, type: "int32", bounds, ofField: true };
  return { name, type: "int32[]", bounds, lengths: [1, list.most], ofField: true };
}

/** A folder that holds nothing and has every column that does not hold ids. */
const BARE: Contents = {
  maxHistory: 0,
  fields: { user: [], item: [], context: [] },
  unclicked: true,
  givenHistories: false,
  probability: true,
  meanWeight: { train: 1, valid: 1, test: 1 },
  counts: { users: 0, sequences: 0, items: 0, behaviours: 0, train: 0, valid: 0, test: 0 },
};
const columnNames = ({ columns }: FormatFile) => columns.map(({ name }) => name);
const sampleColumns = columnNames(samplesFile(BARE, "train"));

/** DuckDB's name for the number of a row, which a column of that name would hide. */
const ROW_NUMBER = "file_row_number";

/** Names that no field may have: those of the columns beside its ids, and what a behaviour of a request has beside its fields. */
export const RESERVED: Readonly<Record<FieldKind, readonly string[]>> = {
  user: [...sampleColumns, ROW_NUMBER],
  item: [...columnNames(itemsFile(BARE)), "time", ROW_NUMBER],
  context: [...sampleColumns, ROW_NUMBER],
};
