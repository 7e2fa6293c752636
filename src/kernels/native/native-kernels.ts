/**
 * The native build of the kernels: `native/`, compiled for this machine by `npm run build:native`. It gives the bits of the
 * WebAssembly build `wasm`, with vectors twice as wide. Where there is no such file, or no Node, there is no native build.
 */
import type { Kernels } from "../contract.ts";

interface Addon {
  /** The kernels over the memory that `bytes` is a view of; undefined where the processor lacks what they need. */
  load(bytes: Uint8Array): Kernels | undefined;
}

/** Relative to the folder of the package. */
const FILE = "native/build/kernels.node";

let loaded: { readonly addon: Addon | undefined } | undefined;

/** This file runs in browsers too, which have no modules of Node's: they are asked for where they are needed. */
function addon(): Addon | undefined {
  loaded ??= { addon: globalThis.process?.getBuiltinModule === undefined ? undefined : requireAddon() };
  return loaded.addon;
}

function requireAddon(): Addon | undefined {
  const require = process.getBuiltinModule("node:module").createRequire(import.meta.url);
  const { existsSync } = process.getBuiltinModule("node:fs");
  const { join, dirname } = process.getBuiltinModule("node:path");
  const file = join(dirname(require.resolve("dien/package.json")), FILE);
  return existsSync(file) ? (require(file) as Addon) : undefined;
}

/** Whether this machine has the native build, and can run it. */
export function nativeSupported(): boolean {
  return addon()?.load(new Uint8Array(8)) !== undefined;
}

/** The native kernels over `memory`, which must never grow. Throws Error where there are none. */
export function loadNativeKernels(memory: WebAssembly.Memory): Kernels {
  const kernels = addon()?.load(new Uint8Array(memory.buffer));
  if (kernels === undefined) {
    throw new Error('kernels "native" need a build for this machine (npm run build:native); use "wasm"');
  }
  return kernels;
}
