/** What a model shows of itself after the replay of a single request: the tensors that it exposes by name. */
import type { Tensor } from "../autograd/values.ts";
import type { RecordedModel, Workspace } from "../engine/workspace.ts";

const NAMES = ["attention", "states"] as const;
export type ExposedName = (typeof NAMES)[number];

/** T behaviours count, oldest first. */
export interface Exposed {
  /** [T] the candidate's attention to each behaviour; adds up to 1. */
  readonly attention: number[];
  /** [T, H] the state after each behaviour: of DIEN the evolving interest, whose last one the head reads. */
  readonly states: number[][];
}

/** What a model does not have; undefined where it has everything. */
export function lackingIn({ tape }: RecordedModel): ExposedName | undefined {
  return NAMES.find((name) => !tape.exposed.has(name));
}

/** Of a model that lacks nothing. */
export function readExposed(recorded: RecordedModel, workspace: Workspace): Exposed {
  const read = (name: ExposedName) => readSteps(recorded, workspace, recorded.tape.exposed.get(name)!);
  return { attention: read("attention").flat(), states: read("states") };
}

/** The rows of a [tokens, n] tensor: [T, n]. */
function readSteps({ batch }: RecordedModel, { memory }: Workspace, { value, cols }: Tensor): number[][] {
  const { packed } = batch;
  return Array.from({ length: packed.steps }, (_, t) => {
    const at = value / 4 + packed.offsets[t] * cols;
    return Array.from(memory.f32.subarray(at, at + cols));
  });
}
