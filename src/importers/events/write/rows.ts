/** Samples and sequences as they come, one at a time, into files of the dataset: held until there are enough to pass on. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { storedCells } from "../../../dataset/cells.ts";
import { FileWriter } from "../../../dataset/file-writer.ts";
import { type FormatFile, WEIGHT } from "../../../dataset/layout.ts";
import type { LearnedField } from "../../../dataset/learned.ts";
import type { Segments } from "../../../dataset/segments.ts";
import { fieldOf } from "../../../dataset/vocabulary.ts";
import { type Field, isNumber } from "../../../features/schema.ts";
import { type CellValues, copyCells, widthOf } from "../../../tensor/arrays.ts";

/** Rows held before they go out. */
const HELD = 8192;

/** The numbers of a sample beside the ids of its fields. */
export interface SampleRow {
  readonly label: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly sequence: number;
  readonly position: number;
  readonly length: number;
  readonly item: number;
  /** Written where the file has weights. */
  readonly weight: number;
}

/** A field of samples, and what stands in the rows that are held. */
interface HeldField {
  readonly field: Field;
  readonly width: number;
  readonly cells: CellValues;
  readonly held: CellValues;
}

/** The samples of a split. */
export class SampleWriter {
  readonly #writer: FileWriter;
  readonly #columns: Readonly<Record<keyof SampleRow, Float64Array>>;
  readonly #fields: readonly HeldField[];
  #held = 0;

  private constructor(writer: FileWriter, fields: readonly LearnedField[]) {
    const numbers = () => new Float64Array(HELD);
    this.#writer = writer;
    this.#columns = {
      label: numbers(),
      time: numbers(),
      sequence: numbers(),
      position: numbers(),
      length: numbers(),
      item: numbers(),
      weight: numbers(),
    };
    this.#fields = fields.map((learned) => {
      const field = fieldOf(learned);
      const width = widthOf(field);
      return {
        field,
        width,
        cells: learned.cells,
        held: isNumber(field) ? new Float32Array(HELD) : new Int32Array(HELD * width),
      };
    });
  }

  /** @param fields the user and context fields */
  static async create(
    connection: DuckDBConnection,
    file: FormatFile,
    fields: readonly LearnedField[],
  ): Promise<SampleWriter> {
    return new SampleWriter(await FileWriter.create(connection, file), fields);
  }

  /** @param codes of the raw values of the fields */
  add({ label, time, sequence, position, length, item, weight }: SampleRow, codes: Int32Array): void {
    const columns = this.#columns;
    const at = this.#held++;
    columns.label[at] = label;
    columns.time[at] = time;
    columns.sequence[at] = sequence;
    columns.position[at] = position;
    columns.length[at] = length;
    columns.item[at] = item;
    columns.weight[at] = weight;
    for (let f = 0; f < this.#fields.length; f++) {
      const { held, cells, width } = this.#fields[f];
      copyCells(held, at, cells, codes[f], width);
    }
    if (this.#held === HELD) this.#flush();
  }

  #flush(): void {
    const stored = this.#fields.map(({ field, held }) => [field.name, storedCells(field, held, this.#held)]);
    this.#writer.append(this.#held, {
      ...this.#columns,
      [WEIGHT]: this.#columns.weight,
      ...Object.fromEntries(stored),
    });
    this.#held = 0;
  }

  /** @throws UserError where the file cannot be written */
  async finish(folder: string): Promise<void> {
    this.#flush();
    await this.#writer.finish(folder);
  }
}

/** The segments of the users, who come in the order of the table `users`. */
export class SequenceWriter {
  readonly #writer: FileWriter;
  readonly #segments: Segments;
  #begins: number[] = [];
  #items: number[] = [];
  #times: number[] = [];
  #unclicked: number[] = [];
  #repeated: number[] = [];
  #training: number[] = [];
  /** The user's behaviours in all and so far, and where the segment that is open ends among them. */
  #behaviours = 0;
  #added = 0;
  #end = 0;
  /** Rows of the file before those of the user. */
  #first = 0;
  #segment = -1;
  /** Whether any behaviour has an unclicked impression. */
  unclicked = false;

  private constructor(writer: FileWriter, segments: Segments) {
    this.#writer = writer;
    this.#segments = segments;
  }

  static async create(connection: DuckDBConnection, file: FormatFile, segments: Segments): Promise<SequenceWriter> {
    return new SequenceWriter(await FileWriter.create(connection, file, ["user", "owner"]), segments);
  }

  /** The next user, who has so many behaviours. */
  begin(behaviours: number): void {
    this.#first += this.#segment + 1;
    this.#behaviours = behaviours;
    this.#added = 0;
    this.#open(0);
  }

  /** @param unclicked 0 where there was none */
  add(item: number, time: number, training: boolean, unclicked: number): void {
    if (this.#added === this.#end) this.#open(this.#segment + 1);
    this.#items.push(item);
    this.#times.push(time);
    this.#unclicked.push(unclicked);
    if (unclicked > 0) this.unclicked = true;
    if (training) this.#training[this.#training.length - 1]++;
    this.#added++;
  }

  /** The row of the file on which a history lies that ends before a position among the user's behaviours. */
  rowOf(position: number): number {
    return this.#first + this.#segments.at(position, this.#behaviours);
  }

  /** Where on that row it ends. */
  positionOf(position: number): number {
    return position - this.#segments.begin(this.#segments.at(position, this.#behaviours));
  }

  #open(segment: number): void {
    const repeated = this.#segments.repeated(segment);
    const again = [this.#items, this.#times, this.#unclicked].map((values) => values.slice(values.length - repeated));
    if (this.#items.length >= HELD || this.#training.length >= HELD) this.#flush();
    this.#begins.push(this.#items.length);
    this.#repeated.push(repeated);
    this.#training.push(0);
    this.#segment = segment;
    this.#end = this.#segments.end(segment, this.#behaviours);
    [this.#items, this.#times, this.#unclicked].forEach((values, index) => {
      for (const value of again[index]) values.push(value);
    });
  }

  #flush(): void {
    const begins = Int32Array.from(this.#begins);
    const ends = Int32Array.from([...this.#begins.slice(1), this.#items.length]);
    this.#writer.append(begins.length, {
      items: { values: Int32Array.from(this.#items), begins, ends },
      times: { values: Float64Array.from(this.#times), begins, ends },
      unclicked: { values: Int32Array.from(this.#unclicked), begins, ends },
      repeated: Int32Array.from(this.#repeated),
      training: Int32Array.from(this.#training),
    });
    this.#begins = [];
    this.#items = [];
    this.#times = [];
    this.#unclicked = [];
    this.#repeated = [];
    this.#training = [];
  }

  /** Writes the columns that `file` has. @throws UserError where it cannot be written */
  async finish(folder: string, file: FormatFile): Promise<void> {
    this.#flush();
    const { whole, own } = this.#segments;
    const segments = `CASE WHEN behaviours <= ${whole} THEN 1 ELSE (behaviours + ${own - 1}) // ${own} END`;
    const owner = file.columns.some(({ name }) => name === "owner") ? ", owner" : "";
    const query = `SELECT "user"${owner} FROM (SELECT coalesce(key, '') AS "user"${owner}, unnest(range(${segments})) FROM users)`;
    await this.#writer.finish(folder, { query, file });
  }
}
