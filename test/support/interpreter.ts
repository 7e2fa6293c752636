/**
 * Computes a recorded model from its record alone, in float64 and plain loops: weights by name, ids by name, and what
 * each operation says of itself. Whatever an exporter must know is in the record, or this could not work.
 */
import type { Operation, OperationName } from "../../src/autograd/operation.ts";
import type { Parameter, Tensor } from "../../src/autograd/values.ts";
import type { Batch } from "../../src/features/batch.ts";
import { areIds, type Cells, type ListShape } from "../../src/tensor/arrays.ts";
import type { Packed, Rows } from "../../src/tensor/packed.ts";

/** Numbers by row. */
type Matrix = number[][];

type Named<Name extends OperationName> = Extract<Operation, { name: Name }>;
type OneOutputOperation = Exclude<Operation, Named<"recurrent" | "subtractWeights" | "crossEntropy">>;

/** What is given from outside. */
export interface Given {
  /** The weights of a stored parameter [rows, cols], flat. */
  readonly weights: (name: string) => ArrayLike<number>;
  readonly batch: Batch;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const total = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0);
const add = (a: readonly number[], b: readonly number[]): number[] => a.map((x, j) => x + b[j]);
const times = (a: readonly number[], b: readonly number[]): number[] => a.map((x, j) => x * b[j]);
const scaled = (factor: number, a: readonly number[]): number[] => a.map((x) => factor * x);
const through = (x: readonly number[], W: Matrix): number[] => W[0].map((_, j) => total(x.map((v, i) => v * W[i][j])));

export class Interpreter {
  readonly #given: Given;
  readonly #tensors = new Map<Tensor, Matrix>();
  readonly #derived = new Map<Parameter, Matrix>();
  /** Losses by name: unweighted means. */
  readonly losses = new Map<string, number>();

  /** Runs the operations on the batch as it is. */
  constructor(operations: readonly Operation[], given: Given) {
    this.#given = given;
    for (const operation of operations) this.#run(operation);
  }

  /** The value of a tensor, row by row in the order of the batch. */
  valueOf(tensor: Tensor): Matrix {
    const value = this.#tensors.get(tensor);
    if (value === undefined) throw new Error("a tensor is read before it is made");
    return value;
  }

  #weight(parameter: Parameter): Matrix {
    const { name, rows, cols, origin } = parameter;
    if (origin.kind === "slice") return this.#weight(origin.of).slice(origin.from, origin.to);
    if (origin.kind === "derived") {
      const derived = this.#derived.get(parameter);
      if (derived === undefined) throw new Error(`${name} is read before it is made`);
      return derived;
    }
    const flat = this.#given.weights(name);
    return Array.from({ length: rows }, (_, i) => Array.from({ length: cols }, (_, j) => flat[i * cols + j]));
  }

  /** The cells of a row by their name: without what stands behind the end of a list. */
  #cells({ name, list }: Cells & { readonly list?: ListShape }, row: number): number[] {
    const { user, candidate, context, history, negatives } = this.#given.batch;
    const found = [user, candidate, context, history, negatives].flat().filter((cells) => cells.name === name);
    if (found.length !== 1) throw new Error(`${found.length} arrays of cells are called ${name}`);
    const width = list?.most ?? 1;
    const all = [...found[0].values.subarray(row * width, (row + 1) * width)];
    const end = all.indexOf(-1);
    return list === undefined || end < 0 ? all : all.slice(0, end);
  }

  #run(operation: Operation): void {
    if (operation.name === "recurrent") this.#recurrent(operation);
    else if (operation.name === "subtractWeights") this.#subtractWeights(operation);
    else if (operation.name === "crossEntropy") this.#crossEntropy(operation);
    else this.#tensors.set(operation.outputs.y, this.#output(operation));
  }

  /** The output of an operation that has one. */
  #output({ name, inputs, parameters, outputs, attributes }: OneOutputOperation): Matrix {
    const value = (tensor: Tensor) => this.valueOf(tensor);
    const tokensOf = (packed: Packed, tensor: Tensor) => this.#tokensOf(packed, tensor);
    const weight = (parameter: Parameter) => this.#weight(parameter);
    switch (name) {
      case "embed": {
        const { rows } = outputs.y;
        const tables = parameters.tables.map(weight);
        return each(rows, (r) => {
          const left = [...tables];
          return attributes.cells.flatMap((cells) => {
            const values = this.#cells(cells, rows.first + r);
            if (!areIds(cells)) return values;
            const table = left.shift()!;
            if (cells.list === undefined) return table[values[0]];
            const sum = values.map((id) => table[id]).reduce(add, new Array<number>(table[0].length).fill(0));
            return scaled(cells.list.pooling === "mean" ? 1 / Math.max(1, values.length) : 1, sum);
          });
        });
      }
      case "zeros":
        return each(outputs.y.rows, () => new Array<number>(outputs.y.cols).fill(0));
      case "affine": {
        const weights = parameters.weights.map(weight);
        const bias = parameters.bias && weight(parameters.bias)[0];
        const act = attributes.activation === "sigmoid" ? sigmoid : (x: number) => x;
        const { packed } = attributes;
        const sampleOf = packed && samplesOf(packed);
        const terms = inputs.terms.map((x) => (packed ? tokensOf(packed, x) : value(x)));
        const sums = each(outputs.y.rows, (r) => {
          let sum = terms.map((x, i) => through(x[r], weights[i])).reduce(add);
          if (bias) sum = add(sum, bias);
          if (inputs.plus) sum = add(sum, value(inputs.plus)[sampleOf ? sampleOf[r] : r]);
          return sum.map(act);
        });
        return sums;
      }
      case "prelu": {
        const [slope] = weight(parameters.slope);
        return value(inputs.x).map((row) => row.map((x, j) => (x > 0 ? x : slope[j] * x)));
      }
      case "dice": {
        const x = value(inputs.x);
        const [alpha] = weight(parameters.alpha);
        const shard = attributes.moments === "shard";
        const [mean] = shard ? [moment(x, (v) => v)] : weight(parameters.mean);
        const [variance] = shard ? [moment(x, (v, j) => (v - mean[j]) ** 2)] : weight(parameters.variance);
        const of = (v: number, j: number) => {
          const p = sigmoid((v - mean[j]) / Math.sqrt(variance[j] + attributes.epsilon));
          return p * v + (1 - p) * alpha[j] * v;
        };
        return x.map((row) => row.map(of));
      }
      case "sum":
        return each(outputs.y.rows, (r) => inputs.parts.map((part) => value(part)[r]).reduce(add));
      case "concat":
        return each(outputs.y.rows, (r) => inputs.parts.flatMap((part) => value(part)[r]));
      case "columns":
        return value(inputs.x).map((row) => row.slice(attributes.from, attributes.to));
      case "multiply":
        return value(inputs.a).map((row, r) => times(row, value(inputs.b)[r]));
      case "dot":
        return value(inputs.a).map((row, r) => [total(times(row, value(inputs.b)[r]))]);
      case "outer":
        return value(inputs.a).map((row, r) => row.flatMap((x) => scaled(x, value(inputs.b)[r])));
      case "perSample": {
        const { sequence, samples, sequences } = attributes.packed;
        if (inputs.x.rows === sequences.tokens) return tokensOf(attributes.packed, inputs.x);
        return each(samples, (r) => value(inputs.x)[sequence[r]]);
      }
      case "sumSteps":
        return sumOver(attributes.packed, tokensOf(attributes.packed, inputs.x), outputs.y.cols);
      case "scaleSteps":
      case "weightedSumSteps": {
        const { packed } = attributes;
        const tokens = tokensOf(packed, inputs.x).map((row, r) => scaled(value(inputs.weight)[r][0], row));
        return name === "scaleSteps" ? tokens : sumOver(packed, tokens, outputs.y.cols);
      }
      case "multiplySteps": {
        const sampleOf = samplesOf(attributes.packed);
        const samples = value(inputs.samples);
        return tokensOf(attributes.packed, inputs.tokens).map((row, r) => times(row, samples[sampleOf[r]]));
      }
      case "dotSteps": {
        const sampleOf = samplesOf(attributes.packed);
        const samples = value(inputs.samples);
        const tokens = tokensOf(attributes.packed, inputs.tokens);
        return tokens.map((row, r) => [total(times(row, samples[sampleOf[r]]))]);
      }
      case "softmaxSteps": {
        const powers = value(inputs.scores).map(([score]) => [Math.exp(score)]);
        const sums = sumOver(attributes.packed, powers, 1);
        const sampleOf = samplesOf(attributes.packed);
        return powers.map(([power], r) => [power / sums[sampleOf[r]][0]]);
      }
      case "following":
        return value(inputs.x).slice(attributes.packed.pairs.first);
      case "preceding": {
        const { packed } = attributes;
        const before = tokens(packed).filter(({ step }) => step > 0);
        return before.map(({ step, sample }) => value(inputs.x)[packed.offsets[step - 1] + sample]);
      }
      default:
        throw new Error(`no meaning of ${name satisfies never}`);
    }
  }

  /** The rows of a tensor of tokens, for the tokens of the samples: where samples share sequences, it may have only theirs. */
  #tokensOf(packed: Packed, tensor: Tensor): Matrix {
    const rows = this.valueOf(tensor);
    const { sequences, sequence } = packed;
    if (tensor.rows === packed.tokens) return rows;
    return tokens(packed).map(({ step, sample }) => rows[sequences.offsets[step] + sequence[sample]]);
  }

  #subtractWeights({ parameters, derived }: Named<"subtractWeights">): void {
    const [a, b] = [this.#weight(parameters.a), this.#weight(parameters.b)];
    this.#derived.set(
      derived.weight,
      a.map((row, i) => row.map((x, j) => x - b[i][j])),
    );
  }

  /** Adds the mean to its loss. */
  #crossEntropy({ inputs, attributes: { loss, labels, weights } }: Named<"crossEntropy">): void {
    const rows = this.valueOf(inputs.logits).map(([z], r) => {
      const label = typeof labels === "number" ? labels : this.#labels(labels.name)[r];
      return (weights?.values[r] ?? 1) * (Math.log1p(Math.exp(-Math.abs(z))) + Math.max(z, 0) - z * label);
    });
    const mean = total(rows) / Math.max(1, this.#given.batch.packed[loss.per].count);
    this.losses.set(loss.name, (this.losses.get(loss.name) ?? 0) + mean);
  }

  #labels(name: string): Float32Array {
    const { labels } = this.#given.batch;
    if (labels.name !== name) throw new Error(`no labels are called ${name}`);
    return labels.values;
  }

  /** Sample by sample and step by step, from a zero state (paper, eq. 2-5 and 10-12). */
  #recurrent(operation: Named<"recurrent">): void {
    const { inputs, parameters, outputs, attributes } = operation;
    const [W, U, [b]] = [parameters.W, parameters.U, parameters.b].map((each) => this.#weight(each));
    const { packed, gate } = attributes;
    const H = parameters.U.rows;
    const attention = inputs.attention && this.valueOf(inputs.attention);
    // States of sequences are those of a sample of each, as long as it is.
    const ofSequences = !attention && inputs.x.rows !== packed.tokens;
    if (ofSequences && outputs.states) {
      const { states } = outputs;
      this.#recurrent({ ...operation, outputs: { states }, attributes: { packed: packed.sequences, gate } });
    }
    const x = this.#tokensOf(packed, inputs.x);
    const last: Matrix = Array.from({ length: packed.samples.count }, () => new Array<number>(H).fill(0));
    const states: Matrix = new Array<number[]>(packed.tokens.count);
    const moves = {
      gru: (u: number) => u,
      agru: (_: number, a: number) => a,
      augruPaper: (u: number, a: number) => a * u,
      augruReleased: (u: number, a: number) => 1 - (1 - a) * (1 - u),
    };
    for (const { token, sample } of tokens(packed)) {
      const h = last[sample];
      const [input, recurrent] = [add(through(x[token], W), b), through(h, U)];
      const a = attention ? attention[token][0] : 0;
      states[token] = h.map((before, j) => {
        const u = sigmoid(input[j] + recurrent[j]);
        const r = sigmoid(input[H + j] + recurrent[H + j]);
        const c = Math.tanh(input[2 * H + j] + r * recurrent[2 * H + j]);
        const move = moves[gate](u, a);
        return (1 - move) * before + move * c;
      });
      last[sample] = states[token];
    }
    if (outputs.states && !ofSequences) this.#tensors.set(outputs.states, states);
    if (outputs.last) this.#tensors.set(outputs.last, last);
  }
}

function each(rows: Rows, row: (r: number) => number[]): Matrix {
  return Array.from({ length: rows.count }, (_, r) => row(r));
}

/** The tokens of a packing in their order, step by step. */
function tokens({ steps, active }: Packed): { token: number; step: number; sample: number }[] {
  const found: { token: number; step: number; sample: number }[] = [];
  for (let step = 0; step < steps; step++) {
    for (let sample = 0; sample < active[step]; sample++) found.push({ token: found.length, step, sample });
  }
  return found;
}

function samplesOf(packed: Packed): number[] {
  return tokens(packed).map(({ sample }) => sample);
}

/** The sum of each sample's tokens. */
function sumOver(packed: Packed, rows: Matrix, cols: number): Matrix {
  const sums: Matrix = Array.from({ length: packed.samples.count }, () => new Array<number>(cols).fill(0));
  for (const { token, sample } of tokens(packed)) sums[sample] = add(sums[sample], rows[token]);
  return sums;
}

/** The mean over rows of f of each column. */
function moment(rows: Matrix, f: (x: number, j: number) => number): number[] {
  return rows[0].map((_, j) => total(rows.map((row) => f(row[j], j))) / rows.length);
}
