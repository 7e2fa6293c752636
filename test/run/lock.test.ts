/** Who may train a run: one process at a time, whatever became of those before. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/errors/failure.ts";
import { withLock } from "../../src/run/lock.ts";
import { temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();
let runs = 0;

/** A run with the lock of a process, or with any other content of the file. */
function runLockedBy(owner: object | string): string {
  const run = join(folder, `run${++runs}`);
  mkdirSync(run);
  writeFileSync(join(run, "lock"), typeof owner === "string" ? owner : JSON.stringify(owner));
  return run;
}

describe("a lock", () => {
  it("names this process as long as the work lasts, and is gone after it, also when it fails", async () => {
    const run = join(folder, "new", "run");
    const lock = join(run, "lock");
    const result = await withLock(run, async () => {
      expect(JSON.parse(readFileSync(lock, "utf8"))).toEqual({ pid: process.pid, host: hostname() });
      return 7;
    });
    expect([result, existsSync(lock)]).toEqual([7, false]);
    const failure = withLock(run, async () => {
      throw new Error("no luck");
    });
    await expect(failure).rejects.toThrow("no luck");
    expect(existsSync(lock)).toBe(false);
  });

  it("keeps others out, of this process, of this machine and of others", async () => {
    const refuses = async (run: string, pid: number) => {
      const error = await withLock(run, async () => "done").catch((error) => error);
      expect(error).toBeInstanceOf(UserError);
      expect(error.message).toContain(`${run} is being trained by process ${pid}`);
      expect(existsSync(join(run, "lock"))).toBe(true);
    };
    const own = join(folder, "own");
    await withLock(own, () => refuses(own, process.pid));
    await refuses(runLockedBy({ pid: process.ppid, host: hostname() }), process.ppid);
    await refuses(runLockedBy({ pid: 4_000_000, host: "another machine" }), 4_000_000);
  });

  it("of a process that is gone is taken over, and so is one half-written, or of an earlier process of this number", async () => {
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    const left = [{ pid, host: hostname() }, "", '{"pid":', { pid: process.pid, host: hostname() }];
    for (const owner of left) {
      const run = runLockedBy(owner);
      expect(await withLock(run, async () => "done")).toBe("done");
      expect(existsSync(join(run, "lock"))).toBe(false);
    }
  });
});
