/** The WebAssembly builds of the kernels: `assembly/`, compiled by scripts/build-kernels.mjs into `generated/`. */
import type { Kernels } from "../contract.ts";
import { wasm as relaxedWasm } from "./generated/relaxed.ts";
import { wasm as simdWasm } from "./generated/simd.ts";

/** What a build exports: the kernels, and `peak` of assembly/peak.ts. */
export interface WasmKernels extends Kernels {
  /** Makes 96 * iterations floating-point operations in registers, at the build's best rate; returns their result. */
  peak(iterations: number, factor: number, addend: number): number;
}

/** Floating-point operations of one iteration of `peak`. */
export const PEAK_FLOP = 96;

const modules = new Map<string, WebAssembly.Module>();

function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** Whether this runtime has relaxed SIMD. */
export function relaxedSupported(): boolean {
  return WebAssembly.validate(decode(relaxedWasm));
}

/** A build over `memory`, which must be shared. Throws Error where `relaxed` is not supported. */
export function loadWasmKernels(memory: WebAssembly.Memory, build: "simd" | "relaxed"): WasmKernels {
  let module = modules.get(build);
  if (!module) {
    if (build === "relaxed" && !relaxedSupported()) {
      throw new Error('kernels "relaxed" need a runtime with relaxed SIMD, which this one lacks; use "simd"');
    }
    module = new WebAssembly.Module(decode(build === "relaxed" ? relaxedWasm : simdWasm));
    modules.set(build, module);
  }
  return new WebAssembly.Instance(module, { env: { memory } }).exports as WebAssembly.Exports & WasmKernels;
}
