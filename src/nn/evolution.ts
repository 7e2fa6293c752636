/**
 * Interest evolving layer (paper, eq. 9-12, https://arxiv.org/abs/1809.03672): a second recurrence over the extractor's
 * states in which the attention to the candidate decides how far each step moves the state.
 */
import type { GateName } from "../autograd/operation.ts";
import { recurrent } from "../autograd/recurrent.ts";
import { scaleSteps } from "../autograd/steps.ts";
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

/** The last state of each sample [samples, H], zero for an empty history; all of them [tokens, H] where they are exposed. */
export interface Evolved {
  readonly last: Tensor;
  readonly states?: Tensor;
}

/**
 * Evolves the interests [tokens, H], of the samples or of the sequences that they share.
 * @param attention [tokens, 1]; only `gru` does without
 */
export function evolve(
  tape: Tape,
  packed: Packed,
  name: string,
  { evolution, augru }: EvolutionOptions,
  interests: Tensor,
  attention: Tensor | undefined,
  hidden: number,
): Evolved {
  const parameters = recurrentParameters(tape, name, interests.cols, hidden);
  const run = (x: Tensor, gate: GateName = "gru", a?: Tensor): Evolved =>
    tape.exposing
      ? recurrent(tape, packed, x, parameters, ["states", "last"], gate, a)
      : recurrent(tape, packed, x, parameters, ["last"], gate, a);
  if (evolution === "gru") return run(interests);
  if (attention === undefined) throw new Error(`${evolution} needs attention`);
  switch (evolution) {
    case "aigru":
      return run(scaleSteps(tape, packed, attention, interests));
    case "agru":
      return run(interests, "agru", attention);
    case "augru":
      return run(interests, augru.form === "paper" ? "augruPaper" : "augruReleased", attention);
  }
}
