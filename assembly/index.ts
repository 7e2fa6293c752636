/**
 * Everything the module exports: the kernels of src/kernels/contract.ts, and the measure of the machine's best rate.
 */
export { diceBackward, diceForward, moments, preluBackward, preluForward } from "./activations";
export { adam, adamRows, sumShards } from "./adam";
export {
  columnSums,
  copyRows,
  fill,
  multiply,
  rowDot,
  rowScale,
  scale,
  sigmoidBackward,
} from "./elementwise";
export { addRows, gatherBags, gatherRows, linkBags, linkRows, sumLinkedRows } from "./embedding";
export { gemmNN, gemmNT, gemmTN, transpose } from "./gemm";
export { crossEntropy } from "./loss";
export { sigmoid } from "./math";
export { peak } from "./peak";
export { gruBackward, gruForward } from "./recurrence";
export { addSteps, gatherSteps } from "./sharing";
export { softmaxSteps, softmaxStepsBackward } from "./softmax";
export { addPrecedingSteps, dotSteps, precedingSteps, spreadSteps, sumSteps } from "./steps";
// Exported only to stay variables: see math.ts.
export { HIGHEST, LOWEST, MINUS_LOG2_E, ONE, POWER_1, POWER_2, POWER_3, POWER_4, POWER_5, ROUNDER } from "./math";
