/**
 * The kernel contract: everything that the engine needs from its compute core.
 *
 * A kernel is a function over byte offsets into one linear memory. It allocates nothing, keeps no state and knows no
 * tensor, layer or model. `reference/` computes in plain loops what each kernel is; `assembly/` holds the SIMD build,
 * loaded by `wasm/`, which must agree with it (`test/kernels`). A native build over the same memory could replace either.
 *
 * Conventions
 * - Matrices are row-major float32. `lda` is the distance between rows of `a` in elements, at least its column count.
 * - Every pointer is a multiple of 4 (float32, int32). Pointer 0 means "absent" where a parameter is optional.
 * - `accumulate` 0 overwrites the output (its old content, even NaN, is never read); 1 adds to it.
 * - Sizes of 0 are legal and do nothing, except that an overwriting product over k = 0 writes zeros (plus bias).
 * - The rows of an input of `multiply` (a), `rowDot` (a), `rowScale` (x), `copyRows` (x) and `gemmNN` (a) may be 0 apart: one
 *   row then stands for all of them.
 * - Outputs overlap no input unless a kernel says "in place".
 * - Shapes: B samples, T steps, H hidden units. Packed tokens: see `tensor/packed.ts`.
 */
import type { ActivationKernels } from "./contract/activations.ts";
import type { MatrixKernels } from "./contract/matrices.ts";
import type { OptimiserKernels } from "./contract/optimiser.ts";
import type { RowKernels } from "./contract/rows.ts";
import type { SequenceKernels } from "./contract/sequences.ts";

export { type Accumulate, Activation, Gate, type Pointer } from "./contract/values.ts";

/** All kernels; what each computes stands with its group. */
export interface Kernels extends MatrixKernels, ActivationKernels, SequenceKernels, RowKernels, OptimiserKernels {}
