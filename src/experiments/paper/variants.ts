/**
 * What the paper compares, each as settings that differ from the defaults: whole models (tables 2 and 3), and DIEN with
 * some of its parts (table 4, https://arxiv.org/abs/1809.03672).
 */
import type { Variant } from "../lab/trials.ts";

const plain = (name: string, label: string): Variant => ({ name, label, settings: { "model.name": name } });

/** DIEN with settings of its own. */
function dienWith(name: string, label: string, settings: Readonly<Record<string, unknown>>): Variant {
  return { name, label, settings: { "model.name": "dien", ...settings } };
}

export const base = plain("base", "BaseModel");
export const wideDeep = plain("wide-deep", "Wide & Deep");
export const pnn = plain("pnn", "PNN");
export const din = plain("din", "DIN");
export const gruAttention = plain("gru-attention", "Two-layer GRU with attention");
export const dien = plain("dien", "DIEN");

/** Table 4: the interest evolution forms on a GRU extractor without auxiliary loss. */
const evolving = (evolution: string, label: string) =>
  dienWith(evolution, label, { "model.evolution": evolution, "model.auxiliary.weight": 0 });

export const aigru = evolving("aigru", "GRU + AIGRU");
export const agru = evolving("agru", "GRU + AGRU");
export const augru = evolving("augru", "GRU + AUGRU");

/** The auxiliary loss with an evolving layer that does not depend on the candidate. */
export const gruWithLoss = dienWith("gru-loss", "GRU + GRU, auxiliary loss", { "model.evolution": "gru" });
export const uniform = dienWith("uniform", "uniform attention", { "model.attention.form": "uniform" });
/** Attention to each behaviour independent of the others: a long history does not freeze AUGRU's state. */
export const sigmoid = dienWith("sigmoid", "sigmoid attention", { "model.attention.activation": "sigmoid" });

/** The choices of the code that the authors released, one at a time and together (docs/decisions/0002). */
const released = {
  augru: { "model.augru.form": "released" },
  attention: { "model.attention.form": "mlp", "model.attention.activation": "softmax" },
  auxiliary: { "model.auxiliary.form": "mlp" },
  // Their code halves the target loss and keeps the whole auxiliary loss. Adam ignores a common factor, so doubling the
  // auxiliary loss is the same, as long as gradients are not clipped and there is no penalty, as by default.
  weight: { "model.auxiliary.weight": 2 },
  rate: { "train.learning_rate": 0.001, "train.learning_rate_decay": 0.5, "train.epochs": 3 },
};

export const releasedAugru = dienWith("released-augru", "AUGRU of the released code", released.augru);
export const mlpAttention = dienWith("mlp-attention", "attention of the released code (MLP)", released.attention);
export const mlpLoss = dienWith("mlp-loss", "auxiliary loss of the released code (MLP)", released.auxiliary);
export const auxiliary2 = dienWith("weight-2", "half-weight target loss (auxiliary weight 2)", released.weight);
export const halvedRate = dienWith("halved-rate", "learning rate 0.001, halved each epoch", released.rate);
export const asReleased = dienWith(
  "as-released",
  "all choices of the released code",
  Object.assign({}, ...Object.values(released)),
);

/** Between no auxiliary loss (`augru`) and one of weight 2. */
export const auxiliaryHalf = dienWith("weight-0.5", "auxiliary weight 0.5", { "model.auxiliary.weight": 0.5 });
