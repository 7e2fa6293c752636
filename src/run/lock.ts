/**
 * One process at a time trains a run. `RUN/lock` names the process as long as it trains; a lock whose process is gone
 * from this machine is taken over, so a kill leaves nothing to clean up. Whether a process of another machine is gone
 * cannot be seen from here: its lock holds.
 */
import { readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { z } from "zod";
import { failure, type UserError } from "../errors/failure.ts";
import { fileError } from "../files/failures.ts";
import { makeFolder } from "../files/plain.ts";
import { parseOrNull, runFiles } from "./run-folder.ts";

const ownerSchema = z.object({ pid: z.int().positive(), host: z.string() });
type Owner = z.output<typeof ownerSchema>;

/** Locks of this process. One that names this process and is not among them is of an earlier process of its number. */
const held = new Set<string>();

/**
 * Does `work` while no other process trains the run; its folder is created.
 * @throws UserError where the run is being trained already
 */
export async function withLock<T>(run: string, work: () => Promise<T>): Promise<T> {
  const lock = resolve(runFiles(run).lock);
  await makeFolder(run);
  if (!(await create(lock))) {
    const owner = await readOwner(lock);
    if (owner !== undefined && lives(owner, lock)) throw taken(run, owner);
    await rm(lock, { force: true });
    if (!(await create(lock))) throw taken(run, await readOwner(lock));
  }
  held.add(lock);
  try {
    return await work();
  } finally {
    held.delete(lock);
    await rm(lock, { force: true });
  }
}

/** False where there is a lock already. */
async function create(lock: string): Promise<boolean> {
  const owner: Owner = { pid: process.pid, host: hostname() };
  try {
    await writeFile(lock, JSON.stringify(owner), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw fileError(error, "write", lock);
  }
}

/** Undefined where the lock is gone, or a kill left it half-written. */
async function readOwner(lock: string): Promise<Owner | undefined> {
  const text = await readFile(lock, "utf8").catch(() => undefined);
  return ownerSchema.safeParse(parseOrNull(text)).data;
}

function lives({ pid, host }: Owner, lock: string): boolean {
  if (host !== hostname()) return true;
  if (pid === process.pid) return held.has(lock);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user may not be signalled, but it is there.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function taken(run: string, owner: Owner | undefined): UserError {
  const who = owner === undefined ? "another process" : `process ${owner.pid} on ${owner.host}`;
  return failure("run.in-training", { path: run, owner: who, lock: runFiles(run).lock });
}
