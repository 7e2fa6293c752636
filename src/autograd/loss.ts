/** Binary cross-entropy with logits, the loss of every output here. */
import type { Floats } from "../tensor/arrays.ts";
import type { Tape } from "./tape.ts";
import type { Loss, Tensor } from "./values.ts";

/**
 * Adds to `loss` the cross-entropy of `logits` [rows, 1] with labels: one for each row, or 0 or 1 for all. With weights,
 * which are 1 on average over a split, each row counts by its own. The mean is over the whole batch's samples or pairs
 * (`tape.totals`), so shards' values and gradients simply add up.
 */
export function crossEntropy(tape: Tape, loss: Loss, logits: Tensor, labels: Floats | 0 | 1, weights?: Floats): void {
  const { kernels } = tape;
  const { rows } = logits;
  const constant = tape.scratch(rows, 1);
  tape.record({
    name: "crossEntropy",
    inputs: { logits },
    attributes: { loss, labels, ...(weights && { weights }) },
    forward() {
      const { count } = rows;
      if (typeof labels === "number") kernels.fill(count, constant.value, labels);
      const pointer = typeof labels === "number" ? constant.value : labels.pointer;
      const total = Math.max(1, tape.totals[loss.per]);
      const gradient = tape.training ? logits.grad : 0;
      // The gradient is a by-product of the loss: it is written here, and claimed before anyone else can.
      const factor = loss.weight / total;
      loss.value += kernels.crossEntropy(count, logits.value, pointer, weights?.pointer ?? 0, gradient, factor) / total;
      if (tape.training && tape.claim(logits) === 1)
        throw new Error(`loss ${loss.name}: logits have another loss already`);
    },
  });
}
