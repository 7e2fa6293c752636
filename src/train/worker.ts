/** Entry of a worker thread: does what the main thread's `Team` says, one message a chunk of work. */
import { parentPort, workerData } from "node:worker_threads";
import type { Dataset } from "../data/dataset.ts";
import { Meeting } from "./meeting.ts";
import { Stepper } from "./stepper.ts";
import type { Task } from "./team.ts";
import { Workspace, type WorkspaceOptions } from "./workspace.ts";

/** What a worker is started with. Memory and dataset are shared, not copied. */
export interface WorkerStart {
  readonly options: WorkspaceOptions;
  readonly memory: WebAssembly.Memory;
  readonly dataset: Dataset;
  readonly thread: number;
}

const { options, memory, dataset, thread } = workerData as WorkerStart;
const workspace = new Workspace(options, memory);
const stepper = new Stepper(workspace, dataset, new Meeting(workspace.control, options.threads), thread);

parentPort!.on("message", (task: Task) => {
  if (task.kind === "train") stepper.train(task.epoch, task.from, task.to, task.done, task.rate);
  else stepper.score(dataset[task.split], task.order, task.scores);
  parentPort!.postMessage("done");
});
