/**
 * Wakes a program at given moments to within some microseconds, from a thread of its own: timers of the event loop are
 * up to a millisecond late, which is much of what an answer takes.
 */
import { isMainThread, Worker, workerData } from "node:worker_threads";

/** How many of the moments have come. */
const PASSED = 0;
/** Is never written: whoever waits here sleeps. */
const SLEEP = 1;

interface Start {
  readonly cells: Int32Array;
  /** Milliseconds since 1970, ascending. */
  readonly moments: Float64Array;
}

/** Calls `onMoment` once for each of the moments, milliseconds from now and ascending, as soon as it has come. */
export async function atMoments(moments: Float64Array, onMoment: (place: number) => void): Promise<void> {
  const cells = new Int32Array(new SharedArrayBuffer(8));
  const now = performance.timeOrigin + performance.now();
  const workerData: Start = { cells, moments: moments.map((moment) => now + moment) };
  const worker = new Worker(new URL(import.meta.url), { workerData });
  for (let next = 0; next < moments.length; ) {
    const { async, value } = Atomics.waitAsync(cells, PASSED, next);
    if (async) await value;
    const passed = Atomics.load(cells, PASSED);
    while (next < passed) onMoment(next++);
  }
  await worker.terminate();
}

if (!isMainThread) {
  const { cells, moments } = workerData as Start;
  for (const moment of moments) {
    for (;;) {
      const left = moment - performance.timeOrigin - performance.now();
      if (left <= 0) break;
      Atomics.wait(cells, SLEEP, 0, left);
    }
    Atomics.add(cells, PASSED, 1);
    Atomics.notify(cells, PASSED);
  }
}
