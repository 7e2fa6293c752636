/** What kind of work each kernel is. */
import type { Kernels } from "../../src/kernels/contract.ts";

/** In the order of the tables. */
export const KINDS = [
  "products",
  "recurrence",
  "attention",
  "activations",
  "element-wise",
  "embeddings",
  "loss",
  "Adam",
] as const;

export type Kind = (typeof KINDS)[number];

/** Every kernel: one without a kind does not compile. */
export const KIND_OF: Record<keyof Kernels, Kind> = {
  gemmNN: "products",
  gemmNT: "products",
  gemmTN: "products",
  transpose: "products",
  columnSums: "products",
  gruForward: "recurrence",
  gruBackward: "recurrence",
  softmaxSteps: "attention",
  softmaxStepsBackward: "attention",
  preluForward: "activations",
  preluBackward: "activations",
  moments: "activations",
  diceForward: "activations",
  diceBackward: "activations",
  sigmoid: "activations",
  sigmoidBackward: "activations",
  fill: "element-wise",
  copyRows: "element-wise",
  scale: "element-wise",
  multiply: "element-wise",
  rowDot: "element-wise",
  rowScale: "element-wise",
  gatherSteps: "element-wise",
  addSteps: "element-wise",
  sumSteps: "element-wise",
  spreadSteps: "element-wise",
  dotSteps: "element-wise",
  precedingSteps: "element-wise",
  addPrecedingSteps: "element-wise",
  addRows: "element-wise",
  gatherRows: "embeddings",
  gatherBags: "embeddings",
  linkRows: "embeddings",
  linkBags: "embeddings",
  sumLinkedRows: "embeddings",
  crossEntropy: "loss",
  sumShards: "Adam",
  adam: "Adam",
  adamRows: "Adam",
};
