/** Embedding look-up: ids to vectors, and where the gradients of the vectors go. */
import type { Ids } from "../tensor/arrays.ts";
import type { Rows } from "../tensor/packed.ts";
import type { Tape } from "./tape.ts";
import type { Parameter, Tensor } from "./values.ts";

/**
 * The rows `ids` of each table side by side: [rows, sum of table cols]. `ids[f]` holds the ids of field f for `rows`,
 * from rows.first on.
 *
 * There is no backward. The gradient of the output outlives the replay and is found through `tape.lookups`; the optimiser
 * adds up the rows of all shards in their order.
 */
export function embed(tape: Tape, tables: readonly Parameter[], ids: readonly Ids[], rows: Rows): Tensor {
  const { kernels } = tape;
  const cols = tables.reduce((sum, table) => sum + table.cols, 0);
  const y = tape.tensor(rows, cols);
  tape.record({
    name: "embed",
    parameters: { tables },
    outputs: { y },
    attributes: { ids },
    forward() {
      let at = y.value;
      for (let f = 0; f < tables.length; f++) {
        const table = tables[f];
        kernels.gatherRows(rows.count, table.cols, ids[f].pointer + rows.first * 4, table.value, at, cols);
        at += table.cols * 4;
      }
    },
  });
  return y;
}
