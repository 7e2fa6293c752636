/** Binary cross-entropy with logits, the loss of every output here. */
import type { Pointer } from "../kernels/contract.ts";
import type { Loss, Tape, Tensor } from "./tape.ts";

/**
 * Adds to `loss` the cross-entropy of `logits` [rows, 1] with labels: a pointer to [rows] floats, or 0 or 1 for all.
 * The mean is over the whole batch's samples or pairs (`tape.totals`), so shards' values and gradients simply add up.
 */
export function crossEntropy(
  tape: Tape,
  loss: Loss,
  logits: Tensor,
  labels: { readonly pointer: Pointer } | 0 | 1,
): void {
  const { kernels } = tape;
  const { rows } = logits;
  const constant = typeof labels === "number" ? tape.buffer(rows, 1) : undefined;
  tape.record({
    outputs: [],
    forward() {
      const { count } = rows;
      if (constant) kernels.fill(count, constant.value, labels as 0 | 1);
      const pointer = constant ? constant.value : (labels as { pointer: Pointer }).pointer;
      const total = Math.max(1, tape.totals[loss.per]);
      const gradient = tape.training ? logits.grad : 0;
      // The gradient is a by-product of the loss: it is written here, and claimed before anyone else can.
      loss.value += kernels.crossEntropy(count, logits.value, pointer, gradient, loss.weight / total) / total;
      if (tape.training && tape.claim(logits) === 1)
        throw new Error(`loss ${loss.name}: logits have another loss already`);
    },
  });
}
