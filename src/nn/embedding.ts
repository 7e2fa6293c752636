/**
 * Embedding tables of the schema's fields; candidate, history and negatives share those of the item fields. A number has no
 * table: it is a column of its group's vector.
 */
import { embed } from "../autograd/embedding.ts";
import type { Tape } from "../autograd/tape.ts";
import type { Parameter, Tensor } from "../autograd/values.ts";
import { type Field, isNumber } from "../features/schema.ts";
import type { Cells } from "../tensor/arrays.ts";
import type { Rows } from "../tensor/packed.ts";

export interface EmbeddingOptions {
  /** Columns of a field that has a table. */
  readonly size: number;
  /** Standard deviation of fresh rows. */
  readonly scale: number;
}

/** Looks up all fields of a group: [rows, tables x size + numbers], in the order of the fields, by `embedding.FIELD`. */
export class Embedding {
  readonly #tape: Tape;
  readonly #tables: readonly Parameter[];

  constructor(tape: Tape, fields: readonly Field[], { size, scale }: EmbeddingOptions) {
    this.#tape = tape;
    this.#tables = fields
      .filter((field) => !isNumber(field))
      .map((field) => tape.parameter(`embedding.${field.name}`, field.size, size, { kind: "table", scale }, "table"));
  }

  lookUp(cells: readonly Cells[], rows: Rows): Tensor {
    return embed(this.#tape, this.#tables, cells, rows);
  }
}
