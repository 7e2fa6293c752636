/**
 * How a machine does the work: which kernels, how many threads. Each command chooses anew, so none of it is part of a
 * model or identifies a run: what was trained on one machine is resumed and scored on any other.
 */
import { availableParallelism } from "node:os";
import { UserError } from "../errors.ts";
import { type Engine, engineSupported } from "../kernels/load.ts";

export interface MachineOptions {
  /**
   * The kernels. `simd`, the default, gives the same bits on every machine; `relaxed` fuses multiplications and
   * additions and does not; `reference` is plain TypeScript, and slow.
   */
  readonly engine?: Engine | undefined;
  /** Worker threads; they never change a result. Default: one for each core. */
  readonly threads?: number | undefined;
}

/** A machine as it was chosen. */
export interface Machine {
  readonly engine: Engine;
  readonly threads: number;
}

/** Fills the defaults. @throws UserError where this version of Node does not have the engine */
export function chooseMachine({ engine = "simd", threads = availableParallelism() }: MachineOptions): Machine {
  if (!engineSupported(engine)) {
    throw new UserError('engine "relaxed": this version of Node has no relaxed SIMD; use "simd", or Node 24');
  }
  if (!Number.isInteger(threads) || threads < 1) throw new RangeError(`threads: expected at least 1, found ${threads}`);
  return { engine, threads };
}
