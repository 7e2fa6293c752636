/** Folders that appear whole or not at all: written under another name, then put in the place of the old one at once. */
import { existsSync, renameSync } from "node:fs";
import { chmod, mkdir, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { failure } from "../errors/failure.ts";
import { flush, flushFolder } from "./aside.ts";
import { wholePlace, withClaim } from "./claim.ts";
import { unlessAbsent } from "./failures.ts";
import { earlierName, remove, replacementsLeft, temporaryName } from "./leftovers.ts";
import { exchanger } from "./native.ts";
import { note } from "./notes.ts";
import { makeWithParents } from "./plain.ts";
import { whileUnfinished, withTemporary } from "./unfinished.ts";

/**
 * Lets `write` fill a fresh folder beside `place` and puts it in its place, with the mode of the old one. Where anything
 * fails, nothing stays, and what was at `place` is as it was. The place is claimed from the beginning.
 * @param place links in it were followed
 * @param check refuses what stands at `place` where it must not be replaced; asked before `write`, and again after it
 * @throws UserError where another process has the place, or another folder stands there than `check` first saw
 */
export async function publishFolder<T>(
  place: string,
  check: () => Promise<void>,
  write: (folder: string) => Promise<T>,
): Promise<T> {
  await makeWithParents(dirname(place));
  return await withClaim(wholePlace(place), async (id) => await publishClaimed(place, id, check, write));
}

/** `publishFolder` while a claim of that id on the place is held. */
export async function publishClaimed<T>(
  place: string,
  id: string,
  check: () => Promise<void>,
  write: (folder: string) => Promise<T>,
): Promise<T> {
  await check();
  const seen = await identityAt(place);
  const [aside, earlier] = [temporaryName(place, id), earlierName(place, id)];
  const exchange = exchanger();
  return await withTemporary(aside, async () => {
    const mode = (await stat(place).catch(unlessAbsent))?.mode;
    await mkdir(aside, mode);
    const result = await write(aside);
    if (mode !== undefined) await chmod(aside, mode);
    await flushAll(aside);
    await check();
    // What came meanwhile, past all claims, is somebody's work of which nobody was asked.
    if ((await identityAt(place)) !== seen) throw failure("file.changed-meanwhile", { path: place });
    putInPlace(aside, place, earlier, exchange);
    // Only now is the earlier one of no use.
    await whileUnfinished(earlier, async () => {
      await flushFolder(dirname(place));
      await removeOld(place, replacementsLeft(place, [id]));
    });
    return result;
  });
}

/** Which folder stands at a place; undefined where there is none. */
async function identityAt(place: string): Promise<string | undefined> {
  const found = await stat(place, { bigint: true }).catch(unlessAbsent);
  return found && `${found.dev} ${found.ino}`;
}

async function removeOld(place: string, names: readonly string[]): Promise<void> {
  for (const old of names) {
    const outcome = await remove(old);
    if (!existsSync(old)) continue;
    note(`${place} was replaced, but ${outcome}; the next command that writes there tries again`);
  }
}

/** Synchronous: no signal comes between. What stood at `place` is afterwards called `aside`, or `earlier`. */
function putInPlace(
  aside: string,
  place: string,
  earlier: string,
  exchange: (one: string, other: string) => boolean,
): void {
  if (!existsSync(place)) {
    renameSync(aside, place);
    return;
  }
  if (exchange(aside, place)) return;
  renameSync(place, earlier);
  try {
    renameSync(aside, place);
  } catch (error) {
    renameSync(earlier, place);
    throw error;
  }
}

/** Waits until all of a folder is on the disk; at once, for the system then writes its journal once. */
async function flushAll(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  const all = entries.map((entry) => (entry.isDirectory() ? flushAll : flush)(join(folder, entry.name)));
  await Promise.all([...all, flushFolder(folder)]);
}
