/**
 * The tape: a model's operations, recorded once and replayed for every batch.
 *
 * Recording fixes what is computed and each tensor's number of columns; the number of rows (samples, tokens, pairs) is
 * read from the batch at each replay. So a training step allocates nothing: nodes, tensors and closures are made once,
 * and memory comes from an arena by bumping a pointer.
 *
 * An operation stands in one function: it records `forward` and, beside it, `backward`.
 *
 * Backward contract, said once:
 * - `backward` of a node runs after all its consumers', so the gradient of its output is complete, and the node may
 *   overwrite it (nobody reads it afterwards). A node whose outputs got no gradient is skipped.
 * - To write a gradient, ask `claim(tensor or parameter)`: it answers 0 (overwrite) the first time and 1 (add) later.
 *   Nothing is cleared beforehand.
 * - What forward keeps for backward it keeps in `tape.buffer`s.
 */
import type { Accumulate, Kernels, Pointer } from "../kernels/contract.ts";
import type { Arena, LinearMemory } from "../tensor/memory.ts";
import { aligned } from "../tensor/memory.ts";
import type { Rows } from "../tensor/packed.ts";
import type { Init, ParameterKind, ParameterSource } from "./parameters.ts";

/** Memory of rows.count x cols floats, placed anew for every batch. */
export interface Buffer {
  readonly rows: Rows;
  readonly cols: number;
  value: Pointer;
}

/** A dense [rows, cols] value of the tape and, in training, its gradient. */
export interface Tensor extends Buffer, Claimable {
  grad: Pointer;
}

interface Claimable {
  /** Whether something has written the gradient in this replay. */
  claimed: boolean;
}

/** A parameter as one shard sees it: shared values, the shard's own gradient. */
export interface Parameter extends Claimable {
  readonly name: string;
  readonly rows: number;
  readonly cols: number;
  readonly value: Pointer;
  readonly grad: Pointer;
}

/** One recorded operation. */
export interface Node {
  readonly outputs: readonly Tensor[];
  forward(): void;
  backward?(): void;
  /** Multiply-adds of the matrix products of forward, times two. Backward costs twice as much. */
  flops?(): number;
}

/** Rows of an embedding table that this shard read, and the gradient of what was read. */
export interface Lookup {
  readonly table: string;
  readonly ids: Pointer;
  readonly rows: Rows;
  readonly output: Tensor;
  /** Column of `output` at which the field begins. */
  readonly column: number;
}

/** A loss that the tape computes: the shard's sum over its rows, divided by the rows of the whole batch. */
export interface Loss {
  readonly name: string;
  /** Factor of this loss in the total. */
  readonly weight: number;
  /** What the mean is over: the batch's samples or its pairs. */
  readonly per: "samples" | "pairs";
  /** The shard's share of the unweighted mean, after forward. */
  value: number;
}

export interface TapeOptions {
  readonly kernels: Kernels;
  readonly memory: LinearMemory;
  readonly parameters: ParameterSource;
  /** Whether gradients are wanted. */
  readonly training: boolean;
  /** Whether losses are wanted; in training they always are. */
  readonly supervised?: boolean;
  /** Where this shard's dense gradients lie (training). */
  readonly gradients?: Pointer;
}

/** See the top of the file. */
export class Tape {
  readonly kernels: Kernels;
  readonly memory: LinearMemory;
  readonly training: boolean;
  readonly supervised: boolean;
  readonly lookups: Lookup[] = [];
  readonly losses: Loss[] = [];
  /** Tensors that a model names for whoever looks inside; they hold their values until the next replay. */
  readonly exposed = new Map<string, Tensor>();
  /** Rows of the whole batch, over which losses are means; set before each replay. */
  readonly totals = { samples: 1, pairs: 1 };
  readonly #source: ParameterSource;
  readonly #gradients: Pointer;
  readonly #nodes: Node[] = [];
  readonly #buffers: Buffer[] = [];
  readonly #tensors: Tensor[] = [];
  readonly #parameters = new Map<string, Parameter>();
  readonly #slices: Parameter[] = [];
  readonly #sliced = new Set<Parameter>();
  readonly #derived: Parameter[] = [];
  readonly #statistics = new Set<Parameter>();
  readonly #kept = new Set<Tensor>();

  constructor(options: TapeOptions) {
    this.kernels = options.kernels;
    this.memory = options.memory;
    this.training = options.training;
    this.supervised = options.training || (options.supervised ?? false);
    this.#source = options.parameters;
    this.#gradients = options.gradients ?? 0;
  }

  // --- recording ---------------------------------------------------------------------------------------------

  parameter(name: string, rows: number, cols: number, init: Init, kind: ParameterKind = "dense"): Parameter {
    const known = this.#parameters.get(name);
    const placed = this.#source.place({ name, rows, cols, init, kind });
    if (known) return known;
    const grad = kind === "table" || this.#gradients === 0 ? 0 : this.#gradients + placed.offset * 4;
    const parameter = { name, rows, cols, value: placed.value, grad, claimed: false };
    this.#parameters.set(name, parameter);
    if (kind === "statistic") this.#statistics.add(parameter);
    return parameter;
  }

  /** Rows [from, to) of a parameter, as one of its own: a block of a weight that multiplies a part of the input. */
  rowsOf(parameter: Parameter, from: number, to: number): Parameter {
    const bytes = from * parameter.cols * 4;
    const slice = {
      name: `${parameter.name}[${from}:${to}]`,
      rows: to - from,
      cols: parameter.cols,
      value: parameter.value + bytes,
      grad: parameter.grad + bytes,
      claimed: false,
    };
    this.#slices.push(slice);
    this.#sliced.add(parameter);
    return slice;
  }

  tensor(rows: Rows, cols: number): Tensor {
    const tensor: Tensor = { rows, cols, value: 0, grad: 0, claimed: false };
    this.#tensors.push(tensor);
    return tensor;
  }

  buffer(rows: Rows, cols: number): Buffer {
    const buffer: Buffer = { rows, cols, value: 0 };
    this.#buffers.push(buffer);
    return buffer;
  }

  /** As `buffer`, of a fixed size. */
  scratch(count: number): Buffer {
    return this.buffer({ count: 1, first: 0, capacity: 1 }, count);
  }

  /**
   * A weight computed from others at each replay, [rows, cols]. `forward` of a node recorded before its use fills
   * `value`; that node's `backward`, which runs after all uses, passes `grad` on.
   */
  derived(name: string, rows: number, cols: number): Parameter {
    const value = this.scratch(rows * cols);
    const grad = this.training ? this.scratch(rows * cols) : undefined;
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

  /** Names a tensor of the model; costs a replay nothing. */
  expose(name: string, tensor: Tensor): void {
    this.exposed.set(name, tensor);
  }

  record(node: Node): void {
    this.#nodes.push(node);
  }

  /** The gradient of `tensor` outlives the replay: it goes to the arena `kept` of `forward`. */
  keepGradient(tensor: Tensor): void {
    this.#kept.add(tensor);
  }

  // --- replaying ---------------------------------------------------------------------------------------------

  /** Computes every node for the batch as it is now. `kept` receives the gradients that embeddings hand over. */
  forward(arena: Arena, kept: Arena): void {
    arena.reset();
    kept.reset();
    for (const buffer of this.#buffers) buffer.value = arena.alloc(buffer.rows.count * buffer.cols);
    for (const tensor of this.#tensors) {
      const count = tensor.rows.count * tensor.cols;
      tensor.value = arena.alloc(count);
      tensor.claimed = false;
      if (this.training) tensor.grad = (this.#kept.has(tensor) ? kept : arena).alloc(count);
    }
    for (const loss of this.losses) loss.value = 0;
    for (const node of this.#nodes) node.forward();
  }

  /** Gradients of the weighted sum of the losses, after `forward`. Parameters that got none end with zeros. */
  backward(): void {
    for (const parameter of this.#parameters.values()) parameter.claimed = false;
    for (const derived of this.#derived) derived.claimed = false;
    // A sliced parameter is cleared whole, and all its slices add: they need not cover it.
    for (const parameter of this.#sliced) this.#clear(parameter);
    for (const slice of this.#slices) slice.claimed = true;
    for (let i = this.#nodes.length - 1; i >= 0; i--) {
      const node = this.#nodes[i];
      if (node.backward && (node.outputs.length === 0 || anyClaimed(node.outputs))) node.backward();
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
  bytes(): { arena: number; kept: number } {
    const size = (b: Buffer) => aligned(b.rows.capacity * b.cols * 4);
    let arena = 0;
    let kept = 0;
    for (const buffer of this.#buffers) arena += size(buffer);
    for (const tensor of this.#tensors) {
      arena += size(tensor);
      if (!this.training) continue;
      if (this.#kept.has(tensor)) kept += size(tensor);
      else arena += size(tensor);
    }
    return { arena, kept };
  }

  /** Floating-point operations of the matrix products of one replay, for the batch as it is now. */
  flops(): number {
    const forward = this.#nodes.reduce((sum, node) => sum + (node.flops?.() ?? 0), 0);
    return this.training ? 3 * forward : forward;
  }
}

function anyClaimed(outputs: readonly Tensor[]): boolean {
  for (const output of outputs) if (output.claimed) return true;
  return false;
}
