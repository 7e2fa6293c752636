/**
 * Wide & Deep (Cheng et al. 2016, https://arxiv.org/abs/1606.07792): a linear model on crossed features beside an MLP,
 * their logits added.
 *
 * As in the DIEN authors' comparison the deep part is BaseModel and the wide part reads [x, S, x*S]: the candidate, the
 * history and their product. The original crosses features by hand and trains the wide part by FTRL with L1; here both
 * parts are trained jointly by Adam.
 */
import { affine } from "../autograd/affine.ts";
import { commonConfig, embedBatch, head, interaction } from "./common.ts";
import { defineModel } from "./model.ts";

export const wideDeep = defineModel({
  name: "wide-deep",
  summary: "base beside a linear model on candidate, history and their product",
  paper: {
    citation: "Cheng et al., Wide & Deep Learning for Recommender Systems, DLRS 2016",
    url: "https://arxiv.org/abs/1606.07792",
  },
  config: (z) => z.strictObject(commonConfig(z)),
  logits(tape, batch, config) {
    const embedded = embedBatch(tape, batch, config);
    const { candidate, sum } = embedded;
    const deep = head(tape, embedded, [candidate, sum], config);
    const wide = [candidate, sum, interaction(tape, embedded)];
    const D = candidate.cols;
    const W = tape.parameter("wide.W", wide.length * D, 1, { kind: "glorot", fanIn: wide.length * D, fanOut: 1 });
    const terms = wide.map((x, i) => ({ x, weight: tape.rowsOf(W, i * D, (i + 1) * D) }));
    return affine(tape, terms, { plus: deep });
  },
});
