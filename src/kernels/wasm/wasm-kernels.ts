/** The WebAssembly build of the kernels: `assembly/`, compiled by scripts/build-kernels.mjs into `generated/`. */
import type { Kernels } from "../contract.ts";
import { wasm } from "./generated/wasm.ts";

/** What the build exports: the kernels, and `peak` of assembly/peak.ts. */
export interface WasmKernels extends Kernels {
  /** Makes 96 * iterations floating-point operations in registers, at the build's best rate; returns their result. */
  peak(iterations: number, factor: number, addend: number): number;
}

/** Floating-point operations of one iteration of `peak`. */
export const PEAK_FLOP = 96;

let module: WebAssembly.Module | undefined;

/** The kernels over `memory`, which must be shared. */
export function loadWasmKernels(memory: WebAssembly.Memory): WasmKernels {
  module ??= new WebAssembly.Module(Uint8Array.from(atob(wasm), (character) => character.charCodeAt(0)));
  return new WebAssembly.Instance(module, { env: { memory } }).exports as WebAssembly.Exports & WasmKernels;
}
