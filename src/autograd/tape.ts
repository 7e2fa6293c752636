/**
 * The tape: a model's operations, recorded once and replayed for every batch.
 *
 * Recording fixes what is computed and each tensor's number of columns; the number of rows (samples, tokens, pairs) is
 * read from the batch at each replay. So a training step allocates nothing: records, tensors and closures are made once,
 * and memory comes from an arena by bumping a pointer.
 *
 * An operation is one function: it records what it computes (operation.ts) with its `forward` and `backward`.
 *
 * Backward contract:
 * - `backward` of an operation runs after all its consumers', so the gradient of its output is complete, and the
 *   operation may overwrite it (nothing reads it afterwards). An operation none of whose outputs got a gradient is
 *   skipped; one without outputs, a loss, is not.
 * - Before writing a gradient, call `claim(tensor or parameter)`: it returns 0 (overwrite) the first time and 1 (add) later.
 *   Nothing is cleared beforehand.
 * - What forward keeps for backward it keeps in scratch memory that the record lists.
 */
import type { Accumulate, Kernels, Pointer } from "../kernels/contract.ts";
import { type Arena, aligned } from "../tensor/memory.ts";
import type { Rows } from "../tensor/packed.ts";
import {
  derivedOf,
  type Implementation,
  lookupsOf,
  type Operation,
  outputsOf,
  type RecordedOperation,
} from "./operation.ts";
import type { Init, ParameterKind, ParameterSource } from "./parameters.ts";
import type { Lookup, Loss, Parameter, Scratch, Tensor } from "./values.ts";

export interface TapeOptions {
  readonly kernels: Kernels;
  readonly parameters: ParameterSource;
  /** Whether gradients are computed. */
  readonly training: boolean;
  /** Whether losses are computed; in training they always are. */
  readonly supervised?: boolean;
  /** Whether tensors can be looked at after a replay; those that nothing else reads are not computed without. */
  readonly exposing?: boolean;
  /** This shard's dense gradients (training). */
  readonly gradients?: Pointer;
}

const ONE_ROW: Rows = { axis: "one", count: 1, first: 0, capacity: 1 };

/** See the top of the file. */
export class Tape {
  readonly kernels: Kernels;
  readonly training: boolean;
  readonly supervised: boolean;
  readonly exposing: boolean;
  /** What the model computes, in order. */
  readonly operations: RecordedOperation[] = [];
  /** The look-ups of all operations, in their order: where the gradients of table rows are found. */
  readonly lookups: Lookup[] = [];
  readonly losses: Loss[] = [];
  /** Tensors that the model exposes by name; they hold their values until the next replay. */
  readonly exposed = new Map<string, Tensor>();
  /** Rows of the whole batch, over which losses are means; set before each replay. */
  readonly totals = { samples: 1, pairs: 1 };
  readonly #source: ParameterSource;
  readonly #gradients: Pointer;
  /** For each operation, what must have got a gradient for its backward to run. */
  readonly #made: (readonly (Tensor | Parameter)[])[] = [];
  /** Scratch memory requested for the next operation. */
  #pending: Scratch[] = [];
  readonly #scratch: Scratch[] = [];
  readonly #tensors: Tensor[] = [];
  readonly #parameters = new Map<string, Parameter>();
  readonly #slices: Parameter[] = [];
  readonly #sliced = new Set<Parameter>();
  readonly #derived: Parameter[] = [];
  readonly #statistics = new Set<Parameter>();
  readonly #lookedUp = new Set<Tensor>();

  constructor(options: TapeOptions) {
    this.kernels = options.kernels;
    this.training = options.training;
    this.supervised = options.training || (options.supervised ?? false);
    this.exposing = options.exposing ?? false;
    this.#source = options.parameters;
    this.#gradients = options.gradients ?? 0;
  }

  // --- recording ---------------------------------------------------------------------------------------------

  parameter(name: string, rows: number, cols: number, init: Init, kind: ParameterKind = "dense"): Parameter {
    const known = this.#parameters.get(name);
    const placed = this.#source.place({ name, rows, cols, init, kind });
    if (known) return known;
    const grad = kind === "table" || this.#gradients === 0 ? 0 : this.#gradients + placed.offset * 4;
    const origin = { kind: "stored" } as const;
    const parameter: Parameter = { name, rows, cols, value: placed.value, grad, origin, claimed: false };
    this.#parameters.set(name, parameter);
    if (kind === "statistic") this.#statistics.add(parameter);
    return parameter;
  }

  /** Rows [from, to) of a parameter, as one of its own: a block of a weight that multiplies a part of the input. */
  rowsOf(parameter: Parameter, from: number, to: number): Parameter {
    const bytes = from * parameter.cols * 4;
    const slice: Parameter = {
      name: `${parameter.name}[${from}:${to}]`,
      rows: to - from,
      cols: parameter.cols,
      value: parameter.value + bytes,
      grad: parameter.grad + bytes,
      origin: { kind: "slice", of: parameter, from, to },
      claimed: false,
    };
    this.#slices.push(slice);
    this.#sliced.add(parameter);
    return slice;
  }

  /** A tensor [rows, cols] for the next operation to make; it gets its memory by being among the record's outputs. */
  tensor(rows: Rows, cols: number): Tensor {
    return { rows, cols, value: 0, grad: 0, claimed: false };
  }

  /** Memory [rows, cols] that the next operation works in, in forward, backward or both. */
  scratch(rows: Rows, cols: number): Scratch {
    const scratch: Scratch = { rows, cols, value: 0 };
    this.#pending.push(scratch);
    return scratch;
  }

  /** As `scratch`, of `count` floats whatever the batch. */
  fixedScratch(count: number): Scratch {
    return this.scratch(ONE_ROW, count);
  }

  /** A weight [rows, cols] that the next operation computes in every replay; its backward passes `grad` on. */
  derived(name: string, rows: number, cols: number): Parameter {
    const value = this.fixedScratch(rows * cols);
    const grad = this.training ? this.fixedScratch(rows * cols) : undefined;
    const parameter: Parameter = {
      name,
      rows,
      cols,
      get value() {
        return value.value;
      },
      get grad() {
        return grad?.value ?? 0;
      },
      origin: { kind: "derived" },
      claimed: false,
    };
    this.#derived.push(parameter);
    return parameter;
  }

  /** A loss of this tape; its value starts at 0 in every replay. */
  loss(name: string, weight: number, per: Loss["per"]): Loss {
    const loss: Loss = { name, weight, per, value: 0 };
    this.losses.push(loss);
    return loss;
  }

  /** Exposes a tensor by name, where it is there to be looked at. */
  expose(name: string, tensor: Tensor | undefined): void {
    if (this.exposing && tensor) this.exposed.set(name, tensor);
  }

  /** Appends an operation. It owns the scratch memory requested since the one before. */
  record(operation: Operation & Implementation): void {
    this.operations.push({ ...operation, scratch: this.#pending });
    this.#scratch.push(...this.#pending);
    this.#pending = [];
    const outputs = outputsOf(operation);
    this.#tensors.push(...outputs);
    this.#made.push([...outputs, ...derivedOf(operation)]);
    for (const lookup of lookupsOf(operation)) {
      this.lookups.push(lookup);
      this.#lookedUp.add(lookup.output);
    }
  }

  // --- replaying ---------------------------------------------------------------------------------------------

  /**
   * Runs every operation for the batch as it is now. Gradients of what was looked up outlive the replay, until the
   * optimiser has read them: they are placed in `lookupGradients`, everything else in `activations`.
   */
  forward(activations: Arena, lookupGradients: Arena): void {
    activations.reset();
    lookupGradients.reset();
    for (const scratch of this.#scratch) scratch.value = activations.alloc(scratch.rows.count * scratch.cols);
    for (const tensor of this.#tensors) {
      const count = tensor.rows.count * tensor.cols;
      tensor.value = activations.alloc(count);
      tensor.claimed = false;
      if (this.training) tensor.grad = (this.#lookedUp.has(tensor) ? lookupGradients : activations).alloc(count);
    }
    for (const loss of this.losses) loss.value = 0;
    for (const operation of this.operations) operation.forward();
  }

  /** Gradients of the weighted sum of the losses, after `forward`. Parameters that got none end with zeros. */
  backward(): void {
    for (const parameter of this.#parameters.values()) parameter.claimed = false;
    for (const derived of this.#derived) derived.claimed = false;
    // A sliced parameter is cleared whole, and all its slices add: they need not cover it.
    for (const parameter of this.#sliced) this.#clear(parameter);
    for (const slice of this.#slices) slice.claimed = true;
    for (let i = this.operations.length - 1; i >= 0; i--) {
      const operation = this.operations[i];
      const made = this.#made[i];
      if (operation.backward && (made.length === 0 || anyClaimed(made))) operation.backward();
    }
    for (const parameter of this.#parameters.values()) {
      // Statistics were written by forward.
      if (!parameter.claimed && !this.#statistics.has(parameter)) this.#clear(parameter);
    }
  }

  #clear(parameter: Parameter): void {
    parameter.claimed = true;
    if (parameter.grad !== 0) this.kernels.fill(parameter.rows * parameter.cols, parameter.grad, 0);
  }

  /** Whether a gradient is to be overwritten (0) or added to (1); counts as written from now on. */
  claim(target: Tensor | Parameter): Accumulate {
    if (target.claimed) return 1;
    target.claimed = true;
    return 0;
  }

  /** Makes sure that a gradient which backward reads exists: zeros, where no consumer wrote one. */
  settle(tensor: Tensor): void {
    if (this.claim(tensor) === 0) this.kernels.fill(tensor.rows.count * tensor.cols, tensor.grad, 0);
  }

  /** Bytes of the two arenas of `forward` at full capacity. */
  bytes(): { activations: number; lookupGradients: number } {
    const size = (memory: Scratch) => aligned(memory.rows.capacity * memory.cols * 4);
    let activations = 0;
    let lookupGradients = 0;
    for (const scratch of this.#scratch) activations += size(scratch);
    for (const tensor of this.#tensors) {
      activations += size(tensor);
      if (!this.training) continue;
      if (this.#lookedUp.has(tensor)) lookupGradients += size(tensor);
      else activations += size(tensor);
    }
    return { activations, lookupGradients };
  }
}

function anyClaimed(made: readonly (Tensor | Parameter)[]): boolean {
  for (const each of made) if (each.claimed) return true;
  return false;
}
