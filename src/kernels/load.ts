/**
 * Loads a build of the kernels over a shared memory.
 *
 * - `simd`: WebAssembly with 128-bit SIMD. Every product and sum is rounded as IEEE 754 says, so results are equal to
 * the
 *   bit on every machine and engine.
 * - `relaxed`: the same sources with relaxed SIMD, where a multiplication and an addition may be fused into one
 * rounding
 *   (https://github.com/WebAssembly/relaxed-simd). Faster where the processor's additions are its bottleneck, but
 *   **results are no longer equal to the bit across machines**; on one machine they are repeatable as before. Node 20
 *   does not have it.
 * - `reference`: plain TypeScript in double precision, for comparison. Two orders of magnitude slower.
 */
import type { Kernels } from "./contract.ts";
import { wasm as relaxedWasm } from "./generated/relaxed.ts";
import { wasm as simdWasm } from "./generated/simd.ts";
import { createReferenceKernels } from "./reference.ts";

export const ENGINES = ["simd", "relaxed", "reference"] as const;
export type Engine = (typeof ENGINES)[number];

/** What a WebAssembly build exports: the kernels, and `peak` of assembly/peak.ts. */
export interface WasmKernels extends Kernels {
  /**
   * 96 * iterations floating-point operations in registers, the best rate the build can reach; returns their result.
   */
  peak(iterations: number, factor: number, addend: number): number;
}

/** Floating-point operations of one iteration of `peak`. */
export const PEAK_FLOP = 96;

const modules = new Map<string, WebAssembly.Module>();

function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** Whether this engine accepts relaxed SIMD. */
export function relaxedSupported(): boolean {
  return WebAssembly.validate(decode(relaxedWasm));
}

/** A WebAssembly build over `memory`, which must be shared. Throws Error where `relaxed` is not supported. */
export function loadWasmKernels(memory: WebAssembly.Memory, engine: "simd" | "relaxed"): WasmKernels {
  let module = modules.get(engine);
  if (!module) {
    if (engine === "relaxed" && !relaxedSupported()) {
      throw new Error('kernels "relaxed" need an engine with relaxed SIMD, which this one lacks; use "simd"');
    }
    module = new WebAssembly.Module(decode(engine === "relaxed" ? relaxedWasm : simdWasm));
    modules.set(engine, module);
  }
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as WasmKernels;
}

/** The kernels over `memory` (shared, never to grow), ready to call. Throws Error where `relaxed` is not supported. */
export function loadKernels(memory: WebAssembly.Memory, engine: Engine = "simd"): Kernels {
  return engine === "reference" ? createReferenceKernels(memory) : loadWasmKernels(memory, engine);
}
