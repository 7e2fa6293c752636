/** Entry of a worker thread: does what the main thread's `Team` says, one message a chunk of work. */
import { parentPort, workerData } from "node:worker_threads";
import { Meeting } from "./meeting.ts";
import { Stepper } from "./stepper.ts";
import type { Task, WorkerStart } from "./tasks.ts";
import { Workspace } from "./workspace.ts";

const { options, memory, dataset, thread } = workerData as WorkerStart;
const workspace = new Workspace(options, memory);
const stepper = new Stepper(workspace, dataset, new Meeting(workspace.control, options.threads), thread);

parentPort!.on("message", (task: Task) => {
  if (task.kind === "train") stepper.train(task.epoch, task.from, task.to, task.done, task.rate);
  else if (task.kind === "measure") stepper.measure(dataset[task.split], task.order, task.shares);
  else stepper.score(dataset[task.split], task.order, task.scores);
  parentPort!.postMessage("done");
});
