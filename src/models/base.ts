/**
 * BaseModel of the paper's comparison (https://arxiv.org/abs/1809.03672): embeddings, a sum-pooled history and an MLP. The
 * history is a bag of behaviours, not related to the candidate before the MLP. The authors' code has batch normalisation
 * of the MLP's input; there is none here.
 */
import { commonConfig, embedBatch, head } from "./common.ts";
import { defineModel } from "./model.ts";

export const base = defineModel({
  name: "base",
  summary: "embeddings, sum-pooled history, MLP",
  paper: {
    citation: "BaseModel in Zhou et al., Deep Interest Evolution Network for Click-Through Rate Prediction, AAAI 2019",
    url: "https://arxiv.org/abs/1809.03672",
  },
  config: (z) => z.strictObject(commonConfig(z)),
  logits(tape, batch, config) {
    const embedded = embedBatch(tape, batch, config);
    return head(tape, embedded, [embedded.candidate, embedded.sum], config);
  },
});
