/** Cases of every kernel of the contract. */
import type { Kernels } from "../../../src/kernels/contract.ts";
import { activations } from "./activations.ts";
import type { Cases } from "./case.ts";
import { matrices } from "./matrices.ts";
import { optimiser } from "./optimiser.ts";
import { rows } from "./rows.ts";
import { sequences } from "./sequences.ts";
import { sharing } from "./sharing.ts";
import { steps } from "./steps.ts";

export type KernelName = keyof Kernels;

export const CASES: Cases<KernelName> = {
  ...matrices,
  ...activations,
  ...sequences,
  ...sharing,
  ...steps,
  ...rows,
  ...optimiser,
};
