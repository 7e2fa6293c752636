/** Kernels that count their calls and the time of each, and functions that count theirs. */
import type { Kernels } from "../../src/kernels/contract.ts";

export interface Clock {
  seconds: number;
  calls: number;
}

/** What one call costs that does nothing: by itself, and how much of it a clock shows. */
export interface CallCost {
  readonly seconds: number;
  readonly shown: number;
}

/** `call`, with `clock` running. */
export function timed<A extends unknown[], R>(clock: Clock, call: (...given: A) => R): (...given: A) => R {
  return function (this: unknown, ...given: A) {
    const start = performance.now();
    const result = call.apply(this, given);
    clock.seconds += (performance.now() - start) / 1000;
    clock.calls++;
    return result;
  };
}

/** All kernels with a clock each, by name. */
export function timedKernels(kernels: Kernels): { kernels: Kernels; clocks: Record<string, Clock> } {
  const clocks: Record<string, Clock> = {};
  const wrapped = Object.entries(kernels).map(([name, kernel]) => {
    clocks[name] = { seconds: 0, calls: 0 };
    return [name, timed(clocks[name], kernel as (...given: number[]) => number)];
  });
  return { kernels: Object.fromEntries(wrapped), clocks };
}

export function restart(clocks: Record<string, Clock>): void {
  for (const clock of Object.values(clocks)) clock.seconds = clock.calls = 0;
}

/** Measures a call that fills nothing: the least that any call of a kernel costs. */
export function callCost(kernels: Kernels): CallCost {
  const calls = 100_000;
  const clock: Clock = { seconds: 0, calls: 0 };
  const observed = timed(clock, (out: number) => kernels.fill(0, out, 0));
  const measure = (): CallCost => {
    clock.seconds = 0;
    const start = performance.now();
    for (let i = 0; i < calls; i++) kernels.fill(0, 8, 0);
    const seconds = (performance.now() - start) / 1000;
    for (let i = 0; i < calls; i++) observed(8);
    return { seconds: seconds / calls, shown: clock.seconds / calls };
  };
  measure();
  return measure();
}
