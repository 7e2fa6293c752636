/** Entry of a worker thread: does what the main thread's `Team` says, one message a chunk of work. */
import { parentPort, workerData } from "node:worker_threads";
import { Meeting } from "./barrier.ts";
import { Stepper } from "./stepper.ts";
import type { Task, WorkerStart } from "./tasks.ts";
import { Workspace } from "./workspace.ts";

const { options, memory, catalogue, thread } = workerData as WorkerStart;
const workspace = new Workspace(options, memory);
const stepper = new Stepper(workspace, catalogue, new Meeting(workspace.control, options.threads), thread);

parentPort!.on("message", (task: Task) => {
  if (task.kind === "open") return stepper.open(task.loaded);
  if (task.kind === "train") stepper.train(task);
  else if (task.kind === "measure") stepper.measure(task);
  else stepper.score(task.order, task.scores);
  parentPort!.postMessage("done");
});
