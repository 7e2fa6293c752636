/**
 * Interest evolving layer (paper, eq. 9-12, https://arxiv.org/abs/1809.03672): a second recurrence over the extractor's
 * states in which the attention to the candidate decides how far each step moves the state.
 */
import { recurrent } from "../autograd/recurrent.ts";
import { scaleRows } from "../autograd/steps.ts";
import type { Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/values.ts";
import type { Packed } from "../tensor/packed.ts";
import { recurrentParameters } from "./gru.ts";

/** Which recurrence evolves the interests; `gru` is the one without attention. */
export interface EvolutionOptions {
  readonly evolution: "gru" | "aigru" | "agru" | "augru";
  /** Whether AUGRU is the paper's, or that of the code which its authors released (docs/decisions/0002). */
  readonly augru: { readonly form: "paper" | "released" };
}

/**
 * Evolves the interests [tokens, H].
 * @param attention [tokens, 1]; only `gru` does without
 * @returns states [tokens, H], and the last state of each sample [samples, H] (zero for an empty history)
 */
export function evolve(
  tape: Tape,
  packed: Packed,
  name: string,
  { evolution, augru }: EvolutionOptions,
  interests: Tensor,
  attention: Tensor | undefined,
  hidden: number,
): { states: Tensor; last: Tensor } {
  const parameters = recurrentParameters(tape, name, interests.cols, hidden);
  if (evolution === "gru") return recurrent(tape, packed, interests, parameters);
  if (attention === undefined) throw new Error(`${evolution} needs attention`);
  switch (evolution) {
    case "aigru":
      return recurrent(tape, packed, scaleRows(tape, attention, interests), parameters);
    case "agru":
      return recurrent(tape, packed, interests, parameters, "agru", attention);
    case "augru": {
      const gate = augru.form === "paper" ? "augruPaper" : "augruReleased";
      return recurrent(tape, packed, interests, parameters, gate, attention);
    }
  }
}
