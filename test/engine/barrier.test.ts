/** Threads that meet: nobody leaves a barrier before all are there, and each piece of work goes to one thread. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { BARRIER_CELLS, Barrier } from "../../src/engine/barrier.ts";
import { COUNTER_CELLS, WorkCounter } from "../../src/engine/work-counter.ts";

const shared = (cells: number) => new Int32Array(new SharedArrayBuffer(cells * 4));

/** Threads run built files, as workers of a pool do. */
const script = `
  const { workerData: { barrierCells, counterCells, arrived, taken, threads, rounds, url }, parentPort } = require("node:worker_threads");
  Promise.all([import(new URL("barrier.js", url)), import(new URL("work-counter.js", url))]).then(([a, b]) => {
    const barrier = new a.Barrier(barrierCells, threads);
    const counter = new b.WorkCounter(counterCells);
    let early = 0;
    for (let round = 1; round <= rounds; round++) {
      Atomics.add(arrived, 0, 1);
      barrier.wait();
      if (Atomics.load(arrived, 0) !== round * threads) early++;
      for (let piece = counter.take(); piece < taken.length; piece = counter.take()) Atomics.add(taken, piece, 1);
      barrier.wait();
      if (Atomics.add(arrived, 1, 1) % threads === 0) counter.restart();
      barrier.wait();
    }
    parentPort.postMessage(early);
  });
`;

it("three threads enter each round together, and share out its pieces", async () => {
  const [threads, rounds] = [3, 100];
  const [barrierCells, counterCells] = [shared(BARRIER_CELLS), shared(COUNTER_CELLS)];
  const [arrived, taken] = [shared(2), shared(7)];
  const url = new URL("../../dist/engine/", import.meta.url).href;
  const workerData = { barrierCells, counterCells, arrived, taken, threads, rounds, url };
  const early = await Promise.all(
    Array.from({ length: threads }, async () => {
      const worker = new Worker(script, { eval: true, workerData });
      const [count] = await once(worker, "message");
      await worker.terminate();
      return count;
    }),
  );
  expect(early).toEqual([0, 0, 0]);
  expect([...arrived]).toEqual([threads * rounds, threads * rounds]);
  expect([...taken]).toEqual(new Array(7).fill(rounds));
});

it("a single thread waits for nobody", () => {
  const cells = shared(BARRIER_CELLS);
  new Barrier(cells, 1).wait();
  expect([...cells]).toEqual([0, 0]);
});

it("a counter hands out pieces from 0, begins again, and knows what is done", () => {
  const counter = new WorkCounter(shared(COUNTER_CELLS));
  expect([counter.take(), counter.take(), counter.take()]).toEqual([0, 1, 2]);
  counter.advance(5);
  counter.advance(2);
  counter.restart();
  expect(counter.done).toBe(7);
  expect(counter.take()).toBe(0);
  counter.reset();
  expect(counter.done).toBe(0);
  expect(counter.take()).toBe(0);
});
