/** One of the two threads of `Distance`: they write and wait by turns. */
import { parentPort, workerData } from "node:worker_threads";
import type { Game } from "./distance.ts";

const { cells, player } = workerData as { cells: Int32Array; player: number };
const [TURN, PRESENT] = [0, 32];

parentPort!.on("message", ({ begin, turns }: Game) => {
  // Each waits until both are awake.
  Atomics.add(cells, PRESENT, 1);
  while (Atomics.load(cells, PRESENT) % 2 !== 0);
  const start = performance.now();
  for (let turn = player; turn < 2 * turns; turn += 2) {
    while (Atomics.load(cells, TURN) !== begin + turn);
    Atomics.store(cells, TURN, begin + turn + 1);
  }
  parentPort!.postMessage(((performance.now() - start) * 1e6) / (2 * turns));
});
