/**
 * One linear memory, views over it, and bump-allocated arenas inside it.
 *
 * Everything numeric lives here; threads share it. Nothing is ever freed one by one: an arena is reset whole.
 */
import type { Pointer } from "../kernels/contract.ts";

const PAGE = 65_536;
/** wasm32 addresses 4 GiB. */
export const MAX_BYTES = 65_536 * PAGE;
const ALIGNMENT = 64;

/** Typed views over all of a memory: `f32[p / 4]` is the float at byte offset p. */
export interface MemoryViews {
  readonly f32: Float32Array;
  readonly i32: Int32Array;
}

/** A linear memory that kernels compute in. */
export interface LinearMemory extends MemoryViews {
  readonly memory: WebAssembly.Memory;
}

/**
 * At least `bytes` to plan with, where nothing is computed. A WebAssembly memory would do as well, but the engine reserves
 * about 10 GiB of address space for each, however small it is, so that accesses need no check of their bounds.
 */
export function planMemory(bytes: number): MemoryViews {
  const buffer = new ArrayBuffer(aligned(bytes));
  return { f32: new Float32Array(buffer), i32: new Int32Array(buffer) };
}

/** Views over an existing memory, which must never grow. */
export function viewMemory(memory: WebAssembly.Memory): LinearMemory {
  return { memory, f32: new Float32Array(memory.buffer), i32: new Int32Array(memory.buffer) };
}

/**
 * A fixed-size memory of at least `bytes`, shared between threads. Throws RangeError past 4 GiB, and where the system
 * gives neither the memory nor the address space around it.
 */
export function createMemory(bytes: number): LinearMemory {
  if (bytes > MAX_BYTES) {
    throw new RangeError(`${(bytes / 2 ** 30).toFixed(2)} GiB needed, 4 GiB is the most that wasm32 can address`);
  }
  const pages = Math.max(1, Math.ceil(bytes / PAGE));
  return viewMemory(new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }));
}

/** `bytes` rounded up to the alignment of every allocation. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** Hands out 64-byte aligned pieces of [start, end) in order; `reset` takes all of them back. Allocates no garbage. */
export class Arena {
  readonly start: Pointer;
  readonly end: Pointer;
  #next: Pointer;

  /** `start` is moved up to the alignment, and past 0, which means "absent". */
  constructor(start: Pointer, end: Pointer) {
    this.start = Math.max(ALIGNMENT, aligned(start));
    this.end = end;
    this.#next = this.start;
  }

  /** Room for `count` 4-byte elements (float32 or int32); not cleared. */
  alloc(count: number): Pointer {
    const pointer = this.#next;
    const next = pointer + aligned(count * 4);
    if (next > this.end) {
      throw new RangeError(`arena of ${this.end - this.start} bytes is full: ${next - this.start} needed`);
    }
    this.#next = next;
    return pointer;
  }

  reset(): void {
    this.#next = this.start;
  }

  get usedBytes(): number {
    return this.#next - this.start;
  }
}
