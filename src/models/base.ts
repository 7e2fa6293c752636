/**
 * BaseModel of the paper's comparison (https://arxiv.org/abs/1809.03672): embeddings, a sum-pooled history and an MLP. It
 * sees the behaviours as a bag, and the candidate only beside it. The authors' code standardises the input by an affine
 * map that it calls batch normalisation; there is none here.
 */
import { z } from "zod";
import { defineModel } from "./model.ts";
import { commonConfig, embedBatch, head } from "./parts.ts";

export const base = defineModel({
  name: "base",
  summary: "embeddings, sum-pooled history, MLP",
  paper: {
    citation: "BaseModel in Zhou et al., Deep Interest Evolution Network for Click-Through Rate Prediction, AAAI 2019",
    url: "https://arxiv.org/abs/1809.03672",
  },
  config: z.strictObject(commonConfig),
  logits(tape, batch, config) {
    const embedded = embedBatch(tape, batch, config);
    return head(tape, embedded, [embedded.candidate, embedded.sum], config);
  },
});
