/** Entry of a thread of a `Lane`: runs slices of training, and says where their time went. */
import { parentPort, workerData } from "node:worker_threads";
import { BatchAssembler } from "../../src/dataset/batching.ts";
import { Masker } from "../../src/dataset/masking.ts";
import { TaskRunner } from "../../src/engine/task-runner.ts";
import { Workspace } from "../../src/engine/workspace.ts";
import type { Kernels } from "../../src/kernels/contract.ts";
import { RATE } from "../fixed-length-dataset.ts";
import { type Clock, callCost, restart, timed, timedKernels } from "./clocks.ts";
import type { LaneStart, Slice, WorkerTimes } from "./lane.ts";

const { options, memory, dataset, masks, timed: isTimed } = workerData as LaneStart;

// The engine itself has no clocks.
const feeding: Clock = { seconds: 0, calls: 0 };
BatchAssembler.prototype.fill = timed(feeding, BatchAssembler.prototype.fill);
Masker.prototype.mask = timed(feeding, Masker.prototype.mask);

const workspace = new Workspace(options, memory);
const call = isTimed ? callCost(workspace.kernels) : undefined;
const { kernels, clocks } = timedKernels(workspace.kernels);
// Replaced before anything records a model with them.
if (isTimed) (workspace as { kernels: Kernels }).kernels = kernels;
const runner = new TaskRunner(workspace, dataset, 0, masks);
runner.run({ kind: "open", loaded: { sequences: dataset.sequences, samples: dataset.train } });

parentPort!.on("message", ({ steps, done }: Slice) => {
  restart({ feeding, ...clocks });
  const start = performance.now();
  runner.run({ kind: "train", epoch: 1, portion: 0, from: 0, to: steps, done, rate: RATE });
  const seconds = (performance.now() - start) / 1000;
  const times: WorkerTimes = { seconds, feeding: feeding.seconds, kernels: clocks, call };
  parentPort!.postMessage(times);
});
