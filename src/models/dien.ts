/**
 * Deep Interest Evolution Network (Zhou et al., AAAI 2019, https://arxiv.org/abs/1809.03672).
 *
 *   behaviours e_t -> GRU -> interests h_t            interest extractor, eq. 2-5; auxiliary loss on h_t, eq. 6-7
 *   a_t = attention(h_t, candidate)                    eq. 8
 *   AUGRU over h_t, update gate scaled by a_t -> h'_T  interest evolving layer, eq. 11-12
 *   [user, x, S, x*S, h'_T, context] -> MLP -> logit
 *
 * Where paper and authors' code differ the paper is the default and the other is an option (docs/decisions/0002).
 */
import type { z } from "zod";
import { following, preceding } from "../autograd/steps.ts";
import type { Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/values.ts";
import type { Batch } from "../features/batch.ts";
import { auxiliaryLoss } from "../nn/auxiliary.ts";
import { evolve } from "../nn/evolution.ts";
import { gru } from "../nn/gru.ts";
import { attend, attentionConfig, twoLayers } from "./attention.ts";
import { commonConfig, type EmbeddedBatch, embedBatch, head, interaction } from "./common.ts";
import { defineModel, type Zod } from "./model.ts";

const config = (z: Zod) =>
  z.strictObject({
    ...commonConfig(z),
    attention: attentionConfig(z),
    evolution: z.enum(["gru", "aigru", "agru", "augru"]).default("augru").describe("the evolving layer's recurrence"),
    augru: z
      .strictObject({
        form: z.enum(["paper", "released"]).default("paper").describe("scale the update gate, or the keep gate"),
      })
      .prefault({}),
    auxiliary: z
      .strictObject({
        form: z.enum(["dot", "mlp"]).default("dot").describe("eq. 6, or the network of the authors' code"),
        layers: twoLayers(z).default([100, 50]).describe("hidden layers of the mlp form"),
        weight: z.number().min(0).default(1).describe("alpha in L = L_target + alpha L_aux; 0 leaves the loss out"),
      })
      .prefault({}),
  });

type DienConfig = z.output<ReturnType<typeof config>>;

export const dien = defineModel({
  name: "dien",
  summary: "interest extractor with auxiliary loss, attention-gated interest evolution",
  paper: {
    citation: "Zhou et al., Deep Interest Evolution Network for Click-Through Rate Prediction, AAAI 2019",
    url: "https://arxiv.org/abs/1809.03672",
  },
  config,
  logits(tape, batch, config) {
    const { packed } = batch;
    const embedded = embedBatch(tape, batch, config);
    const { candidate, history, sum } = embedded;
    const hidden = history.cols;
    const interests = gru(tape, packed.sequences, "extractor", history, hidden);
    if (tape.supervised && config.auxiliary.weight > 0) superviseInterests(tape, batch, embedded, interests, config);
    const attention =
      config.evolution === "gru" ? undefined : attend(tape, packed, candidate, interests, config.attention);
    const { states, last } = evolve(tape, packed, "evolution", config, interests, attention, hidden);
    tape.expose("interests", interests);
    tape.expose("attention", attention);
    tape.expose("states", states);
    return head(tape, embedded, [candidate, sum, interaction(tape, embedded), last], config);
  },
});

/**
 * Pairs each interest with the behaviour that follows it and with one sampled for that place; of sequences that samples
 * share, each pair once.
 */
function superviseInterests(
  tape: Tape,
  batch: Batch,
  { history, items }: EmbeddedBatch,
  interests: Tensor,
  { auxiliary }: DienConfig,
): void {
  const { sequences } = batch.packed;
  const input = {
    states: preceding(tape, sequences, interests),
    clicked: following(tape, sequences, history),
    negative: items.lookUp(batch.negatives, sequences.pairs),
  };
  auxiliaryLoss(tape, "auxiliary", auxiliary.form, auxiliary.weight, input, auxiliary.layers);
}
