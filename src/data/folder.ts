/**
 * Output folders that appear whole or not at all: written aside as OUT.tmp-PID, then renamed.
 */
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { UserError } from "../errors.ts";
import { fileError } from "../files.ts";
import { MANIFEST_FILE } from "./manifest.ts";

/**
 * Refuses, before any work is done, an output path that must not be replaced.
 * @throws UserError unless `out` is absent, an empty folder or a dataset.
 */
export async function checkReplaceable(out: string): Promise<void> {
  const found = await stat(out).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw fileError(error, "write", out);
  });
  if (found === null) return;
  if (!found.isDirectory()) throw new UserError(`${out} exists and is no folder: give another --out`);
  const names = await readdir(out);
  if (names.length > 0 && !names.includes(MANIFEST_FILE)) {
    throw new UserError(`${out} exists, is not empty and is no dataset: give another --out`);
  }
}

/**
 * Lets `write` fill a fresh folder beside `out` and puts it in the place of `out` when done. Where `write` fails,
 * nothing stays; an earlier dataset of that name stays as it was.
 * @throws UserError where `out` must not be replaced, or the disk refuses.
 */
export async function writeAside(out: string, write: (folder: string) => Promise<void>): Promise<void> {
  out = resolve(out);
  await checkReplaceable(out);
  const aside = `${out}.tmp-${process.pid}`;
  const earlier = `${out}.old-${process.pid}`;
  try {
    await mkdir(dirname(out), { recursive: true });
    await rm(aside, { recursive: true, force: true });
    await mkdir(aside);
    await write(aside);
    const replaced = await rename(out, earlier).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return false;
        throw error;
      },
    );
    try {
      await rename(aside, out);
    } catch (error) {
      if (replaced) await rename(earlier, out);
      throw error;
    }
    await rm(earlier, { recursive: true, force: true });
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw fileError(error, "write", out);
  }
}

/** The path of a file of a dataset folder. */
export const vocabularyFile = (folder: string, field: string) => join(folder, "vocabulary", `${field}.parquet`);
