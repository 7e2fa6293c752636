/** Entry of a thread of a `Lane`. The engine has no clocks of its own: here they are put around its barriers. */
import { parentPort, workerData } from "node:worker_threads";
import { Barrier } from "../../src/engine/barrier.ts";
import { TaskRunner } from "../../src/engine/task-runner.ts";
import { Workspace } from "../../src/engine/workspace.ts";
import { RATE } from "../fixed-length-dataset.ts";
import { type LaneStart, STAGES, type ThreadTimes } from "./lane.ts";

const { options, memory, work, thread } = workerData as LaneStart;
const { catalogue, loaded, masks, steps } = work;
const times: ThreadTimes = {
  working: new Float64Array(steps * STAGES.length),
  waiting: new Float64Array(steps * STAGES.length),
};
let stage = 0;
let last = 0;

const wait = Barrier.prototype.wait;
Barrier.prototype.wait = function (this: Barrier) {
  const arrived = performance.now();
  wait.call(this);
  const left = performance.now();
  times.working[stage] = arrived - last;
  times.waiting[stage] = left - arrived;
  last = left;
  stage++;
};

const runner = new TaskRunner(new Workspace(options, memory), catalogue, thread, masks);
runner.run({ kind: "open", loaded });

parentPort!.on("message", (done: number) => {
  stage = 0;
  last = performance.now();
  runner.run({ kind: "train", epoch: 1, portion: 0, from: 0, to: steps, done, rate: RATE });
  parentPort!.postMessage(times);
});
