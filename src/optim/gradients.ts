/**
 * The memory in which gradients meet: each shard leaves a block of dense gradients and a list of embedding look-ups;
 * here is room for both, and for their sums.
 *
 * Everything is placed from sizes alone, so every thread that lays it out finds the same addresses. What is done with
 * the gradients stands in reduction.ts, clipping.ts, statistics.ts and adam.ts.
 */
import type { ParameterLayout, Placed } from "../autograd/parameters.ts";
import type { Tape } from "../autograd/tape.ts";
import type { Lookup } from "../autograd/values.ts";
import type { Pointer } from "../kernels/contract.ts";
import { type Arena, aligned, type MemoryViews } from "../tensor/memory.ts";

/** Dense gradients are reduced, and rows of tables updated, in pieces of this size; threads share out the pieces. */
export const DENSE_PIECE = 4096;
export const ROW_PIECE = 64;

/**
 * The first piece of an array that thread `part` of `parts` takes, and from it every `parts`-th: threads take the pieces of all
 * arrays in turn, and `before` have been taken of other arrays.
 */
export function firstPiece(before: number, part: number, parts: number): number {
  return (part + parts - (before % parts)) % parts;
}

/** What linking the look-ups of one table needs (see `linkRows` in the kernel contract). */
export interface TableGradients {
  readonly table: Placed;
  /** Which of a tape's look-ups read this table. */
  readonly lookups: readonly number[];
  readonly head: Pointer;
  readonly tail: Pointer;
  readonly next: Pointer;
  readonly addresses: Pointer;
  /** The touched rows, and the gradient of each [rows, cols]. */
  readonly rows: Pointer;
  readonly gradient: Pointer;
  /** One int: how many rows are touched. */
  readonly rowCount: Pointer;
  /** Float64 sum of squares of each piece of rows. */
  readonly squares: Float64Array;
}

/** The ints of a published look-up, from `Gradients.lookup(shard, i)` on. */
export const LookupInt = {
  /** How many rows were read. */
  count: 0,
  /** Pointer to the ids of the rows. */
  ids: 1,
  /** Pointer to the gradient of the first row read, and the distance in floats to that of the next. */
  gradient: 2,
  stride: 3,
  /** Ids that each row has room for. */
  width: 4,
} as const;

const LOOKUP_INTS = 5;

export class Gradients {
  readonly memory: MemoryViews;
  readonly shards: number;
  readonly parameters: ParameterLayout;
  /** The sum over shards of the dense blocks. */
  readonly dense: Pointer;
  /** Float64 sum of squares of each dense piece. */
  readonly denseSquares: Float64Array;
  readonly tables: readonly TableGradients[];
  /** Distance between the dense blocks of two shards. */
  readonly strideBytes: number;
  readonly #blocks: Pointer;
  readonly #lookups: Pointer;
  readonly #lookupCount: number;

  /**
   * @param lookups the look-ups of a shard's tape, at capacity
   */
  constructor(
    memory: MemoryViews,
    arena: Arena,
    parameters: ParameterLayout,
    lookups: readonly Lookup[],
    shards: number,
  ) {
    this.memory = memory;
    this.shards = shards;
    this.parameters = parameters;
    this.strideBytes = aligned(parameters.denseCount * 4);
    this.#blocks = arena.alloc((this.strideBytes / 4) * shards);
    this.dense = arena.alloc(parameters.denseCount);
    this.denseSquares = doubles(memory, arena, Math.ceil(parameters.trainedCount / DENSE_PIECE));
    this.#lookupCount = lookups.length;
    this.#lookups = arena.alloc(shards * lookups.length * LOOKUP_INTS);
    this.tables = parameters.tables.map((table) => {
      const own = lookups.flatMap((lookup, i) => (lookup.table === table.name ? [i] : []));
      const entries = shards * own.reduce((sum, i) => sum + lookups[i].rows.capacity * lookups[i].width, 0);
      const rows = Math.min(entries, table.rows);
      return {
        table,
        lookups: own,
        head: arena.alloc(table.rows),
        tail: arena.alloc(table.rows),
        next: arena.alloc(entries),
        addresses: arena.alloc(entries),
        rows: arena.alloc(rows),
        gradient: arena.alloc(rows * table.cols),
        rowCount: arena.alloc(1),
        squares: doubles(memory, arena, Math.ceil(rows / ROW_PIECE)),
      };
    });
  }

  /** Marks every row as untouched; once, before the first step. */
  initialise(): void {
    for (const { head, table } of this.tables) this.memory.i32.fill(-1, head / 4, head / 4 + table.rows);
  }

  /** The dense block of a shard. */
  block(shard: number): Pointer {
    return this.#blocks + shard * this.strideBytes;
  }

  /** Publishes where `shard` left its look-ups, after its tape ran backward. */
  publish(shard: number, tape: Pick<Tape, "lookups">): void {
    const { i32 } = this.memory;
    for (let i = 0; i < this.#lookupCount; i++) {
      const { ids, width, rows, output, column } = tape.lookups[i];
      const at = this.lookup(shard, i);
      i32[at + LookupInt.count] = output.claimed ? rows.count : 0;
      i32[at + LookupInt.ids] = ids + rows.first * width * 4;
      i32[at + LookupInt.gradient] = output.grad + column * 4;
      i32[at + LookupInt.stride] = output.cols;
      i32[at + LookupInt.width] = width;
    }
  }

  /** A shard without samples: no look-ups, a dense gradient of zero. */
  publishNothing(shard: number): void {
    const { f32, i32 } = this.memory;
    const block = this.block(shard) / 4;
    f32.fill(0, block, block + this.parameters.denseCount);
    for (let i = 0; i < this.#lookupCount; i++) i32[this.lookup(shard, i) + LookupInt.count] = 0;
  }

  /** Place in `memory.i32` of look-up i of a shard, as the ints of `LookupInt`. */
  lookup(shard: number, i: number): number {
    return this.#lookups / 4 + (shard * this.#lookupCount + i) * LOOKUP_INTS;
  }

  /** How many rows of a table this step touched; known once its look-ups are linked. */
  touchedRows(table: TableGradients): number {
    return this.memory.i32[table.rowCount / 4];
  }
}

function doubles(memory: MemoryViews, arena: Arena, count: number): Float64Array {
  const pointer = arena.alloc(count * 2);
  const all = new Float64Array(memory.f32.buffer);
  return all.subarray(pointer / 8, pointer / 8 + count);
}
