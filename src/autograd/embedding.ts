/** Embedding look-up: ids to vectors, and where the gradients of the vectors go. Numbers stand beside the vectors. */
import type { Pointer } from "../kernels/contract.ts";
import { type Cells, type Floats, type Ids, widthOf } from "../tensor/arrays.ts";
import type { Rows } from "../tensor/packed.ts";
import { embeddedParts } from "./operation.ts";
import type { Tape } from "./tape.ts";
import type { Parameter, Tensor } from "./values.ts";

/** How a field's columns of the output are computed, and where their gradients are made those of the rows looked up. */
interface FieldColumns {
  forward(): void;
  backward?(): void;
}

/**
 * The fields of a group side by side (see `embed` in operation.ts). `cells` holds what stands for each field in `rows`, from
 * rows.first on; `tables` are those of the fields that have ids.
 *
 * The gradient of the output outlives the replay and is found through `tape.lookups`; the optimiser adds up the rows of
 * all shards in their order. Each row of a bag gets the gradient of the bag; where that is a mean, backward divides it by
 * their number before.
 */
export function embed(tape: Tape, tables: readonly Parameter[], cells: readonly Cells[], rows: Rows): Tensor {
  const fields = embeddedParts(tables, cells);
  const y = tape.tensor(rows, sumOfColumns(tables, cells));
  const parts = fields.map((field): FieldColumns => {
    const at = field.column * 4;
    if (!("table" in field)) return numberPart(tape, field.numbers, y, at);
    return field.ids.list === undefined
      ? rowPart(tape, field.table, field.ids, y, at)
      : bagPart(tape, field.table, field.ids, y, at);
  });
  const divided = parts.filter(({ backward }) => backward !== undefined);
  tape.record({
    name: "embed",
    parameters: { tables },
    outputs: { y },
    attributes: { cells },
    forward() {
      for (const part of parts) part.forward();
    },
    ...(divided.length > 0 && {
      backward() {
        for (const part of divided) part.backward!();
      },
    }),
  });
  return y;
}

function sumOfColumns(tables: readonly Parameter[], cells: readonly Cells[]): number {
  return tables.reduce((sum, table) => sum + table.cols, 0) + cells.length - tables.length;
}

function rowPart({ kernels }: Tape, { cols, value }: Parameter, ids: Ids, y: Tensor, at: Pointer): FieldColumns {
  const { rows } = y;
  return {
    forward() {
      kernels.gatherRows(rows.count, cols, ids.pointer + rows.first * 4, value, y.value + at, y.cols);
    },
  };
}

function bagPart(tape: Tape, { cols, value }: Parameter, ids: Ids, y: Tensor, at: Pointer): FieldColumns {
  const { kernels } = tape;
  const { rows } = y;
  const width = widthOf(ids);
  const weights = ids.list?.pooling === "mean" ? tape.scratch(rows, 1) : undefined;
  const forward = () => {
    const first = ids.pointer + rows.first * width * 4;
    kernels.gatherBags(rows.count, width, cols, first, value, weights?.value ?? 0, y.value + at, y.cols);
  };
  if (weights === undefined) return { forward };
  return {
    forward,
    backward() {
      kernels.rowScale(rows.count, cols, y.grad + at, y.cols, weights.value, y.grad + at, y.cols, 0);
    },
  };
}

function numberPart({ kernels }: Tape, numbers: Floats, y: Tensor, at: Pointer): FieldColumns {
  const { rows } = y;
  return {
    forward() {
      kernels.copyRows(rows.count, 1, numbers.pointer + rows.first * 4, 1, y.value + at, y.cols, 0);
    },
  };
}
