/** The built `dien` as a process to which something happens. */
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import type { Fault } from "./faults.ts";

const MAIN = resolve("dist/cli/main.js");
const PRELOAD = resolve("test/chaos/preload.mjs");

/** Milliseconds after which a process counts as one that hangs. */
const PATIENCE = 120_000;

export interface Ended {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  /** What happened to it, for people. */
  readonly fault: string;
  readonly milliseconds: number;
  /** From the last signal that was sent to it until its end; undefined where none was. */
  readonly lingered: number | undefined;
  /** It was still running after two minutes, and was killed. */
  readonly hung: boolean;
}

/** Runs `dien ARGUMENTS` in `folder`, lets `fault` happen, and waits for its end. */
export function dien(folder: string, argv: readonly string[], fault?: Fault, countFile?: string): Promise<Ended> {
  const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: "1" };
  let command = [process.execPath, MAIN, ...argv];
  if (fault?.kind === "call" || countFile !== undefined) {
    command.splice(1, 0, "--import", PRELOAD);
    if (fault?.kind === "call") Object.assign(env, { CHAOS_CALL: `${fault.call}`, CHAOS_DO: fault.what });
    if (countFile !== undefined) env.CHAOS_COUNT = countFile;
  }
  if (fault?.kind === "system-call") {
    const inject = `inject=${fault.name}:signal=KILL:when=${fault.when}`;
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", `trace=${fault.name}`, "-e", inject, ...command];
  }
  const [program, ...rest] = command;
  const start = performance.now();
  const child = spawn(program, rest, { cwd: folder, env, stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  let signalled: number | undefined;
  let hung = false;
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const timers = (fault?.kind === "signals" ? fault.signals : []).map(({ signal, after }) =>
    setTimeout(() => {
      if (child.kill(signal)) signalled = performance.now();
    }, after),
  );
  timers.push(
    setTimeout(() => {
      hung = true;
      child.kill("SIGKILL");
    }, PATIENCE),
  );
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (code, signal) => {
      for (const timer of timers) clearTimeout(timer);
      const now = performance.now();
      const lingered = signalled === undefined ? undefined : now - signalled;
      done({ code, signal, stderr, fault: JSON.stringify(fault ?? "none"), milliseconds: now - start, lingered, hung });
    });
  });
}
