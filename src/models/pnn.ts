/**
 * Product-based Neural Network (Qu et al. 2016, https://arxiv.org/abs/1611.00144): an MLP that is given products of
 * features beside the features.
 *
 *   elementwise  x*S, the candidate times the history: what the DIEN authors call PNN in their comparison
 *   inner        the inner product of each pair of field vectors (IPNN)
 *   outer        the outer product of the sum of all field vectors with itself (OPNN, by superposition)
 *
 * The fields are those of user, candidate, history (summed) and context. The original gives the MLP a linear map of
 * products and features; here it reads them as they are, and its first layer is that map.
 */
import { z } from "zod";
import { columns, dot, multiply, outer, sum } from "../autograd/elementwise.ts";
import type { Tape, Tensor } from "../autograd/tape.ts";
import { defineModel } from "./model.ts";
import { commonConfig, type Embedded, embedBatch, head } from "./parts.ts";

type Product = (tape: Tape, embedded: Embedded, fieldSize: number) => Tensor[];

const products: Record<"elementwise" | "inner" | "outer", Product> = {
  elementwise: (tape, { candidate, sum }) => [multiply(tape, candidate, sum)],
  inner: (tape, embedded, fieldSize) => {
    const fields = fieldVectors(tape, embedded, fieldSize);
    return fields.flatMap((a, i) => fields.slice(i + 1).map((b) => dot(tape, a, b)));
  },
  outer: (tape, embedded, fieldSize) => {
    const total = sum(tape, fieldVectors(tape, embedded, fieldSize));
    return [outer(tape, total, total)];
  },
};

export const pnn = defineModel({
  name: "pnn",
  summary: "base that is given products of candidate and history, or of all fields",
  config: z.strictObject({
    ...commonConfig,
    product: z
      .enum(["elementwise", "inner", "outer"])
      .default("elementwise")
      .describe("candidate times history; inner products of all pairs of fields; outer product of their sum"),
  }),
  logits(tape, batch, config) {
    const embedded = embedBatch(tape, batch, config);
    const { candidate, sum } = embedded;
    return head(
      tape,
      embedded,
      [candidate, sum, ...products[config.product](tape, embedded, config.embedding.size)],
      config,
    );
  },
});

/** Every field's vector [B, size]: of user, candidate, history and context. */
function fieldVectors(tape: Tape, { user, candidate, sum, context }: Embedded, size: number): Tensor[] {
  const groups = [user, candidate, sum, context].filter((group) => group !== undefined);
  return groups.flatMap((group) =>
    Array.from({ length: group.cols / size }, (_, f) => columns(tape, group, f * size, (f + 1) * size)),
  );
}
