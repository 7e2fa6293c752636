/**
 * Output folders that appear whole or not at all: written aside as OUT.tmp-PID, then renamed.
 */
import { existsSync, renameSync } from "node:fs";
import { lstat, mkdir, readdir, rm, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { failure } from "../errors/failure.ts";
import { withTemporary } from "../files/aside.ts";
import { fileError, unlessAbsent } from "../files/failures.ts";
import { FOLDER_ENTRIES, MANIFEST_FILE } from "./layout.ts";

/**
 * Refuses, before any work is done, an output path that must not be replaced.
 * @throws UserError unless `out` is absent, an empty folder or a dataset and nothing else, and can be renamed.
 */
export async function checkReplaceable(out: string): Promise<void> {
  const found = await stat(out)
    .catch(unlessAbsent)
    .catch((error) => {
      throw fileError(error, "write", out);
    });
  if (found === undefined) return;
  if (!found.isDirectory()) throw taken(out, "exists and is no folder");
  const place = resolve(out);
  if ((await lstat(place)).dev !== (await stat(dirname(place))).dev) {
    throw taken(out, "is a mount point, which cannot be replaced");
  }
  const names = await readdir(out);
  if (names.length > 0 && !names.includes(MANIFEST_FILE)) {
    throw taken(out, "exists, is not empty and is no dataset");
  }
  const foreign = names.find((name) => !FOLDER_ENTRIES.includes(name));
  if (foreign !== undefined) throw taken(out, `holds ${foreign} beside a dataset, which would be lost`);
}

const taken = (path: string, problem: string) => failure("dataset.not-replaceable", { path, problem });

/**
 * Lets `write` fill a fresh folder beside `out` and puts it in the place of `out` when done. Where `write` fails,
 * nothing stays; an earlier dataset of that name stays as it was. Returns what `write` does.
 * @throws UserError where `out` must not be replaced, or the disk refuses.
 */
export async function writeAside<T>(out: string, write: (folder: string) => Promise<T>): Promise<T> {
  out = resolve(out);
  await checkReplaceable(out);
  const aside = `${out}.tmp-${process.pid}`;
  const earlier = `${out}.old-${process.pid}`;
  try {
    await mkdir(dirname(out), { recursive: true });
    await rm(aside, { recursive: true, force: true });
    const written = await withTemporary(aside, async () => {
      await mkdir(aside);
      const result = await write(aside);
      swap(out, aside, earlier);
      return result;
    });
    await withTemporary(earlier, () => rm(earlier, { recursive: true, force: true }));
    return written;
  } catch (error) {
    throw fileError(error, "write", out);
  }
}

/** Puts `aside` in the place of `out`, which, if it exists, becomes `earlier`. Synchronous: no signal comes between. */
function swap(out: string, aside: string, earlier: string): void {
  const replaced = existsSync(out);
  if (replaced) renameSync(out, earlier);
  try {
    renameSync(aside, out);
  } catch (error) {
    if (replaced) renameSync(earlier, out);
    throw error;
  }
}
