/** Reads the record of a tape as an exporter would, and finds what is wrong with it. */
import {
  derivedOf,
  inputsOf,
  type Operation,
  type OperationName,
  outputsOf,
  parametersOf,
  type RecordedOperation,
} from "../../src/autograd/operation.ts";
import type { ParameterSpec } from "../../src/autograd/parameters.ts";
import type { Tape } from "../../src/autograd/tape.ts";
import type { Loss, Parameter, Scratch, Tensor } from "../../src/autograd/values.ts";
import { areIds } from "../../src/tensor/arrays.ts";
import type { Packed, Rows } from "../../src/tensor/packed.ts";

/** What of a recorded model is read. */
export interface ModelRecord extends Pick<Tape, "losses" | "lookups" | "exposed"> {
  readonly operations: readonly RecordedOperation[];
  /** What the model asked for. */
  readonly parameters: readonly ParameterSpec[];
  readonly logits: Tensor;
}

/** Everything wrong with a record; empty where all is well. */
export function faultsOf(record: ModelRecord): string[] {
  const faults: string[] = [];
  const made = new Set<Tensor | Parameter>();
  const working = new Set<Scratch>();
  for (const [i, operation] of record.operations.entries()) {
    const here = (what: string) => faults.push(`${i} ${operation.name}: ${what}`);
    if (!Object.hasOwn(SHAPES, operation.name)) {
      here("no known operation");
      continue;
    }
    for (const input of inputsOf(operation)) if (!made.has(input)) here("reads a tensor that is not made yet");
    for (const parameter of parametersOf(operation)) {
      const { origin } = rootOf(parameter);
      if (origin.kind === "derived" && !made.has(parameter)) here(`reads ${parameter.name}, which is not made yet`);
      for (const fault of sliceFaults(parameter)) here(fault);
    }
    for (const output of [...outputsOf(operation), ...derivedOf(operation)]) {
      if (made.has(output)) here("makes what is made already");
      made.add(output);
    }
    for (const scratch of operation.scratch) {
      if (working.has(scratch)) here("works in the memory of another operation");
      working.add(scratch);
    }
    for (const [what, is, expected] of shapesOf(operation)) {
      if (is !== expected) here(`${what} ${is}, expected ${expected}`);
    }
  }
  if (!made.has(record.logits)) faults.push("nothing makes the logits");
  for (const [name, tensor] of record.exposed) if (!made.has(tensor)) faults.push(`nothing makes ${name}`);
  return [
    ...faults,
    ...unusedOperations(record),
    ...parameterFaults(record),
    ...lossFaults(record),
    ...lookupFaults(record),
  ];
}

/** The parameter that a slice is of, itself if it is none. */
function rootOf(parameter: Parameter): Parameter {
  return parameter.origin.kind === "slice" ? rootOf(parameter.origin.of) : parameter;
}

function sliceFaults({ name, rows, cols, origin }: Parameter): string[] {
  if (origin.kind !== "slice") return [];
  const { of, from, to } = origin;
  const fits = 0 <= from && from < to && to <= of.rows && rows === to - from && cols === of.cols;
  return fits ? [] : [`${name} is no slice of ${of.name}`];
}

/** Operations that neither a loss, nor the logits, nor an exposed tensor depends on. */
function unusedOperations({ operations, logits, exposed }: ModelRecord): string[] {
  const read = new Set<Tensor | Parameter>([logits, ...exposed.values()]);
  const faults: string[] = [];
  for (let i = operations.length - 1; i >= 0; i--) {
    const operation = operations[i];
    const makes = [...outputsOf(operation), ...derivedOf(operation)];
    if (makes.length > 0 && !makes.some((each) => read.has(each)))
      faults.push(`${i} ${operation.name}: nobody reads it`);
    else for (const each of [...inputsOf(operation), ...parametersOf(operation)]) read.add(each);
  }
  return faults;
}

/** Parameters of the model that no operation reads, or not all rows of, and those read that are not the model's. */
function parameterFaults({ operations, parameters }: ModelRecord): string[] {
  const rowsRead = new Map<string, Set<number>>();
  const faults: string[] = [];
  for (const parameter of operations.flatMap(parametersOf)) {
    const root = rootOf(parameter);
    if (root.origin.kind === "derived") continue;
    if (!parameters.some(({ name }) => name === root.name)) faults.push(`${root.name} is no parameter of the model`);
    const [from, to] =
      parameter.origin.kind === "slice" ? [parameter.origin.from, parameter.origin.to] : [0, root.rows];
    const read = rowsRead.get(root.name) ?? new Set<number>();
    for (let row = from; row < to; row++) read.add(row);
    rowsRead.set(root.name, read);
  }
  for (const { name, rows } of parameters) {
    const read = rowsRead.get(name)?.size ?? 0;
    if (read < rows) faults.push(`${name}: ${read} of ${rows} rows are read`);
  }
  return faults;
}

/** Losses and the operations that add to them name each other, and the mean is over the rows that there are. */
function lossFaults({ operations, losses }: ModelRecord): string[] {
  const faults: string[] = [];
  const fed = new Set<Loss>();
  for (const { name, inputs, attributes } of operations) {
    if (name !== "crossEntropy") continue;
    const { loss } = attributes;
    fed.add(loss);
    if (!losses.includes(loss)) faults.push(`loss ${loss.name} is none of the tape's`);
    if (inputs.logits.rows.axis !== loss.per) faults.push(`loss ${loss.name} of other rows than ${loss.per}`);
  }
  for (const loss of losses) if (!fed.has(loss)) faults.push(`nothing adds to loss ${loss.name}`);
  const names = losses.map(({ name }) => name);
  if (new Set(names).size < names.length) faults.push("losses share a name");
  return faults;
}

/** The optimiser is handed exactly the look-ups that the record holds, in its order. */
function lookupFaults({ operations, lookups }: ModelRecord): string[] {
  const expected = operations.flatMap((operation) => {
    if (operation.name !== "embed") return [];
    const { tables } = operation.parameters;
    const { cells } = operation.attributes;
    const output = operation.outputs.y;
    return cells.filter(areIds).map((ids, t) => {
      const numbersBefore = cells.slice(0, cells.indexOf(ids)).length - t;
      const column = tables.slice(0, t).reduce((sum, { cols }) => sum + cols, numbersBefore);
      const width = ids.list?.most ?? 1;
      return { table: tables[t].name, ids: ids.pointer, width, rows: output.rows, output, column };
    });
  });
  const same =
    lookups.length === expected.length &&
    expected.every(
      ({ table, ids, width, rows, output, column }, i) =>
        lookups[i].table === table &&
        lookups[i].ids === ids &&
        lookups[i].width === width &&
        lookups[i].rows === rows &&
        lookups[i].output === output &&
        lookups[i].column === column,
    );
  return same ? [] : ["the look-ups are not those of the record"];
}

/** What of an operation has a size, how large it is, and how large it must be. */
type Size = readonly [what: string, is: number | string, expected: number | string];
type Shapes = { readonly [Name in OperationName]: (operation: Extract<Operation, { name: Name }>) => Size[] };

const rows = (what: string, { rows }: Tensor, expected: Rows): Size => [
  `rows of ${what}`,
  rows === expected ? expected.axis : `other ${rows.axis}`,
  expected.axis,
];
const cols = (what: string, { cols }: Tensor | Parameter, expected: number): Size => [
  `columns of ${what}`,
  cols,
  expected,
];
const shape = (what: string, tensor: Tensor, wantedRows: Rows, wantedCols: number): Size[] => [
  rows(what, tensor, wantedRows),
  cols(what, tensor, wantedCols),
];
/** Rows that are the tokens of the samples, or of the sequences that they share. */
const tokens = (what: string, { rows }: Tensor, { tokens, sequences }: Packed): Size => {
  const fits = rows === tokens || rows === sequences.tokens;
  return [`rows of ${what}`, fits ? tokens.axis : `other ${rows.axis}`, tokens.axis];
};
/** A parameter [height, width]. */
const weight = (what: string, parameter: Parameter, height: number, width: number): Size[] => [
  [`rows of ${what}`, parameter.rows, height],
  cols(what, parameter, width),
];
const total = (list: readonly { readonly cols: number }[]) => list.reduce((sum, each) => sum + each.cols, 0);

/** What docs of `Operations` promise, operation by operation. */
const SHAPES: Shapes = {
  embed: ({ parameters: { tables }, outputs: { y }, attributes: { cells } }) => [
    ["ids", cells.filter(areIds).length, tables.length],
    cols("y", y, total(tables) + cells.length - tables.length),
  ],
  zeros: ({ outputs: { y } }) => shape("y", y, y.rows, y.cols),
  affine: ({ inputs: { terms, plus }, parameters: { weights, bias }, outputs: { y }, attributes: { packed } }) => [
    ["weights", weights.length, terms.length],
    ...terms.flatMap((x, i) => [
      packed ? tokens("a term", x, packed) : rows("a term", x, y.rows),
      ...weight("a weight", weights[i], x.cols, y.cols),
    ]),
    ...(bias ? weight("bias", bias, 1, y.cols) : []),
    ...(plus ? shape("plus", plus, packed ? packed.samples : y.rows, y.cols) : []),
    ...(packed ? [rows("y", y, packed.tokens)] : []),
  ],
  prelu: ({ inputs: { x }, parameters: { slope }, outputs: { y } }) => [
    ...shape("y", y, x.rows, x.cols),
    ...weight("slope", slope, 1, x.cols),
  ],
  dice: ({ inputs: { x }, parameters, outputs: { y } }) => [
    ...shape("y", y, x.rows, x.cols),
    ...Object.entries(parameters).flatMap(([name, parameter]) => weight(name, parameter, 1, x.cols)),
  ],
  sum: ({ inputs: { parts }, outputs: { y } }) => parts.flatMap((part) => shape("a part", part, y.rows, y.cols)),
  concat: ({ inputs: { parts }, outputs: { y } }) => [
    ...parts.map((part) => rows("a part", part, y.rows)),
    cols("y", y, total(parts)),
  ],
  columns: ({ inputs: { x }, outputs: { y }, attributes: { from, to } }) => [
    ...shape("y", y, x.rows, to - from),
    ["bounds of the columns", `${0 <= from && from < to && to <= x.cols}`, "true"],
  ],
  multiply: ({ inputs: { a, b }, outputs: { y } }) => [
    ...shape("a", a, y.rows, y.cols),
    ...shape("b", b, y.rows, y.cols),
  ],
  dot: ({ inputs: { a, b }, outputs: { y } }) => [...shape("b", b, a.rows, a.cols), ...shape("y", y, a.rows, 1)],
  outer: ({ inputs: { a, b }, outputs: { y } }) => [rows("b", b, a.rows), ...shape("y", y, a.rows, a.cols * b.cols)],
  perSample: ({ inputs: { x }, outputs: { y }, attributes: { packed } }) => [
    ...(x.rows === packed.sequences.samples
      ? shape("y", y, packed.samples, x.cols)
      : [rows("x", x, packed.sequences.tokens), ...shape("y", y, packed.tokens, x.cols)]),
  ],
  scaleSteps: ({ inputs: { weight: a, x }, outputs: { y }, attributes: { packed } }) => [
    tokens("x", x, packed),
    ...shape("weight", a, packed.tokens, 1),
    ...shape("y", y, packed.tokens, x.cols),
  ],
  sumSteps: ({ inputs: { x }, outputs: { y }, attributes: { packed } }) => [
    tokens("x", x, packed),
    ...shape("y", y, packed.samples, x.cols),
  ],
  weightedSumSteps: ({ inputs: { weight: a, x }, outputs: { y }, attributes: { packed } }) => [
    ...shape("weight", a, packed.tokens, 1),
    tokens("x", x, packed),
    ...shape("y", y, packed.samples, x.cols),
  ],
  multiplySteps: ({ inputs: { tokens: x, samples }, outputs: { y }, attributes: { packed } }) => [
    tokens("tokens", x, packed),
    cols("tokens", x, y.cols),
    ...shape("samples", samples, packed.samples, y.cols),
    rows("y", y, packed.tokens),
  ],
  dotSteps: ({ inputs: { tokens: x, samples }, outputs: { y }, attributes: { packed } }) => [
    tokens("tokens", x, packed),
    ...shape("samples", samples, packed.samples, x.cols),
    ...shape("y", y, packed.tokens, 1),
  ],
  softmaxSteps: ({ inputs: { scores }, outputs: { y }, attributes: { packed } }) => [
    ...shape("scores", scores, packed.tokens, 1),
    ...shape("y", y, packed.tokens, 1),
  ],
  following: ({ inputs: { x }, outputs: { y }, attributes: { packed } }) => [
    rows("x", x, packed.tokens),
    ...shape("y", y, packed.pairs, x.cols),
  ],
  preceding: ({ inputs: { x }, outputs: { y }, attributes: { packed } }) => [
    rows("x", x, packed.tokens),
    ...shape("y", y, packed.pairs, x.cols),
  ],
  recurrent: ({ inputs, parameters: { W, U, b }, outputs: { states, last }, attributes: { packed, gate } }) => [
    tokens("x", inputs.x, packed),
    ...weight("W", W, inputs.x.cols, 3 * U.rows),
    ...weight("U", U, U.rows, 3 * U.rows),
    ...weight("b", b, 1, 3 * U.rows),
    ...(states ? shape("states", states, inputs.attention ? packed.tokens : inputs.x.rows, U.rows) : []),
    ...(last ? shape("last", last, packed.samples, U.rows) : []),
    ["attention", `${inputs.attention !== undefined}`, `${gate !== "gru"}`],
    ...(inputs.attention ? shape("attention", inputs.attention, packed.tokens, 1) : []),
  ],
  subtractWeights: ({ parameters: { a, b }, derived }) => [
    ...weight("b", b, a.rows, a.cols),
    ...weight("the difference", derived.weight, a.rows, a.cols),
  ],
  crossEntropy: ({ inputs: { logits } }) => [cols("logits", logits, 1)],
};

function shapesOf<Name extends OperationName>(operation: Extract<Operation, { name: Name }>): Size[] {
  const describe: (operation: Extract<Operation, { name: Name }>) => Size[] = SHAPES[operation.name];
  return describe(operation);
}
