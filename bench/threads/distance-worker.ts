/** One of the two threads of `Distance`: they write and wait by turns. */
import { parentPort, workerData } from "node:worker_threads";
import { CELLS } from "./distance.ts";

const { cells, player } = workerData as { cells: Int32Array; player: number };
const TURNS = 6000;
/** Looks at the memory before a player gives up: both were put on one core, where the other cannot move meanwhile. */
const PATIENCE = 1_000_000;

/** Whether the cell came to hold `value`. */
function sees(cell: number, value: number): boolean {
  for (let looks = 0; Atomics.load(cells, cell) !== value; looks++) {
    if (looks > PATIENCE) Atomics.store(cells, CELLS.isOver, 1);
    if (Atomics.load(cells, CELLS.isOver) === 1) return false;
  }
  return true;
}

function play(): number {
  Atomics.add(cells, CELLS.present, 1);
  if (!sees(CELLS.present, 2)) return Number.POSITIVE_INFINITY;
  const start = performance.now();
  for (let turn = player; turn < TURNS; turn += 2) {
    if (!sees(CELLS.turn, turn)) return Number.POSITIVE_INFINITY;
    Atomics.store(cells, CELLS.turn, turn + 1);
  }
  return ((performance.now() - start) * 1e6) / TURNS;
}

parentPort!.on("message", () => parentPort!.postMessage(play()));
