/** The candidate's attention to interests as configuration: which form, of what size. */
import { z } from "zod";
import type { Tape, Tensor } from "../autograd/tape.ts";
import { bilinearAttention, mlpAttention, projectQuery, uniformAttention } from "../nn/attention.ts";
import type { Packed } from "../tensor/packed.ts";

const layer = z.int().min(1).max(4096);

/** Two hidden layers of a small network. */
export const twoLayers = z.tuple([layer, layer]);

export const attentionConfig = z
  .strictObject({
    form: z
      .enum(["bilinear", "mlp", "uniform"])
      .default("bilinear")
      .describe("eq. 8; the network of the authors' code; or the same weight for every behaviour"),
    layers: twoLayers.default([80, 40]).describe("hidden layers of the mlp form"),
  })
  .prefault({});

/** a_t, the candidate's attention to each interest: [samples, E] and [tokens, H] -> [tokens, 1]. */
export function attend(
  tape: Tape,
  packed: Packed,
  candidate: Tensor,
  interests: Tensor,
  { form, layers }: z.output<typeof attentionConfig>,
): Tensor {
  if (form === "uniform") return uniformAttention(tape, packed);
  if (form === "bilinear") return bilinearAttention(tape, packed, "attention", interests, candidate);
  const query = projectQuery(tape, "attention.query", candidate, interests.cols);
  return mlpAttention(tape, packed, "attention", interests, query, layers);
}
