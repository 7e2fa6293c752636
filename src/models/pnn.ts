/**
 * Product-based Neural Network (Qu et al. 2016, https://arxiv.org/abs/1611.00144): an MLP whose input contains products
 * of features beside the features.
 *
 *   elementwise  x*S, the candidate times the history: what the DIEN authors call PNN in their comparison
 *   inner        the inner product of each two field vectors (IPNN)
 *   outer        the outer product of the sum of all field vectors with itself (OPNN, by superposition)
 *
 * The fields are those of user, candidate, history (summed) and context that have vectors: numbers are in no product but
 * the first. The original maps products and features
 * linearly before its first activation; here the first layer of the head is that map. Its inner products are a
 * symmetric matrix with the squares on the diagonal; here each pair of different fields counts once.
 */
import { columns, sum } from "../autograd/elementwise.ts";
import { dot, outer } from "../autograd/products.ts";
import type { Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/values.ts";
import { type Field, isNumber } from "../features/schema.ts";
import { commonConfig, type EmbeddedBatch, embedBatch, head, interaction } from "./common.ts";
import { defineModel } from "./model.ts";

type Product = (tape: Tape, embedded: EmbeddedBatch, fieldSize: number) => Tensor[];

const products: Record<"elementwise" | "inner" | "outer", Product> = {
  elementwise: (tape, embedded) => [interaction(tape, embedded)],
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
  summary: "base with products of candidate and history, or of all fields, as further input",
  paper: {
    citation: "Qu et al., Product-Based Neural Networks for User Response Prediction, ICDM 2016",
    url: "https://arxiv.org/abs/1611.00144",
  },
  config: (z) =>
    z.strictObject({
      ...commonConfig(z),
      product: z
        .enum(["elementwise", "inner", "outer"])
        .default("elementwise")
        .describe("candidate times history; inner products of all pairs of fields; outer product of their sum"),
    }),
  logits(tape, batch, config) {
    const embedded = embedBatch(tape, batch, config);
    const { candidate, sum } = embedded;
    const crossed = products[config.product](tape, embedded, config.embedding.size);
    return head(tape, embedded, [candidate, sum, ...crossed], config);
  },
});

/** The vector [B, size] of every field that has one: of user, candidate, history and context. */
function fieldVectors(tape: Tape, { user, candidate, sum, context, schema }: EmbeddedBatch, size: number): Tensor[] {
  const vectors = (group: Tensor | undefined, fields: readonly Field[]) => {
    let column = 0;
    return fields.flatMap((field) => {
      const from = column;
      column += isNumber(field) ? 1 : size;
      return isNumber(field) ? [] : [columns(tape, group!, from, column)];
    });
  };
  return [
    ...vectors(user, schema.user),
    ...vectors(candidate, schema.item),
    ...vectors(sum, schema.item),
    ...vectors(context, schema.context),
  ];
}
