/**
 * Operations as data: what a model computes, readable without running it.
 *
 * Each entry of `Operations` is one kind of operation: the tensors and parameters that it reads, what it makes, and its
 * attributes. A tape keeps a record of each operation beside the code that runs it. Memory is planned from these records
 * and costs are counted in them; an exporter can walk them.
 *
 * Shapes are [rows, columns]. Rows are samples, tokens (the behaviours of all samples) or pairs (tokens but those of
 * step 0); see a tensor's `rows.axis`. Capital letters are parameters.
 */
import type { Activation, Gate } from "../kernels/contract.ts";
import { areIds, type Cells, type Floats, type Ids, widthOf } from "../tensor/arrays.ts";
import type { Packed } from "../tensor/packed.ts";
import type { Lookup, Loss, Parameter, Scratch, Tensor } from "./values.ts";

/** Activation at the end of `affine`. */
export type AffineActivation = keyof typeof Activation;

/** How attention enters `recurrent`; formulas: `Gate` in the kernel contract. */
export type GateName = keyof typeof Gate;

type OneOutput = { readonly y: Tensor };

/** The packing whose steps an operation goes through. */
type Steps = { readonly packed: Packed };

export interface Operations {
  // --- inputs and constants ------------------------------------------------------------------------------------

  /**
   * y [rows, sum of columns]: what stands in each row for one field after the other, side by side (`embeddedParts`). Of ids
   * the row of the field's table; of lists of ids the mean or the sum of their rows; of numbers the number. `tables` are
   * those of the fields that have ids. Cells are read from those of row y.rows.first on.
   */
  embed: {
    parameters: { readonly tables: readonly Parameter[] };
    outputs: OneOutput;
    attributes: { readonly cells: readonly Cells[] };
  };

  /** y [rows, n] = 0. */
  zeros: { outputs: OneOutput };

  // --- each row by itself ----------------------------------------------------------------------------------------

  /**
   * y [rows, n] = activation(sum of terms[i] weights[i] + bias + plus), with terms[i] [rows, k_i], weights[i] [k_i, n]
   * and bias [1, n]. `plus` is [rows, n]; or [samples, n] where rows are the tokens of `packed`: each sample's row is then
   * added to all of its tokens.
   */
  affine: {
    inputs: { readonly terms: readonly Tensor[]; readonly plus?: Tensor };
    parameters: { readonly weights: readonly Parameter[]; readonly bias?: Parameter };
    outputs: OneOutput;
    attributes: { readonly activation: AffineActivation; readonly packed?: Packed };
  };

  /** y [rows, n] = x where x > 0, else slope [1, n] * x. */
  prelu: { inputs: { readonly x: Tensor }; parameters: { readonly slope: Parameter }; outputs: OneOutput };

  /**
   * y [rows, n] = p x + (1 - p) alpha x, p = sigmoid((x - mean) / sqrt(variance + epsilon)); parameters are [1, n].
   * Moments are those of the shard's rows (in training) or the running ones.
   */
  dice: {
    inputs: { readonly x: Tensor };
    parameters: { readonly alpha: Parameter; readonly mean: Parameter; readonly variance: Parameter };
    outputs: OneOutput;
    attributes: { readonly epsilon: number; readonly moments: "shard" | "running" };
  };

  /** y [rows, n] = sum of the parts [rows, n]. */
  sum: { inputs: { readonly parts: readonly Tensor[] }; outputs: OneOutput };

  /** y [rows, sum of n_i]: the parts [rows, n_i] side by side. */
  concat: { inputs: { readonly parts: readonly Tensor[] }; outputs: OneOutput };

  /** y [rows, to - from] = columns [from, to) of x. */
  columns: {
    inputs: { readonly x: Tensor };
    outputs: OneOutput;
    attributes: { readonly from: number; readonly to: number };
  };

  /** y [rows, n] = a * b, element by element. */
  multiply: { inputs: { readonly a: Tensor; readonly b: Tensor }; outputs: OneOutput };

  /** y [rows, 1]: the inner product of each row of a with that of b. */
  dot: { inputs: { readonly a: Tensor; readonly b: Tensor }; outputs: OneOutput };

  /** y [rows, n m], a_i b_j in column i m + j, of a [rows, n] and b [rows, m]. */
  outer: { inputs: { readonly a: Tensor; readonly b: Tensor }; outputs: OneOutput };

  // --- between samples and their steps -----------------------------------------------------------------------------
  // Where samples share sequences (tensor/packed.ts), tokens that an operation reads may be those of the sequences:
  // [tokens*, n]. A sample's token is then that of its sequence at the same step.

  /**
   * y [samples, n]: of each sample the row of its sequence in x [sequences, n]; or y [tokens, n]: of each token of a sample
   * that of its sequence in x [tokens of sequences, n].
   */
  perSample: { inputs: { readonly x: Tensor }; outputs: OneOutput; attributes: Steps };

  /** y [samples, n]: the sum of each sample's tokens of x [tokens*, n]; 0 for an empty history. */
  sumSteps: { inputs: { readonly x: Tensor }; outputs: OneOutput; attributes: Steps };

  /** y [tokens, n]: each token [tokens, n] times its weight [tokens, 1]. */
  scaleSteps: { inputs: { readonly weight: Tensor; readonly x: Tensor }; outputs: OneOutput; attributes: Steps };

  /** As `sumSteps`, each token times its weight [tokens, 1]. */
  weightedSumSteps: {
    inputs: { readonly weight: Tensor; readonly x: Tensor };
    outputs: OneOutput;
    attributes: Steps;
  };

  /** y [tokens, n] = each token [tokens, n] times its sample [samples, n], element by element. */
  multiplySteps: {
    inputs: { readonly tokens: Tensor; readonly samples: Tensor };
    outputs: OneOutput;
    attributes: Steps;
  };

  /** y [tokens, 1]: the inner product of each token [tokens*, n] with its sample [samples, n]. */
  dotSteps: {
    inputs: { readonly tokens: Tensor; readonly samples: Tensor };
    outputs: OneOutput;
    attributes: Steps;
  };

  /** y [tokens, 1]: softmax of the scores [tokens, 1] over each sample's own steps. */
  softmaxSteps: { inputs: { readonly scores: Tensor }; outputs: OneOutput; attributes: Steps };

  /** y [pairs, n]: the tokens of x [tokens, n] from step 1 on. */
  following: { inputs: { readonly x: Tensor }; outputs: OneOutput; attributes: Steps };

  /** y [pairs, n]: for each row of `following` the token of the same sample one step before. */
  preceding: { inputs: { readonly x: Tensor }; outputs: OneOutput; attributes: Steps };

  /**
   * A GRU over x [tokens*, D] from a zero state, or one of its attention-gated forms, with attention [tokens, 1].
   * W [D, 3H], U [H, 3H], b [1, 3H], columns update | reset | candidate; reset acts after the recurrent product.
   * states, of the tokens of `attention` or else of x, and, of each sample, the last one [samples, H] (0 for an empty
   * history). An output that nobody reads may be absent.
   */
  recurrent: {
    inputs: { readonly x: Tensor; readonly attention?: Tensor };
    parameters: { readonly W: Parameter; readonly U: Parameter; readonly b: Parameter };
    outputs: { readonly states?: Tensor; readonly last?: Tensor };
    attributes: Steps & { readonly gate: GateName };
  };

  // --- weights and losses ------------------------------------------------------------------------------------------

  /** The weight a - b, for products that share it. */
  subtractWeights: {
    parameters: { readonly a: Parameter; readonly b: Parameter };
    derived: { readonly weight: Parameter };
  };

  /**
   * Adds the mean binary cross-entropy of logits [rows, 1] to a loss. Labels: 0 or 1 for all rows, or one a row. Weights: one
   * a row, or all the same.
   */
  crossEntropy: {
    inputs: { readonly logits: Tensor };
    attributes: { readonly loss: Loss; readonly labels: Floats | 0 | 1; readonly weights?: Floats };
  };
}

export type OperationName = keyof Operations;

/** What a kind of operation does not have. */
interface Nothing {
  readonly inputs?: never;
  readonly parameters?: never;
  readonly outputs?: never;
  readonly derived?: never;
  readonly attributes?: never;
}

/** The record of an operation, discriminated by `name`. */
export type Operation = {
  [Name in OperationName]: { readonly name: Name } & Readonly<Operations[Name]> & Omit<Nothing, keyof Operations[Name]>;
}[OperationName];

/** What runs an operation; see the contract at the top of tape.ts. */
export interface Implementation {
  forward(): void;
  backward?(): void;
}

/** An operation as a tape keeps it. */
export type RecordedOperation = Operation &
  Implementation & {
    /** Memory that it works in: what forward keeps for backward, and temporary values. */
    readonly scratch: readonly Scratch[];
  };

/** The members of a group of tensors or of parameters. */
function members<T>(group: Readonly<Record<string, T | readonly T[]>> | undefined): T[] {
  return Object.values(group ?? {}).flat() as T[];
}

/** Tensors that an operation reads. */
export function inputsOf({ inputs }: Operation): Tensor[] {
  return members<Tensor>(inputs);
}

/** Tensors that an operation makes. */
export function outputsOf({ outputs }: Operation): Tensor[] {
  return members<Tensor>(outputs);
}

/** Parameters that an operation reads. */
export function parametersOf({ parameters }: Operation): Parameter[] {
  return members<Parameter>(parameters);
}

/** Weights that an operation computes from parameters. */
export function derivedOf({ derived }: Operation): Parameter[] {
  return members<Parameter>(derived);
}

/** Reads of embedding tables by an operation: one for each of its tables. */
export function lookupsOf({ name, parameters, outputs, attributes }: Operation): Lookup[] {
  if (name !== "embed") return [];
  const { y } = outputs;
  return embeddedParts(parameters.tables, attributes.cells).flatMap((part) => {
    if (!("table" in part)) return [];
    const { table, ids, column } = part;
    return [{ table: table.name, ids: ids.pointer, width: widthOf(ids), rows: y.rows, output: y, column }];
  });
}

/** What `embed` puts in its output for a field, from which column on. */
export type EmbeddedPart =
  | { readonly column: number; readonly table: Parameter; readonly ids: Ids }
  | { readonly column: number; readonly numbers: Floats };

/** The parts of the output of `embed`, in the order of the fields. */
export function embeddedParts(tables: readonly Parameter[], cells: readonly Cells[]): EmbeddedPart[] {
  let column = 0;
  let tablesUsed = 0;
  return cells.map((each) => {
    const at = column;
    if (!areIds(each)) {
      column += 1;
      return { column: at, numbers: each };
    }
    const table = tables[tablesUsed++];
    column += table.cols;
    return { column: at, table, ids: each };
  });
}
