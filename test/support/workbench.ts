/**
 * A tape over a small memory, for tests: tensors that can be filled, run and read; from padded arrays to packed tokens
 * and back.
 */
import { ParameterLayout, ParameterPlan } from "../../src/autograd/parameters.ts";
import { Tape, type TapeOptions } from "../../src/autograd/tape.ts";
import type { Tensor } from "../../src/autograd/values.ts";
import type { Kernels } from "../../src/kernels/contract.ts";
import { type Engine, loadKernels } from "../../src/kernels/load.ts";
import { Arena, createMemory, type LinearMemory } from "../../src/tensor/memory.ts";
import { Packed, type Rows } from "../../src/tensor/packed.ts";
import type { GoldenArray } from "./golden.ts";

/** A tape whose memory the test reads and writes. */
class BenchTape extends Tape {
  readonly memory: LinearMemory;

  constructor(memory: LinearMemory, options: TapeOptions) {
    super(options);
    this.memory = memory;
  }
}

export class Workbench {
  readonly memory: LinearMemory;
  readonly kernels: Kernels;
  readonly packed: Packed;
  readonly tape: BenchTape;
  readonly parameters: ParameterLayout;
  readonly #activations: Arena;
  readonly #lookupGradients: Arena;

  /** Records `build` twice, to plan and to run. `lengths` are the history lengths of the samples. */
  constructor(
    lengths: readonly number[],
    build: (bench: Pick<Workbench, "tape" | "packed">) => void,
    {
      engine = "wasm",
      training = true,
      maxSteps = Math.max(1, ...lengths),
    }: { engine?: Engine; training?: boolean; maxSteps?: number } = {},
  ) {
    const bytes = 64 << 20;
    this.memory = createMemory(bytes);
    this.kernels = loadKernels(this.memory.memory, engine);
    const arena = new Arena(0, bytes);
    this.packed = new Packed(this.memory, arena, lengths.length, maxSteps);
    this.packed.pack(lengths, 0, lengths.length);
    const plan = new ParameterPlan();
    const { kernels, memory, packed } = this;
    build({ tape: new BenchTape(memory, { kernels, parameters: plan, training }), packed });
    this.parameters = new ParameterLayout(plan.specs, arena, true);
    const gradients = arena.alloc(Math.max(1, this.parameters.denseCount));
    this.tape = new BenchTape(memory, { kernels, parameters: this.parameters, training, gradients });
    build({ tape: this.tape, packed });
    this.tape.totals.samples = packed.samples.count;
    this.tape.totals.pairs = packed.pairs.count;
    const room = 8 << 20;
    const start = arena.alloc(room / 4);
    this.#lookupGradients = new Arena(start, start + room);
    this.#activations = new Arena(start + room, bytes);
  }

  /** Fills parameters by name; every parameter of the layout must be given. */
  setParameters(values: Record<string, GoldenArray>): void {
    for (const { name, value, rows, cols } of this.parameters.placed) {
      const given = values[name];
      if (given?.data.length !== rows * cols) throw new Error(`no value of ${rows * cols} numbers for ${name}`);
      this.memory.f32.set(given.data, value / 4);
    }
  }

  forward(): void {
    this.tape.forward(this.#activations, this.#lookupGradients);
  }

  /** Whether a forward writes nothing beyond the rows of `last`, the tensor that was recorded last. */
  staysWithin(last: Tensor): boolean {
    const { f32 } = this.memory;
    const end = last.value / 4 + last.rows.count * last.cols;
    const beyond = f32.subarray(end, end + 4096).fill(7);
    this.forward();
    return beyond.every((value) => value === 7);
  }

  read(pointer: number, count: number): number[] {
    return [...this.memory.f32.subarray(pointer / 4, pointer / 4 + count)];
  }

  write(pointer: number, values: ArrayLike<number>): void {
    this.memory.f32.set(values, pointer / 4);
  }

  /** Gradient of a dense parameter. */
  gradient(name: string): number[] {
    const spec = this.parameters.placed.find((p) => p.name === name)!;
    const parameter = this.tape.parameter(name, spec.rows, spec.cols, spec.init, spec.kind);
    return this.read(parameter.grad, spec.rows * spec.cols);
  }

  /** Place of (sample, step) of the caller's order among the tokens, or -1 where the history has no such step. */
  token(sample: number, step: number): number {
    const row = this.packed.order.subarray(0, this.packed.samples.count).indexOf(sample);
    return step < this.packed.lengths[row] ? this.packed.offsets[step] + row : -1;
  }

  /** [B, T, n] padded to packed [tokens, n]. */
  pack({ shape, data }: GoldenArray): Float32Array {
    const [samples, steps, n = 1] = shape;
    const out = new Float32Array(this.packed.tokens.count * n);
    for (let s = 0; s < samples; s++) {
      for (let t = 0; t < steps; t++) {
        const token = this.token(s, t);
        if (token >= 0) for (let j = 0; j < n; j++) out[token * n + j] = data[(s * steps + t) * n + j];
      }
    }
    return out;
  }

  /** Packed [tokens, n] to padded [B, T, n], zeros in the padding. */
  unpack(pointer: number, { shape }: GoldenArray): number[] {
    const [samples, steps, n = 1] = shape;
    const out = new Array<number>(samples * steps * n).fill(0);
    for (let s = 0; s < samples; s++) {
      for (let t = 0; t < steps; t++) {
        const token = this.token(s, t);
        if (token >= 0)
          for (let j = 0; j < n; j++) out[(s * steps + t) * n + j] = this.memory.f32[pointer / 4 + token * n + j];
      }
    }
    return out;
  }

  /** [B, n] in the caller's order to row order. */
  sortRows({ shape, data }: GoldenArray): Float32Array {
    const n = data.length / shape[0];
    const out = new Float32Array(data.length);
    for (let row = 0; row < shape[0]; row++) {
      for (let j = 0; j < n; j++) out[row * n + j] = data[this.packed.order[row] * n + j];
    }
    return out;
  }

  /** [B, n] in row order to the caller's order. */
  unsortRows(pointer: number, n: number): number[] {
    const rows = this.packed.samples.count;
    const out = new Array<number>(rows * n);
    for (let row = 0; row < rows; row++) {
      for (let j = 0; j < n; j++) out[this.packed.order[row] * n + j] = this.memory.f32[pointer / 4 + row * n + j];
    }
    return out;
  }
}

/** A tensor that the test fills, a constant to the tape: `value()` gives its content, in memory order, at each replay. */
export function input(tape: BenchTape, rows: Rows, cols: number, value: () => ArrayLike<number>): Tensor {
  const tensor = tape.tensor(rows, cols);
  tape.record({
    name: "zeros",
    outputs: { y: tensor },
    forward() {
      tape.memory.f32.set(value(), tensor.value / 4);
    },
  });
  return tensor;
}

/** Gives `tensor` a gradient, as a loss would: recorded last, so backward begins with it. */
export function seedGradient(tape: BenchTape, tensor: Tensor, gradient: () => ArrayLike<number>): void {
  tape.record({
    name: "crossEntropy",
    inputs: { logits: tensor },
    attributes: { loss: { name: "of the test", weight: 1, per: "samples", value: 0 }, labels: 0 },
    forward() {},
    backward() {
      tape.settle(tensor);
      const at = tensor.grad / 4;
      addTo(tape.memory.f32, at, gradient());
    },
  });
}

function addTo(f32: Float32Array, at: number, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) f32[at + i] += values[i];
}

/** Largest difference, relative to the largest expected magnitude (1e-3 at least). */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} numbers, ${expected.length} expected`);
  let difference = 0;
  let scale = 1e-3;
  for (let i = 0; i < expected.length; i++) {
    if (Number.isNaN(actual[i])) return Number.POSITIVE_INFINITY;
    difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
    scale = Math.max(scale, Math.abs(expected[i]));
  }
  return difference / scale;
}
