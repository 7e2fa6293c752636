/** Which runs a request may have loaded: those in one folder, for a request must not name any file of the machine. */
import { realpath } from "node:fs/promises";
import { isAbsolute, relative, resolve } from "node:path";
import { failure } from "../errors/failure.ts";
import { fileError } from "../files/failures.ts";

export class LoadableRuns {
  readonly #folder: string | undefined;

  /** Without a folder no run can be named. */
  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  /** The path of a run that a request names by its path in the folder. @throws UserError where it lies elsewhere */
  async resolve(run: string): Promise<string> {
    if (this.#folder === undefined) throw failure("serving.no-runs", { field: "run" });
    const [folder, found] = [await real(this.#folder, "runs"), await real(resolve(this.#folder, run), run)];
    const inside = relative(folder, found);
    if (inside === "" || inside === ".." || /^\.\.[/\\]/.test(inside) || isAbsolute(inside)) {
      throw failure("serving.foreign-run", { field: "run", path: run });
    }
    return found;
  }
}

/** Where links lead; errors call it by `name`. */
async function real(path: string, name: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    throw fileError(error, "read", name);
  }
}
