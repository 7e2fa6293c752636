/** Samples and sequences as they come, one at a time, into files of the dataset: held until there are enough to pass on. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { FileWriter } from "../../../dataset/file-writer.ts";
import type { FormatFile } from "../../../dataset/layout.ts";

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
}

/** The samples of a split. */
export class SampleWriter {
  readonly #writer: FileWriter;
  readonly #columns: Readonly<Record<keyof SampleRow, Float64Array>>;
  /** Per user and context field. */
  readonly #ids: readonly Int32Array[];
  readonly #all: Readonly<Record<string, Float64Array | Int32Array>>;
  #held = 0;

  private constructor(writer: FileWriter) {
    const numbers = () => new Float64Array(HELD);
    this.#writer = writer;
    this.#columns = {
      label: numbers(),
      time: numbers(),
      sequence: numbers(),
      position: numbers(),
      length: numbers(),
      item: numbers(),
    };
    const fields = writer.columns.filter((name) => !Object.hasOwn(this.#columns, name));
    this.#ids = fields.map(() => new Int32Array(HELD));
    this.#all = { ...this.#columns, ...Object.fromEntries(fields.map((name, f) => [name, this.#ids[f]])) };
  }

  static async create(connection: DuckDBConnection, file: FormatFile): Promise<SampleWriter> {
    return new SampleWriter(await FileWriter.create(connection, file));
  }

  /** @param ids of the user and context fields, in the order of the file */
  add({ label, time, sequence, position, length, item }: SampleRow, ids: Int32Array): void {
    const columns = this.#columns;
    const at = this.#held++;
    columns.label[at] = label;
    columns.time[at] = time;
    columns.sequence[at] = sequence;
    columns.position[at] = position;
    columns.length[at] = length;
    columns.item[at] = item;
    for (let f = 0; f < ids.length; f++) this.#ids[f][at] = ids[f];
    if (this.#held === HELD) this.#flush();
  }

  #flush(): void {
    this.#writer.append(this.#held, this.#all);
    this.#held = 0;
  }

  /** @throws UserError where the file cannot be written */
  async finish(folder: string): Promise<void> {
    this.#flush();
    await this.#writer.finish(folder);
  }
}

/** The sequences, which come in the order of the table `users`. */
export class SequenceWriter {
  readonly #writer: FileWriter;
  #offsets = [0];
  #items: number[] = [];
  #times: number[] = [];
  #unclicked: number[] = [];
  #training: number[] = [];
  /** Whether any behaviour has an unclicked impression. */
  unclicked = false;

  private constructor(writer: FileWriter) {
    this.#writer = writer;
  }

  static async create(connection: DuckDBConnection, file: FormatFile): Promise<SequenceWriter> {
    return new SequenceWriter(await FileWriter.create(connection, file, ["user"]));
  }

  /** @param unclicked of each behaviour, or nothing where none has any */
  add(items: readonly number[], times: readonly number[], training: number, unclicked: readonly number[]): void {
    for (const item of items) this.#items.push(item);
    for (const time of times) this.#times.push(time);
    for (const shown of unclicked) {
      this.#unclicked.push(shown);
      if (shown > 0) this.unclicked = true;
    }
    this.#training.push(training);
    this.#offsets.push(this.#items.length);
    if (this.#items.length >= HELD || this.#training.length >= HELD) this.#flush();
  }

  #flush(): void {
    const offsets = Int32Array.from(this.#offsets);
    this.#writer.append(this.#training.length, {
      items: { values: Int32Array.from(this.#items), offsets },
      times: { values: Float64Array.from(this.#times), offsets },
      unclicked: { values: Int32Array.from(this.#unclicked), offsets },
      training: Int32Array.from(this.#training),
    });
    this.#offsets = [0];
    this.#items = [];
    this.#times = [];
    this.#unclicked = [];
    this.#training = [];
  }

  /** Writes the columns that `file` has. @throws UserError where it cannot be written */
  async finish(folder: string, file: FormatFile): Promise<void> {
    this.#flush();
    await this.#writer.finish(folder, { query: `SELECT key AS "user" FROM users`, file });
  }
}
