/**
 * What every thread records on its tape: the configured model and, where there are labels, the losses it is trained on.
 *
 * Losses go by their names. The target loss is that of every model, the mean cross-entropy of the click (L_target of
 * https://arxiv.org/abs/1809.03672, eq. 1); the others (`auxiliary`) a model adds while it is recorded. All of them are
 * recorded here and not in `training`, because each worker thread records its own tape from the configuration alone.
 * Training knows of losses what the tape lists: names and weights (`Workspace.losses`). It treats them all alike, so
 * another loss changes nothing there.
 */
import { crossEntropy } from "../autograd/loss.ts";
import type { Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/values.ts";
import type { Batch } from "../features/batch.ts";
import { models } from "../models/registry.ts";
import type { RunConfig } from "../run/config.ts";

/** Records the configured model, with its losses where the tape is supervised. Returns the logits [B, 1]. */
export function recordModel(tape: Tape, batch: Batch, { model }: Pick<RunConfig, "model">): Tensor {
  const { name, ...config } = model;
  const target = tape.supervised ? tape.loss("target", 1, "samples") : undefined;
  const logits = models.get(name)!.logits(tape, batch, config);
  if (target) crossEntropy(tape, target, logits, batch.labels, batch.weights);
  return logits;
}
