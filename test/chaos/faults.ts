/** What happens to a process: nothing is left to chance but through the seed. */
import { spawnSync } from "node:child_process";

export type Fault =
  | {
      readonly kind: "signals";
      readonly signals: readonly { readonly signal: NodeJS.Signals; readonly after: number }[];
    }
  /** At a call of Node to the file system (preload.mjs). */
  | { readonly kind: "call"; readonly call: number; readonly what: "before" | "after" | "ENOSPC" | "EIO" }
  /** Killed at a system call of any thread, DuckDB's too. Needs strace. */
  | { readonly kind: "system-call"; readonly name: string; readonly when: number };

/** What is known of the unbroken command. */
export interface Unbroken {
  readonly milliseconds: number;
  /** Its calls to the file system. */
  readonly calls: number;
}

/** Whole numbers below `below`, the same ones for the same seed (mulberry32). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  real(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  below(limit: number): number {
    return Math.floor(this.real() * limit);
  }

  one<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }
}

const SYSTEM_CALLS = ["pwrite64", "write", "fsync", "rename", "renameat2", "unlink", "ftruncate", "mkdir", "openat"];

const hasStrace = process.platform === "linux" && spawnSync("strace", ["-V"]).status === 0;

/** A kill at a random moment. */
export function kill(chance: Chance, { milliseconds }: Unbroken): Fault {
  return { kind: "signals", signals: [{ signal: "SIGKILL", after: chance.real() * milliseconds * 1.1 }] };
}

/** A kill at a chosen call to the file system. */
export function killAtCall(chance: Chance, { calls }: Unbroken): Fault {
  return { kind: "call", call: 1 + chance.below(calls), what: chance.one(["before", "after"]) };
}

/** Ctrl-C, a closed terminal or a scheduler: one signal, or a second one soon after. */
function interruption(chance: Chance, { milliseconds }: Unbroken): Fault {
  const signal = chance.one(["SIGINT", "SIGTERM", "SIGHUP"] as const);
  const after = chance.real() * milliseconds;
  const again = chance.real() < 0.3 ? [{ signal, after: after + chance.real() * 200 }] : [];
  return { kind: "signals", signals: [{ signal, after }, ...again] };
}

/** A full or broken disk, as Node sees it. */
function failedCall(chance: Chance, { calls }: Unbroken): Fault {
  return { kind: "call", call: 1 + chance.below(calls), what: chance.one(["ENOSPC", "EIO"]) };
}

function killAtSystemCall(chance: Chance): Fault {
  return { kind: "system-call", name: chance.one(SYSTEM_CALLS), when: 1 + chance.below(chance.one([4, 40, 400])) };
}

const FAULTS = [kill, kill, killAtCall, killAtCall, interruption, failedCall, ...(hasStrace ? [killAtSystemCall] : [])];

export function anyFault(chance: Chance, unbroken: Unbroken): Fault {
  return chance.one(FAULTS)(chance, unbroken);
}
