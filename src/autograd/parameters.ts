/**
 * Parameters: requested by dotted path, placed in linear memory once, shared by all threads.
 *
 * A model requests `name, rows, cols, init` from its tape. A tape over a `ParameterPlan` thereby lists what the model needs;
 * one over a `ParameterLayout` gets pointers. So one constructor serves planning, fresh and loaded models.
 *
 * Memory of a layout: all dense parameters form one block (so do their Adam moments, and each shard's gradient of them).
 * Embedding tables stand apart, because their gradients are lists of rows. Statistics (running moments of Dice) end the
 * dense block: a shard's "gradient" of one is its share of the batch's value, and the optimiser averages instead of
 * descending.
 */
import type { Pointer } from "../kernels/contract.ts";
import type { Arena, LinearMemory } from "../tensor/memory.ts";
import { hashString, Random } from "../tensor/random.ts";

/** How a fresh parameter is filled. `table` rows are N(0, scale), but row 0 ("unknown") starts at 0, the mean. */
export type Init =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "table"; readonly scale: number }
  /**
   * Uniform in +-sqrt(6 / (fanIn + fanOut)) (Glorot and Bengio 2010, https://proceedings.mlr.press/v9/glorot10a.html).
   */
  | { readonly kind: "glorot"; readonly fanIn: number; readonly fanOut: number }
  /** Ones on the diagonal, zeros elsewhere. */
  | { readonly kind: "identity" };

export type ParameterKind = "dense" | "table" | "statistic";

export interface ParameterSpec {
  readonly name: string;
  readonly rows: number;
  readonly cols: number;
  readonly kind: ParameterKind;
  readonly init: Init;
}

/** A parameter placed in memory. `offset` is its place (in floats) in the dense block and in each shard's gradients. */
export interface Placed extends ParameterSpec {
  readonly value: Pointer;
  readonly m: Pointer;
  readonly v: Pointer;
  readonly offset: number;
}

export interface ParameterSource {
  place(spec: ParameterSpec): Placed;
}

/** Lists what a model requests. Requesting a name twice with different shapes is an error. */
export class ParameterPlan implements ParameterSource {
  readonly #specs = new Map<string, ParameterSpec>();

  place(spec: ParameterSpec): Placed {
    const known = this.#specs.get(spec.name);
    if (known && (known.rows !== spec.rows || known.cols !== spec.cols || known.kind !== spec.kind)) {
      throw new Error(
        `parameter ${spec.name} was requested as [${spec.rows}, ${spec.cols}] and [${known.rows}, ${known.cols}]`,
      );
    }
    this.#specs.set(spec.name, spec);
    return { ...spec, value: 0, m: 0, v: 0, offset: 0 };
  }

  get specs(): readonly ParameterSpec[] {
    return [...this.#specs.values()];
  }
}

export class ParameterLayout implements ParameterSource {
  readonly placed: readonly Placed[];
  readonly tables: readonly Placed[];
  /**
   * The dense block: `denseCount` floats, of which the first `trainedCount` are trained and the rest are statistics.
   */
  readonly denseCount: number;
  readonly trainedCount: number;
  readonly dense: { readonly value: Pointer; readonly m: Pointer; readonly v: Pointer };
  readonly #byName: ReadonlyMap<string, Placed>;

  /** Places `specs` in `arena`, with Adam moments if `training`. The same specs give the same layout everywhere. */
  constructor(specs: readonly ParameterSpec[], arena: Arena, training: boolean) {
    const rounded = (spec: ParameterSpec) => Math.ceil((spec.rows * spec.cols) / 4) * 4;
    const trained = specs.filter((spec) => spec.kind === "dense");
    const statistics = specs.filter((spec) => spec.kind === "statistic");
    const total = (list: readonly ParameterSpec[]) => list.reduce((sum, spec) => sum + rounded(spec), 0);
    this.trainedCount = total(trained);
    this.denseCount = this.trainedCount + total(statistics);
    const block = (count: number) => ({
      value: arena.alloc(count),
      m: training ? arena.alloc(count) : 0,
      v: training ? arena.alloc(count) : 0,
    });
    this.dense = block(this.denseCount);
    let offset = 0;
    const placed: Placed[] = [];
    for (const spec of [...trained, ...statistics]) {
      const at = (base: Pointer) => (base === 0 ? 0 : base + offset * 4);
      const { value, m, v } = this.dense;
      placed.push({ ...spec, value: at(value), m: at(m), v: at(v), offset });
      offset += rounded(spec);
    }
    this.tables = specs
      .filter((spec) => spec.kind === "table")
      .map((spec) => ({ ...spec, ...block(spec.rows * spec.cols), offset: -1 }));
    this.placed = [...placed, ...this.tables];
    this.#byName = new Map(this.placed.map((entry) => [entry.name, entry]));
  }

  place(spec: ParameterSpec): Placed {
    const placed = this.#byName.get(spec.name);
    if (placed?.rows !== spec.rows || placed.cols !== spec.cols) {
      throw new Error(`no parameter ${spec.name} of shape [${spec.rows}, ${spec.cols}] in this layout`);
    }
    return placed;
  }

  /** Number of trained values. */
  get parameters(): number {
    return this.placed.reduce((sum, p) => (p.kind === "statistic" ? sum : sum + p.rows * p.cols), 0);
  }

  /**
   * Fills every parameter from `seed` and its name alone, so that models share what they have in common; moments to 0.
   */
  initialise(memory: LinearMemory, seed: number): void {
    for (const { name, rows, cols, init, value, m, v } of this.placed) {
      const weights = memory.f32.subarray(value / 4, value / 4 + rows * cols);
      const random = new Random(hashString(name, seed));
      if (init.kind === "constant") weights.fill(init.value);
      else if (init.kind === "glorot") {
        const bound = Math.sqrt(6 / (init.fanIn + init.fanOut));
        for (let i = 0; i < weights.length; i++) weights[i] = (2 * random.uniform() - 1) * bound;
      } else if (init.kind === "identity") {
        weights.fill(0);
        for (let i = 0; i < Math.min(rows, cols); i++) weights[i * cols + i] = 1;
      } else {
        weights.fill(0, 0, cols);
        for (let i = cols; i < weights.length; i++) weights[i] = random.normal() * init.scale;
      }
      if (m !== 0) memory.f32.fill(0, m / 4, m / 4 + rows * cols);
      if (v !== 0) memory.f32.fill(0, v / 4, v / 4 + rows * cols);
    }
  }
}
