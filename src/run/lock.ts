/** One process at a time trains a run: it holds the claim `RUN/lock`, which ends with it, however it ends. */
import { folderPlace, withClaim } from "../files/claim.ts";
import { makeFolder } from "../files/plain.ts";

export const runPlace = (run: string) => folderPlace(run, "run.in-training");

/**
 * Does `work` while no other process trains the run; its folder is created.
 * @throws UserError where the run is being trained already
 */
export async function withLock<T>(run: string, work: () => Promise<T>): Promise<T> {
  await makeFolder(run);
  return await withClaim(runPlace(run), work);
}
