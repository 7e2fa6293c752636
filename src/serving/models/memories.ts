/**
 * Memories of models that are used again. A shared WebAssembly memory goes back to the system when the garbage collector
 * has seen that nobody refers to it, and to the collector it looks like a small object: a server that loads models often
 * would hold many that nobody uses.
 */
import { allocate } from "../../engine/workspace.ts";
import { MAX_BYTES } from "../../tensor/memory.ts";

export class Memories {
  #free: WebAssembly.Memory[] = [];

  /** One of at least so many bytes, with whatever in it. @throws UserError where the system does not give it */
  take(bytes: number): WebAssembly.Memory {
    const found = this.#free.findIndex(({ buffer }) => buffer.byteLength >= bytes);
    if (found >= 0) return this.#free.splice(found, 1)[0];
    // Those that are too small now will be so for the models to come: vocabularies grow.
    this.#free = [];
    return allocate(roomy(bytes));
  }

  /** Takes back one that no thread writes to any more. */
  give(memory: WebAssembly.Memory): void {
    this.#free.push(memory);
  }
}

/** The next power of two: room for the model to grow in. What is never written to takes no memory of the machine. */
function roomy(bytes: number): number {
  return Math.min(MAX_BYTES, 2 ** Math.ceil(Math.log2(bytes)));
}
