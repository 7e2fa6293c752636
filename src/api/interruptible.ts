/** Interruption as programs ask for it: what they give is checked. */
import { z } from "zod";
import * as interruption from "../interruption.ts";
import { signal } from "../options/pieces.ts";
import { checkOptions } from "../options/problems.ts";

const arguments_ = z.object({ signal, work: z.custom((given) => typeof given === "function", "expected a function") });

/**
 * Does `work`, which ends soon after `signal` is aborted: it fails with the signal's reason, and leaves nothing unfinished
 * behind. Without a signal it obeys that of its caller alone.
 */
export async function interruptible<T>(ending: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  checkOptions("interruptible", arguments_, { signal: ending, work });
  return await interruption.interruptible(ending, work);
}
