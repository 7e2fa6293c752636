/** Parameters and the gradients that shards leave for them, in a memory of their own: the optimiser without a model. */
import { ParameterLayout, type ParameterSpec, type Placed } from "../../src/autograd/parameters.ts";
import type { Lookup } from "../../src/autograd/values.ts";
import { type Engine, loadKernels } from "../../src/kernels/load.ts";
import { Gradients } from "../../src/optim/gradients.ts";
import { gatherGradients, sumTouchedRows } from "../../src/optim/reduction.ts";
import { Arena, createMemory } from "../../src/tensor/memory.ts";

/** What a shard looked up by one of its look-ups: row ids, and a gradient [ids, cols] for each. */
export interface Looked {
  readonly ids: readonly number[];
  readonly gradient: readonly number[];
}

export interface BenchOptions {
  readonly dense?: Readonly<Record<string, number>>;
  readonly statistics?: Readonly<Record<string, number>>;
  /** [rows, cols] */
  readonly tables?: Readonly<Record<string, readonly [number, number]>>;
  /** The table that each look-up of a shard reads. */
  readonly lookups?: readonly string[];
  /** The most rows that a look-up reads. */
  readonly capacity?: number;
  /** Ids of each row: more of bags, in which fewer than there is room for end with -1. */
  readonly width?: number;
  readonly shards?: number;
  readonly engine?: Engine;
}

const constant = { kind: "constant", value: 0 } as const;

export class OptimiserBench {
  readonly memory = createMemory(8 << 20);
  readonly kernels;
  readonly parameters: ParameterLayout;
  readonly gradients: Gradients;
  readonly #arena = new Arena(0, 8 << 20);
  readonly #lookups: readonly Lookup[];
  readonly #width: number;

  constructor(options: BenchOptions) {
    const {
      dense = {},
      statistics = {},
      tables = {},
      lookups = [],
      capacity = 16,
      width = 1,
      shards = 1,
      engine,
    } = options;
    this.#width = width;
    this.kernels = loadKernels(this.memory.memory, engine);
    const specs: ParameterSpec[] = [
      ...Object.entries(dense).map(([name, cols]) => ({ name, rows: 1, cols, kind: "dense" as const, init: constant })),
      ...Object.entries(tables).map(([name, [rows, cols]]) => ({
        ...{ name, rows, cols, kind: "table" as const, init: constant },
      })),
      ...Object.entries(statistics).map(([name, cols]) => ({
        ...{ name, rows: 1, cols, kind: "statistic" as const, init: constant },
      })),
    ];
    this.parameters = new ParameterLayout(specs, this.#arena, true);
    this.parameters.initialise(this.memory, 1);
    this.#lookups = lookups.map((table) => {
      const rows = { axis: "tokens" as const, count: 0, first: 0, capacity };
      const output = { rows, cols: 0, value: 0, grad: 0, claimed: true };
      return { table, ids: 0, width, rows, output, column: 0 };
    });
    this.gradients = new Gradients(this.memory, this.#arena, this.parameters, this.#lookups, shards);
    this.gradients.initialise();
  }

  placed(name: string): Placed {
    return this.parameters.placed.find((placed) => placed.name === name)!;
  }

  /** Values of a parameter, or one of its moments. */
  read(name: string, what: "value" | "m" | "v" = "value"): number[] {
    const placed = this.placed(name);
    return this.floats(placed[what], placed.rows * placed.cols);
  }

  write(name: string, values: ArrayLike<number>): void {
    this.memory.f32.set(values, this.placed(name).value / 4);
  }

  floats(pointer: number, count: number): number[] {
    return [...this.memory.f32.subarray(pointer / 4, pointer / 4 + count)];
  }

  /** Leaves the gradients of a shard: those of dense parameters and statistics by name, others are zero; its look-ups. */
  leave(shard: number, dense: Readonly<Record<string, ArrayLike<number>>>, looked: readonly Looked[] = []): void {
    this.gradients.publishNothing(shard);
    for (const [name, values] of Object.entries(dense)) {
      this.memory.f32.set(values, this.gradients.block(shard) / 4 + this.placed(name).offset);
    }
    const lookups = looked.map(({ ids, gradient }, i): Lookup => {
      const { table } = this.#lookups[i];
      const { cols } = this.placed(table);
      // Two columns of another field stand before the vectors, one behind them, and one id before the first.
      const stride = cols + 3;
      const width = this.#width;
      const count = ids.length / width;
      const [pointer, grad] = [this.#arena.alloc(ids.length + width), this.#arena.alloc(count * stride)];
      this.memory.i32.set([...new Array<number>(width).fill(999), ...ids], pointer / 4);
      this.memory.f32.fill(Number.NaN, grad / 4, grad / 4 + count * stride);
      for (let r = 0; r < count; r++) {
        this.memory.f32.set(gradient.slice(r * cols, (r + 1) * cols), grad / 4 + r * stride + 2);
      }
      const rows = { axis: "tokens" as const, count, first: 1, capacity: count };
      const output = { rows, cols: stride, value: 0, grad, claimed: true };
      return { table, ids: pointer, width, rows, output, column: 2 };
    });
    if (looked.length > 0) this.gradients.publish(shard, { lookups });
  }

  /** Both stages of the reduction by `parts` threads, the last one first. */
  reduce(parts = 1): void {
    this.gather(parts);
    for (let part = parts - 1; part >= 0; part--) this.sumRows(part, parts);
  }

  /** Its first stage, of all threads. */
  gather(parts: number): void {
    for (let part = parts - 1; part >= 0; part--) gatherGradients(this.kernels, this.gradients, part, parts);
  }

  /** Its second stage, of one thread. */
  sumRows(part: number, parts: number): void {
    sumTouchedRows(this.kernels, this.gradients, part, parts);
  }

  /** Sum over shards of a dense parameter's gradient, or of a statistic's shares. */
  dense(name: string): number[] {
    const { offset, cols } = this.placed(name);
    return this.floats(this.gradients.dense + offset * 4, cols);
  }

  /** The touched rows of a table, in the order in which they were met, and the gradient of each. */
  rows(name: string): [row: number, gradient: number[]][] {
    const entry = this.gradients.tables.find(({ table }) => table.name === name)!;
    const { cols } = entry.table;
    return Array.from({ length: this.gradients.touchedRows(entry) }, (_, r) => [
      this.memory.i32[entry.rows / 4 + r],
      this.floats(entry.gradient + r * cols * 4, cols),
    ]);
  }
}

/** The sum in float32, in the order given. */
export function sumInOrder(values: readonly number[]): number {
  return values.reduce((sum, value) => Math.fround(sum + Math.fround(value)), 0);
}
