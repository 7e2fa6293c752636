/** What came of looking at the files of a dataset or a run. */
import { UserError } from "../errors/failure.ts";

export interface FileVerdict {
  /** Path of the file in its folder. */
  readonly file: string;
  /** What was looked at. */
  readonly checked: string;
  /** What is wrong with it, in one line that names it. */
  readonly problem?: string;
}

export interface Verification {
  /** Folder of the dataset or run. */
  readonly path: string;
  readonly kind: "dataset" | "run";
  /** Of a run: how far it is. */
  readonly state?: "finished" | "stopped" | "unfinished";
  readonly files: readonly FileVerdict[];
}

/** Adds to `verdicts` what `look` finds; undefined where that is an error. */
export async function judge<T>(
  verdicts: FileVerdict[],
  file: string,
  checked: string,
  look: () => Promise<T>,
): Promise<T | undefined> {
  try {
    const found = await look();
    verdicts.push({ file, checked });
    return found;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    verdicts.push({ file, checked, problem: error.message });
    return undefined;
  }
}
