/** The real command in a process of its own. Needs `npm run build`, which `npm test` does. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Outcome } from "./harness.ts";

export const MAIN = resolve("dist/cli/main.js");

/** What became of a process; `signal` is the one that it died of, its exit code is negative then. */
export interface Ending extends Outcome {
  readonly signal: NodeJS.Signals | null;
}

export function start(...argv: string[]): ChildProcess {
  return startWith({}, ...argv);
}

export function startWith(options: SpawnOptions, ...argv: string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, ...argv], { stdio: ["ignore", "pipe", "pipe"], ...options });
}

export function end(child: ChildProcess): Promise<Ending> {
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text;
    });
  }
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (code, signal) => done({ code: code ?? -1, signal, ...texts }));
  });
}

export const dien = (...argv: string[]) => end(start(...argv));

/** Waits until `happened` holds, for as long as the process lives. */
export async function until(child: ChildProcess, happened: () => boolean): Promise<void> {
  while (!happened()) {
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode} before anything happened`);
    await setTimeout(20);
  }
}
