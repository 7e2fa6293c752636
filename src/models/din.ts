/**
 * Deep Interest Network (Zhou et al., KDD 2018, https://arxiv.org/abs/1706.06978): a local activation unit weighs
 * each behaviour by the candidate; the MLP reads the weighted sum of the history beside the plain one.
 *
 * As in the DIEN authors' comparison the weights pass a softmax; the DIN paper leaves them unnormalised.
 */
import { weightedSumSteps } from "../autograd/steps.ts";
import { attentionWeights, mlpScores } from "../nn/attention.ts";
import { twoLayers } from "./attention.ts";
import { commonConfig, embedBatch, head, interaction } from "./common.ts";
import { defineModel } from "./model.ts";

export const din = defineModel({
  name: "din",
  summary: "attention of the candidate to each behaviour, weighted sum",
  paper: {
    citation: "Zhou et al., Deep Interest Network for Click-Through Rate Prediction, KDD 2018",
    url: "https://arxiv.org/abs/1706.06978",
  },
  config: (z) =>
    z.strictObject({
      ...commonConfig(z),
      attention: z.strictObject({ layers: twoLayers(z).default([80, 40]).describe("hidden layers") }).prefault({}),
    }),
  logits(tape, batch, config) {
    const embedded = embedBatch(tape, batch, config);
    const { candidate, history, sum } = embedded;
    const scores = mlpScores(tape, batch.packed, "attention", history, candidate, config.attention.layers);
    const attention = attentionWeights(tape, batch.packed, "attention", scores, "softmax");
    tape.expose("attention", attention);
    const interest = weightedSumSteps(tape, batch.packed, attention, history);
    return head(tape, embedded, [candidate, sum, interaction(tape, embedded), interest], config);
  },
});
