/** A Postgres server of a test's own, from the real programs: a fresh data folder, loopback only, a free port. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import pg from "pg";

const PASSWORD = "pass word@1";

/** The folder with `initdb` and `postgres`, undefined where they are not installed. */
function programs(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).map((version) => join(debian, version, "bin")) : [];
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...versions];
  return folders.find((folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres")));
}

/** The programs refuse to run as root: there, the user that the package made stands in. Undefined where there is none. */
function identity(): { uid?: number; gid?: number } | undefined {
  if (process.getuid?.() !== 0) return {};
  const [, , uid, gid] = /^postgres:.*$/m.exec(readFileSync("/etc/passwd", "utf8"))?.[0].split(":") ?? [];
  return uid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

/** Why no server can be started here; undefined where one can. */
export const noPostgres: string | undefined =
  programs() === undefined
    ? "no initdb and postgres on PATH or in /usr/lib/postgresql"
    : identity() === undefined
      ? "root without a user called postgres"
      : undefined;

export class PostgresServer {
  readonly port: number;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(folder: string, port: number, process: ChildProcess) {
    this.#folder = folder;
    this.port = port;
    this.#process = process;
  }

  static async start(): Promise<PostgresServer> {
    const bin = programs()!;
    const user = identity()!;
    const folder = mkdtempSync(join(tmpdir(), "dien-postgres-"));
    const secret = join(folder, "secret");
    writeFileSync(secret, PASSWORD);
    if (user.uid !== undefined) for (const path of [folder, secret]) chownSync(path, user.uid, user.gid!);
    const data = join(folder, "data");
    const options = ["--username=test", `--pwfile=${secret}`, "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale"];
    execFileSync(join(bin, "initdb"), ["--pgdata", data, "--no-sync", ...options], {
      ...user,
      cwd: folder,
      stdio: "pipe",
    });
    const port = await freePort();
    const settings = [
      "listen_addresses=127.0.0.1",
      "unix_socket_directories=",
      "fsync=off",
      "timezone=Asia/Tokyo",
      "datestyle=German",
    ];
    const argv = ["-D", data, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])];
    const server = new PostgresServer(
      folder,
      port,
      spawn(join(bin, "postgres"), argv, { ...user, cwd: folder, stdio: "ignore" }),
    );
    for (let tries = 0; ; tries++) {
      try {
        await server.run("SELECT 1");
        return server;
      } catch (error) {
        if (tries === 100) throw error;
        await setTimeout(100);
      }
    }
  }

  /** The address of a table or query: `?table=NAME`. */
  address(search: Record<string, string>, password = PASSWORD): string {
    return `postgres://test:${encodeURIComponent(password)}@127.0.0.1:${this.port}/postgres?${new URLSearchParams(search)}`;
  }

  async run(sql: string, values: readonly unknown[] = []): Promise<void> {
    const client = new pg.Client(this.address({}));
    try {
      await client.connect();
      await client.query(sql, values.length > 0 ? [...values] : undefined);
    } finally {
      await client.end().catch(() => {});
    }
  }

  /** Ends without waiting for anybody ("immediate shutdown"), and removes the data. */
  async stop(): Promise<void> {
    if (this.#process.exitCode === null) {
      const ended = new Promise((resolve) => this.#process.once("exit", resolve));
      this.#process.kill("SIGQUIT");
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
