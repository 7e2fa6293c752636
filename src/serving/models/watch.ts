/**
 * Folders of runs that are looked at again and again: when what a run holds has changed and stands still, it is reported.
 *
 * Runs are replaced in many ways: files are renamed into their place, a folder into that of another one, a link is turned to
 * another folder, a network disk shows what another machine wrote. The system's notices of changes do not see all of
 * these; the state of four files, looked up by path, does.
 */
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileState } from "../../files/digest.ts";
import { runFiles } from "../../run/run-folder.ts";

/**
 * Which files a finished run consists of at this moment; undefined where there is none. The model of a run in training
 * changes with each better epoch, and is not meant for anybody yet.
 */
export async function stateOf(run: string): Promise<string | undefined> {
  const { model, weights, summary, calibration } = runFiles(run);
  try {
    const isThere = existsSync(calibration);
    return (await Promise.all([model, weights, summary, ...(isThere ? [calibration] : [])].map(fileState))).join(" ");
  } catch {
    return undefined;
  }
}

/** A run that is watched. */
export interface Watched {
  readonly run: string;
  /** What it held when it was loaded, or could not be. */
  readonly state: string | undefined;
}

/**
 * Looks every `seconds`, until `signal` is aborted, and has what has changed loaded, one after the other.
 * @param watched gives the runs as they are now, by model
 * @param load never throws
 */
export async function watch(
  seconds: number,
  watched: () => ReadonlyMap<string, Watched>,
  load: (name: string) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const seen = new Map<string, string | undefined>();
  for (;;) {
    await sleep(seconds * 1000, undefined, { signal, ref: false }).catch(() => {});
    for (const [name, { run, state }] of watched()) {
      if (signal.aborted) return;
      const found = await stateOf(run);
      const standsStill = found === seen.get(name);
      seen.set(name, found);
      if (found !== undefined && found !== state && standsStill) await load(name);
    }
  }
}
