/**
 * The files of an open dataset folder, as all who read them get them: what the manifest says when they are first used, and
 * the same files ever after. So what is read at the end of a training is of the data that it began with.
 */
import { join } from "node:path";
import { failure, UserError } from "../errors/failure.ts";
import { digestFile, fileState } from "../files/digest.ts";
import { MANIFEST_FILE } from "./layout.ts";
import { areSame, type Manifest, readManifest } from "./manifest.ts";

export class VerifiedFiles {
  readonly #directory: string;
  readonly #manifest: Manifest;
  /** The state of each file that was verified. */
  readonly #states = new Map<string, Promise<string>>();

  constructor(directory: string, manifest: Manifest) {
    this.#directory = directory;
    this.#manifest = manifest;
  }

  /**
   * Lets `read` read a file by its path.
   * @throws UserError where the file is missing or damaged, or, after `read`, of another content than it was
   */
  async use<T>(name: string, read: (path: string) => Promise<T>): Promise<T> {
    const state = this.#states.get(name) ?? this.#verify(name);
    this.#states.set(name, state);
    await state;
    return await this.#guard([name], () => read(this.#pathOf(name)));
  }

  /** Lets `read` read whatever was used before, by any of its paths. @throws UserError as `use` */
  useAgain<T>(read: () => Promise<T>): Promise<T> {
    return this.#guard([...this.#states.keys()], read);
  }

  async #guard<T>(names: readonly string[], read: () => Promise<T>): Promise<T> {
    const check = async () => {
      for (const name of names) {
        const now = await fileState(this.#pathOf(name)).catch(() => undefined);
        if (now !== (await this.#states.get(name))) await this.#verifyAgain(name);
      }
    };
    const result = await read().catch(async (error: unknown) => {
      // A file that changes while it is read may look damaged: then it is this that went wrong.
      await check();
      throw error;
    });
    await check();
    return result;
  }

  /** A backup, a copy in its place or other rights change a file's state and nothing that was read. */
  async #verifyAgain(name: string): Promise<void> {
    const state = await verifyFile(this.#pathOf(name), this.#manifest.files[name]).catch((error: unknown) => {
      if (!(error instanceof UserError)) throw error;
      throw wasChanged(this.#directory, name);
    });
    this.#states.set(name, Promise.resolve(state));
  }

  #pathOf(name: string): string {
    return join(this.#directory, name);
  }

  async #verify(name: string): Promise<string> {
    try {
      return await verifyFile(this.#pathOf(name), this.#manifest.files[name]);
    } catch (error) {
      // Of a folder that was replaced, no file is what this manifest says.
      const now = await readManifest(this.#directory).catch(() => undefined);
      if (now && areSame(now, this.#manifest)) throw error;
      throw wasChanged(this.#directory, MANIFEST_FILE);
    }
  }
}

/** Compares a file with what the manifest says of it; returns its state. */
async function verifyFile(path: string, expected: Manifest["files"][string]): Promise<string> {
  const { bytes, sha256, state } = await digestFile(path);
  const damaged = (problem: string) => failure("file.damaged", { path, problem });
  if (bytes !== expected.bytes) {
    throw damaged(`expected ${expected.bytes} bytes, as in ${MANIFEST_FILE}, found ${bytes}`);
  }
  if (sha256 !== expected.sha256) {
    throw damaged(`its contents do not fit the sha256 in ${MANIFEST_FILE}: it was changed or damaged`);
  }
  return state;
}

/** The error of a file that is another than when the dataset was opened. */
export function wasChanged(directory: string, file: string): UserError {
  return failure("dataset.changed", { path: directory, file });
}
