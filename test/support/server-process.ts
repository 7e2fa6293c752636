/** `dien serve` as a process of its own: the built one, on a free port of loopback. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

export class ServerProcess {
  readonly url: string;
  readonly #child: ChildProcessByStdio<null, Readable, Readable | null>;

  private constructor(url: string, child: ChildProcessByStdio<null, Readable, Readable | null>) {
    this.url = url;
    this.#child = child;
  }

  /** Starts `dien serve` with these arguments, and waits until it listens. @throws Error with what it says where it does not */
  static async start(...argv: readonly string[]): Promise<ServerProcess> {
    const words = [resolve("dist/cli/main.js"), "serve", "--port", "0", "--json", ...argv];
    const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    // What it logs later is read too, or it would wait for a reader.
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = `${said}${text}`.slice(-2000);
    });
    for await (const line of createInterface(child.stdout)) {
      if (line.startsWith("{")) return new ServerProcess(JSON.parse(line).url, child);
    }
    throw new Error(`dien serve did not start: ${said}`);
  }

  /** Mebibytes that the process has in memory. */
  get rss(): number {
    const [, kibibytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${this.#child.pid}/status`, "utf8"))!;
    return Math.round(Number(kibibytes) / 1024);
  }

  /** Sends a signal and waits for the end. Its code is null where the signal ended it. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
    const ended = once(this.#child, "exit");
    this.#child.kill(signal);
    const [code] = await ended;
    return code;
  }
}
