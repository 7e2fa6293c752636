/** Entry of a worker thread: runs the tasks of the main thread's `WorkerPool`, one message each. */
import { parentPort, workerData } from "node:worker_threads";
import { TaskRunner } from "./task-runner.ts";
import type { Task, WorkerStart } from "./tasks.ts";
import { Workspace } from "./workspace.ts";

const { options, memory, catalogue, masks, thread } = workerData as WorkerStart;
const runner = new TaskRunner(new Workspace(options, memory), catalogue, thread, masks);

parentPort!.on("message", (task: Task) => {
  runner.run(task);
  if (task.kind !== "open") parentPort!.postMessage("done");
});
