/**
 * The files of an open dataset folder, as all who read them get them: what the manifest says when they are first used, and
 * the same files ever after. So what is read at the end of a training is of the data that it began with.
 */
import { join } from "node:path";
import { failure, type UserError } from "../errors/failure.ts";
import { digestFile, fileState } from "../files/digest.ts";
import { MANIFEST_FILE } from "./layout.ts";
import { type Manifest, readManifest } from "./manifest.ts";

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
   * @throws UserError where the file is missing or damaged, or, after `read`, another than it was
   */
  async use<T>(name: string, read: (path: string) => Promise<T>): Promise<T> {
    const path = join(this.#directory, name);
    const state = await this.#verified(name, path);
    const check = async () => {
      if ((await fileState(path).catch(() => undefined)) !== state) throw wasChanged(this.#directory, name);
    };
    const result = await read(path).catch(async (error: unknown) => {
      // A file that changes while it is read may look damaged: then it is this that went wrong.
      await check();
      throw error;
    });
    await check();
    return result;
  }

  /** Verifies a file once. */
  #verified(name: string, path: string): Promise<string> {
    const known = this.#states.get(name) ?? this.#verify(name, path);
    this.#states.set(name, known);
    return known;
  }

  async #verify(name: string, path: string): Promise<string> {
    try {
      return await verifyFile(path, this.#manifest.files[name]);
    } catch (error) {
      // Of a folder that was replaced, no file is what this manifest says.
      const now = await readManifest(this.#directory).catch(() => undefined);
      if (JSON.stringify(now) === JSON.stringify(this.#manifest)) throw error;
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
