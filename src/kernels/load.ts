/**
 * Loads an implementation of the kernels over a shared memory; each has a folder of its own here.
 *
 * - `wasm`: WebAssembly with 128-bit SIMD. Every product and sum is rounded as IEEE 754 says, so results are equal to
 *   the bit on every machine and runtime.
 * - `native`: the same kernels in C++ (`native/`), compiled for the machine, with the bits of `wasm` and, on
 *   x64, vectors twice as wide.
 * - `reference`: plain TypeScript in double precision, for comparison. Two orders of magnitude slower.
 */
import type { Kernels } from "./contract.ts";
import { loadNativeKernels, nativeBuild } from "./native/native-kernels.ts";
import { createReferenceKernels } from "./reference/reference-kernels.ts";
import { loadWasmKernels } from "./wasm/wasm-kernels.ts";

export const ENGINES = ["wasm", "native", "reference"] as const;
export type Engine = (typeof ENGINES)[number];

/** What this machine lacks for an engine; undefined where it runs. */
export function lackFor(engine: Engine): string | undefined {
  return engine === "native" ? nativeBuild().lack?.reason : undefined;
}

/** Whether an engine runs here. */
export function engineSupported(engine: Engine): boolean {
  return lackFor(engine) === undefined;
}

/** Kernels for a tape that is recorded to plan with and never replayed: they compute nowhere. */
export function planKernels(): Kernels {
  return createReferenceKernels({ buffer: new ArrayBuffer(0) });
}

/** The kernels over `memory` (shared, never to grow), ready to call. Throws Error where the engine is not supported. */
export function loadKernels(memory: WebAssembly.Memory, engine: Engine = "wasm"): Kernels {
  if (engine === "reference") return createReferenceKernels(memory);
  return engine === "native" ? loadNativeKernels(memory) : loadWasmKernels(memory);
}
