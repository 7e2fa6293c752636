/** The GRU over packed histories, and its parameters. */
import { type RecurrentParameters, recurrent } from "../autograd/recurrent.ts";
import type { Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/values.ts";
import type { Packed } from "../tensor/packed.ts";

/** Fresh `NAME.W` [inputs, 3H], `NAME.U` [H, 3H] (Glorot for each gate) and `NAME.b` [3H], zero. */
export function recurrentParameters(tape: Tape, name: string, inputs: number, hidden: number): RecurrentParameters {
  const gates = 3 * hidden;
  return {
    W: tape.parameter(`${name}.W`, inputs, gates, { kind: "glorot", fanIn: inputs, fanOut: hidden }),
    U: tape.parameter(`${name}.U`, hidden, gates, { kind: "glorot", fanIn: hidden, fanOut: hidden }),
    b: tape.parameter(`${name}.b`, 1, gates, { kind: "constant", value: 0 }),
  };
}

/** Interest extractor (paper, eq. 2-5): the states [tokens, H] of a GRU over x [tokens, D], be they of shared sequences. */
export function gru(tape: Tape, packed: Packed, name: string, x: Tensor, hidden: number): Tensor {
  return recurrent(tape, packed, x, recurrentParameters(tape, name, x.cols, hidden), ["states"]).states;
}
