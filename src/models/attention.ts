/** The candidate's attention to interests as configuration: which form, of what size. */
import type { z } from "zod";
import { zeros } from "../autograd/elementwise.ts";
import type { Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/values.ts";
import { attentionWeights, bilinearScores, mlpScores, projectQuery } from "../nn/attention.ts";
import type { Packed } from "../tensor/packed.ts";
import type { Zod } from "./model.ts";

/** Two hidden layers of a small network. */
export function twoLayers(z: Zod) {
  const layer = z.int().min(1).max(4096);
  return z.tuple([layer, layer]);
}

export const attentionConfig = (z: Zod) =>
  z
    .strictObject({
      form: z
        .enum(["bilinear", "mlp", "uniform"])
        .default("bilinear")
        .describe("score: eq. 8; the network of the authors' code; or the same for every behaviour"),
      layers: twoLayers(z).default([80, 40]).describe("hidden layers of the mlp form"),
      activation: z
        .enum(["softmax", "sigmoid"])
        .default("softmax")
        .describe("weight: a share of the history, as in eq. 8; or each behaviour by itself, for long histories"),
    })
    .prefault({});

/** a_t, the candidate's attention to each interest: [samples, E] and [tokens, H] -> [tokens, 1]. */
export function attend(
  tape: Tape,
  packed: Packed,
  candidate: Tensor,
  interests: Tensor,
  config: z.output<ReturnType<typeof attentionConfig>>,
): Tensor {
  const scores = attentionScores(tape, packed, candidate, interests, config);
  return attentionWeights(tape, packed, "attention", scores, config.activation);
}

/** A score for each interest, by the configured form: [tokens, 1]. */
function attentionScores(
  tape: Tape,
  packed: Packed,
  candidate: Tensor,
  interests: Tensor,
  { form, layers }: z.output<ReturnType<typeof attentionConfig>>,
): Tensor {
  switch (form) {
    case "uniform":
      return zeros(tape, packed.tokens, 1);
    case "bilinear":
      return bilinearScores(tape, packed, "attention", interests, candidate);
    case "mlp": {
      const query = projectQuery(tape, "attention.query", candidate, interests.cols);
      return mlpScores(tape, packed, "attention", interests, query, layers);
    }
  }
}
