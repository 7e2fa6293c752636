/**
 * Two-layer GRU with attention: DIEN's strongest rival in its paper (table 2, https://arxiv.org/abs/1809.03672), after
 * Parsana et al. 2018 (https://arxiv.org/abs/1804.09133). The candidate weighs the states of the second GRU, and their
 * weighted sum is the interest: order is modelled, but independently of the candidate. The authors' code attends by an MLP
 * (`attention.form=mlp`); the default is eq. 8, as for DIEN.
 */
import { weightedSumSteps } from "../autograd/steps.ts";
import { gru } from "../nn/gru.ts";
import { attend, attentionConfig } from "./attention.ts";
import { commonConfig, embedBatch, head, interaction } from "./common.ts";
import { defineModel } from "./model.ts";

export const gruAttention = defineModel({
  name: "gru-attention",
  summary: "two GRUs, attention of the candidate to the states of the second, weighted sum",
  paper: {
    citation:
      "Parsana et al., Improving Native Ads CTR Prediction by Large Scale Event Embedding and Recurrent Networks, arXiv 2018",
    url: "https://arxiv.org/abs/1804.09133",
  },
  config: (z) => z.strictObject({ ...commonConfig(z), attention: attentionConfig(z) }),
  logits(tape, batch, config) {
    const { packed } = batch;
    const embedded = embedBatch(tape, batch, config);
    const { candidate, history, sum } = embedded;
    const hidden = history.cols;
    const first = gru(tape, packed.sequences, "gru.0", history, hidden);
    const states = gru(tape, packed.sequences, "gru.1", first, hidden);
    const attention = attend(tape, packed, candidate, states, config.attention);
    tape.expose("attention", attention);
    tape.expose("states", states);
    const interest = weightedSumSteps(tape, packed, attention, states);
    return head(tape, embedded, [candidate, sum, interaction(tape, embedded), interest], config);
  },
});
