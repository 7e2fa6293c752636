/** Embedding tables of the schema's fields; candidate, history and negatives share those of the item fields. */
import { embed } from "../autograd/embedding.ts";
import type { Tape } from "../autograd/tape.ts";
import type { Parameter, Tensor } from "../autograd/values.ts";
import type { Field } from "../features/schema.ts";
import type { Ids } from "../tensor/arrays.ts";
import type { Rows } from "../tensor/packed.ts";

export interface EmbeddingOptions {
  /** Columns per field. */
  readonly size: number;
  /** Standard deviation of fresh rows. */
  readonly scale: number;
}

/** Looks up all fields of a group: the concatenation [rows, fields x size] of `embedding.FIELD`. */
export class Embedding {
  readonly #tape: Tape;
  readonly #tables: readonly Parameter[];

  constructor(tape: Tape, fields: readonly Field[], { size, scale }: EmbeddingOptions) {
    this.#tape = tape;
    this.#tables = fields.map((field) =>
      tape.parameter(`embedding.${field.name}`, field.size, size, { kind: "table", scale }, "table"),
    );
  }

  lookUp(ids: readonly Ids[], rows: Rows): Tensor {
    return embed(this.#tape, this.#tables, ids, rows);
  }
}
