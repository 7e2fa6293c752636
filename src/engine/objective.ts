/**
 * The target loss: mean cross-entropy of the click (L_target of the paper, eq. 1). Auxiliary losses are the model's.
 */
import { crossEntropy } from "../autograd/loss.ts";
import type { Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/values.ts";
import type { Batch } from "../features/batch.ts";

export const TARGET_LOSS = "target";

/** Adds the target loss of `batch` to the tape; recorded after the model. */
export function addTargetLoss(tape: Tape, batch: Batch, logits: Tensor): void {
  crossEntropy(tape, tape.loss(TARGET_LOSS, 1, "samples"), logits, batch.labels);
}
