/**
 * Interest evolving layer (paper, eq. 9-12, https://arxiv.org/abs/1809.03672): a second recurrence over the extractor's
 * states in which the attention to the candidate decides how far each step moves the state.
 */
import { recurrent } from "../autograd/recurrent.ts";
import { scaleRows } from "../autograd/steps.ts";
import type { Tape, Tensor } from "../autograd/tape.ts";
import { Gate } from "../kernels/contract.ts";
import type { Packed } from "../tensor/packed.ts";
import { recurrentParameters } from "./gru.ts";

/** `augru` is the paper's form; `augru-released` the one of the authors' code (docs/decisions/0002). */
export type Evolution = "gru" | "aigru" | "agru" | "augru" | "augru-released";

const gates: Record<Exclude<Evolution, "gru" | "aigru">, Gate> = {
  agru: Gate.agru,
  augru: Gate.augru,
  "augru-released": Gate.released,
};

/**
 * Evolves the interests [tokens, H].
 * @param attention [tokens, 1]; only the form `gru` does without
 * @returns states [tokens, H], and the last state of each sample [samples, H] (zero for an empty history)
 */
export function evolve(
  tape: Tape,
  packed: Packed,
  name: string,
  evolution: Evolution,
  interests: Tensor,
  attention: Tensor | undefined,
  hidden: number,
): { states: Tensor; last: Tensor } {
  const parameters = recurrentParameters(tape, name, interests.cols, hidden);
  if (evolution === "gru") return recurrent(tape, packed, interests, parameters);
  if (attention === undefined) throw new Error(`${evolution} needs attention`);
  if (evolution === "aigru") return recurrent(tape, packed, scaleRows(tape, attention, interests), parameters);
  return recurrent(tape, packed, interests, parameters, gates[evolution], attention);
}
