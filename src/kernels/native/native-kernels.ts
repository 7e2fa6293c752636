/**
 * The native build of the kernels: `native/`, compiled for the machine. It gives the bits of the WebAssembly build, on x64
 * with vectors twice as wide. It is a package of npm's for the platform, or comes of `npm run build:native` in a clone. Where
 * there is neither, or no Node, there is no native build.
 */
import type { Kernels } from "../contract.ts";
import { SOURCES } from "./generated/sources.ts";

/** The kernels, and `peak` of native/peak.cpp. */
export interface NativeKernels extends Kernels {
  /**
   * Makes multiplications and additions in registers, at the build's best rate, fused where `isFused` is 1; returns how many
   * operations they were, 0 where the processor has none that are fused.
   */
  peak(iterations: number, factor: number, addend: number, isFused: 0 | 1): number;
}

/** What a file of the build exports (native/addon.cpp). */
interface Addon {
  /** Which sources it is made of. */
  readonly sources: string;
  /** The vector instructions that it needs of a processor. */
  readonly vectors: string;
  /** The kernels over the memory that `bytes` is a view of; undefined where the processor lacks what they need. */
  load(bytes: Uint8Array): NativeKernels | undefined;
}

/** Why there are no native kernels. */
export interface NativeLack {
  readonly reason: string;
  /** Whether there is a build, which should have loaded. */
  readonly isBroken: boolean;
}

/** A build that runs here, or why there is none. */
export type NativeBuild =
  | { readonly addon: Addon; readonly lack?: undefined }
  | { readonly addon?: undefined; readonly lack: NativeLack };

/** What a clone builds, relative to its folder. */
const OWN_FILE = "native/build/kernels.node";

let opened: NativeBuild | undefined;

/** The native build of this machine. */
export function nativeBuild(): NativeBuild {
  opened ??= globalThis.process?.getBuiltinModule === undefined ? lacking("this is not Node") : openInstalled();
  return opened;
}

/** The native kernels over `memory`, which must never grow. Throws Error where there are none. */
export function loadNativeKernels(memory: WebAssembly.Memory): NativeKernels {
  const { addon, lack } = nativeBuild();
  if (addon === undefined) throw new Error(`no native kernels: ${lack.reason}; use "wasm"`);
  return addon.load(new Uint8Array(memory.buffer))!;
}

/** This file runs in browsers too, which have no modules of Node's: they are asked for where they are needed. */
function openInstalled(): NativeBuild {
  const require = process.getBuiltinModule("node:module").createRequire(import.meta.url);
  const { existsSync } = process.getBuiltinModule("node:fs");
  const { join, dirname } = process.getBuiltinModule("node:path");
  const name = `@dien/kernels-${process.platform}-${process.arch}`;
  /** Where it is; nowhere, if it is not installed, and what a bundler made of this package has no files beside it. */
  const resolved = (file: string): string[] => {
    try {
      return [require.resolve(file)];
    } catch {
      return [];
    }
  };
  const own = resolved("dien/package.json").map((file) => join(dirname(file), OWN_FILE));
  const files = [...resolved(name), ...own.filter((file) => existsSync(file))];
  return openFirst(files, require) ?? lacking(`${name} is not installed, and ${OWN_FILE} not built`);
}

/** The first of the files that runs here; where none does, what is wrong with the first. */
export function openFirst(files: readonly string[], require: (file: string) => unknown): NativeBuild | undefined {
  const builds = files.map((file) => open(file, require));
  return builds.find(({ lack }) => lack === undefined) ?? builds[0];
}

function open(file: string, require: (file: string) => unknown): NativeBuild {
  let addon: Addon;
  try {
    addon = require(file) as Addon;
  } catch (error) {
    return lacking(`${file} does not load: ${(error as Error).message.split("\n", 1)[0]}`, true);
  }
  if (addon.sources !== SOURCES) {
    return lacking(`${file} is made of other sources than what loads it (in a clone: npm run build:native)`, true);
  }
  if (addon.load(new Uint8Array(8)) !== undefined) return { addon };
  return lacking(`this processor has no ${addon.vectors}`);
}

const lacking = (reason: string, isBroken = false): NativeBuild => ({ lack: { reason, isBroken } });
