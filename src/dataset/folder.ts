/** What may stand where a dataset is written: nothing, an empty folder, or a dataset and nothing else. */
import { access, constants, lstat, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { failure } from "../errors/failure.ts";
import { placeOf } from "../files/aside.ts";
import { fileError, unlessAbsent } from "../files/failures.ts";
import { publishFolder } from "../files/publish.ts";
import { FOLDER_ENTRIES, MANIFEST_FILE } from "./layout.ts";

/**
 * Lets `write` fill a fresh folder beside `out` and puts it in the place of `out` when done; meanwhile nobody else writes
 * to `out`. Where `write` fails, nothing stays; an earlier dataset of that name stays as it was. Returns what `write`
 * does.
 * @throws UserError where `out` must not be replaced, another process writes it, or the disk refuses.
 */
export async function writeAside<T>(out: string, write: (folder: string) => Promise<T>): Promise<T> {
  try {
    const place = await placeOf(out);
    return await publishFolder(place, () => checkReplaceable(place, out), write);
  } catch (error) {
    throw fileError(error, "write", out);
  }
}

/** Refuses an output path that must not, or cannot, be replaced. `name` is what the person called it. */
async function checkReplaceable(place: string, name: string): Promise<void> {
  const taken = (problem: string) => failure("dataset.not-replaceable", { path: name, problem });
  const found = await stat(place).catch(unlessAbsent);
  if (found === undefined) return;
  if (!found.isDirectory()) throw taken("exists and is no folder");
  if ((await lstat(place)).dev !== (await stat(dirname(place))).dev) {
    throw taken("is a mount point, which cannot be replaced");
  }
  const entries = await readdir(place, { withFileTypes: true });
  const names = entries.map((entry) => entry.name);
  if (names.length > 0 && !names.includes(MANIFEST_FILE)) throw taken("exists, is not empty and is no dataset");
  const foreign = names.find((name) => !FOLDER_ENTRIES.includes(name));
  if (foreign !== undefined) throw taken(`holds ${foreign} beside a dataset, which would be lost`);
  // An old dataset that could not be removed afterwards would stay beside the new one.
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => join(place, entry.name));
  for (const folder of names.length > 0 ? [place, ...folders] : []) {
    await access(folder, constants.W_OK | constants.X_OK);
  }
}
