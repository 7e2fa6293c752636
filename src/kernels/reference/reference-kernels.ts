/**
 * The kernels in plain TypeScript: the specification that every other build must agree with, and a fallback that runs
 * anywhere. Loops are as plain as they can be and sums are kept in double precision; nothing here is tuned.
 */
import type { Kernels } from "../contract.ts";
import { activations } from "./activations.ts";
import { attention } from "./attention.ts";
import { elementwise } from "./elementwise.ts";
import { embedding } from "./embedding.ts";
import { optimiser } from "./optimiser.ts";
import { products } from "./products.ts";
import { recurrence } from "./recurrence.ts";
import { sharing } from "./sharing.ts";
import { steps } from "./steps.ts";

/** Reference kernels over `memory`, which must not grow. */
export function createReferenceKernels(memory: Pick<WebAssembly.Memory, "buffer">): Kernels {
  const views = { f32: new Float32Array(memory.buffer), i32: new Int32Array(memory.buffer) };
  return {
    ...products(views),
    ...elementwise(views),
    ...activations(views),
    ...recurrence(views),
    ...attention(views),
    ...embedding(views),
    ...sharing(views),
    ...steps(views),
    ...optimiser(views),
  };
}
