/**
 * BaseModel of the paper's comparison: embeddings, a sum-pooled history and an MLP. It sees the behaviours as a bag,
 * and
 * the candidate only beside it.
 */
import { z } from "zod";
import { defineModel } from "./model.ts";
import { commonConfig, embedBatch, head } from "./parts.ts";

export const base = defineModel({
  name: "base",
  summary: "embeddings, sum-pooled history, MLP",
  config: z.strictObject(commonConfig),
  logits(tape, batch, config) {
    const embedded = embedBatch(tape, batch, config);
    return head(tape, embedded, [embedded.candidate, embedded.sum], config);
  },
});
