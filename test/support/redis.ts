/** A Redis of a test's own, from the real program: a fresh folder, loopback only, a free port. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { createClient } from "@redis/client";
import { freePort } from "./postgres.ts";

const PASSWORD = "pass word@1";

const program = (process.env.PATH ?? "")
  .split(delimiter)
  .map((folder) => join(folder, "redis-server"))
  .find((path) => existsSync(path));

/** Why no server can be started here; undefined where one can. */
export const noRedis: string | undefined = program === undefined ? "no redis-server on PATH" : undefined;

export class RedisServer {
  readonly port: number;
  readonly folder = mkdtempSync(join(tmpdir(), "dien-redis-"));
  #process: ChildProcess | undefined;

  private constructor(port: number) {
    this.port = port;
  }

  static async start(): Promise<RedisServer> {
    const server = new RedisServer(await freePort());
    await server.start();
    return server;
  }

  /** The address of a store. */
  address(prefix: string, password = PASSWORD): string {
    return `redis://:${encodeURIComponent(password)}@127.0.0.1:${this.port}?prefix=${prefix}`;
  }

  /** Starts it again, after `stop`, with what it has on its disk. */
  async start(): Promise<void> {
    const options = {
      ...{ port: String(this.port), bind: "127.0.0.1", dir: this.folder, requirepass: PASSWORD },
      ...{ appendonly: "yes", appendfsync: "always", save: "" },
    };
    const argv = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    this.#process = spawn(program!, argv, { stdio: "ignore" });
    for (let tries = 0; ; tries++) {
      try {
        await this.run("PING");
        return;
      } catch (error) {
        if (tries === 100) throw error;
        await setTimeout(50);
      }
    }
  }

  async run(...command: string[]): Promise<unknown> {
    const client = createClient({
      url: this.address(""),
      socket: { reconnectStrategy: false },
      disableOfflineQueue: true,
    });
    client.on("error", () => {});
    await client.connect();
    try {
      return await client.sendCommand(command);
    } finally {
      client.destroy();
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** Ends at once, as a kill does; what it has on its disk stays. */
  async stop(): Promise<void> {
    if (this.#process === undefined || this.#process.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#process!.once("exit", resolve));
    this.#process.kill("SIGKILL");
    await ended;
    this.#process = undefined;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
