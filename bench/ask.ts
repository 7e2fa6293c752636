/** A worker's answer to a message. */
import type { Worker } from "node:worker_threads";

export function ask<T>(worker: Worker, message: unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("message", (answer: T) => {
      worker.off("error", reject);
      resolve(answer);
    });
    worker.postMessage(message);
  });
}
