/**
 * How work ends before it is done: a signal goes with it wherever it leads, so neither a query five rooms below nor a
 * loop over millions of rows needs to be handed one.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate } from "node:timers/promises";

const signals = new AsyncLocalStorage<AbortSignal | undefined>();
let endingThemselves = 0;

/**
 * Does `work`, which ends soon after `signal` is aborted: it fails with the signal's reason, and leaves nothing unfinished
 * behind. Without a signal it obeys that of its caller alone.
 */
export async function interruptible<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  if (signal === undefined) return await work();
  signal.throwIfAborted();
  return await signals.run(withCurrent(signal), work);
}

/** A signal that is aborted with `signal` as with that which the present work obeys, as far as there are any. */
export function withCurrent(signal: AbortSignal | undefined): AbortSignal | undefined {
  const outer = currentSignal();
  return outer === undefined || signal === undefined ? (signal ?? outer) : AbortSignal.any([outer, signal]);
}

/** Does `work`, which sees to the signal itself and ends in its own time: nothing that it calls is interrupted. */
export async function endingItself<T>(work: () => Promise<T>): Promise<T> {
  endingThemselves++;
  try {
    return await signals.run(undefined, work);
  } finally {
    endingThemselves--;
  }
}

/**
 * Nothing that goes on in this process obeys a signal from here on, as for a server, which ends in its own time. Before
 * Node 24 each promise pays for carrying signals along, which took a tenth of what a request takes.
 */
export function forgetSignals(): void {
  signals.disable();
}

/** Whether some work at this moment ends in its own time, so that it must be waited for. */
export function isEndingItself(): boolean {
  return endingThemselves > 0;
}

/** The signal that the present work obeys. */
export function currentSignal(): AbortSignal | undefined {
  return signals.getStore();
}

/** Ends work whose signal is aborted. */
export function throwIfInterrupted(): void {
  currentSignal()?.throwIfAborted();
}

/** For long loops, now and then: lets the event loop turn, for only then do signals arrive, and ends work that is to end. */
export async function turn(): Promise<void> {
  await setImmediate();
  throwIfInterrupted();
}

/** Whether an error says that work was ended, and so is no report of what went wrong. */
export function isInterruption(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
