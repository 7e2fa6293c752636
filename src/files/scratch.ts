/** Folders for temporary files, among those of the system. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { folderPlace, isSigned, withClaim } from "./claim.ts";
import { fileError } from "./failures.ts";
import { whileUnfinished } from "./unfinished.ts";

/**
 * Gives `work` a fresh folder for temporary files, which is removed however it ends. Where the process is killed it
 * stays, with its claim, and the next call of that name removes it.
 */
export async function withTemporaryFolder<T>(name: string, work: (folder: string) => Promise<T>): Promise<T> {
  const root = tmpdir();
  await removeAbandoned(root, `${name}-`);
  const folder = await mkdtemp(join(root, `${name}-`)).catch((error) => {
    throw fileError(error, "create a folder in", root);
  });
  return await whileUnfinished(folder, async () => {
    try {
      return await withClaim(folderPlace(folder), () => work(folder));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

/** Removes folders whose processes died; those of living ones, and what cannot be removed, are none of our business. */
async function removeAbandoned(root: string, prefix: string): Promise<void> {
  const names = await readdir(root).catch(() => []);
  for (const name of names.filter((name) => name.startsWith(prefix))) {
    const place = folderPlace(join(root, name));
    if (!(await isSigned(place))) continue;
    await withClaim(place, () => rm(place.path, { recursive: true, force: true })).catch(() => {});
  }
}
