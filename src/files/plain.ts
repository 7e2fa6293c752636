/** Folders, logs and whole texts, with every failure of the disk as an error that names the file. */
import { appendFile, mkdir, readdir, readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { failure } from "../errors/failure.ts";
import { fileError, unlessAbsent } from "./failures.ts";

/** Creates a folder and its parents; an existing folder is left alone. */
export async function makeFolder(path: string): Promise<void> {
  await makeWithParents(path).catch((error) => {
    throw fileError(error, "create", path);
  });
}

/**
 * `makeFolder` with the errors of the system. Node's own way to make parents tries for ever where a parent can neither be
 * found nor made, as in /proc.
 */
export async function makeWithParents(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const parent = dirname(path);
    if (code === "ENOENT" && parent !== path) {
      await makeWithParents(parent);
      await makeAlone(path);
    } else if (!(await isFolder(path))) throw error;
  }
}

/** Another process may have made it meanwhile. */
async function makeAlone(path: string): Promise<void> {
  await mkdir(path).catch(async (error) => {
    if (!(await isFolder(path))) throw error;
  });
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Refuses a folder with something in it; one that is not there is as good as empty. */
export async function checkEmpty(path: string): Promise<void> {
  const names = await readdir(path)
    .catch(unlessAbsent)
    .catch((error) => {
      throw fileError(error, "write", path);
    });
  if (names !== undefined && names.length > 0) throw failure("file.not-empty", { path });
}

/** Appends a line to a log, which is created when absent. */
export async function appendLine(path: string, line: string): Promise<void> {
  await appendFile(path, `${line}\n`).catch((error) => {
    throw fileError(error, "write", path);
  });
}

/** The text of a file, taken as UTF-8. */
export async function readText(path: string): Promise<string> {
  return await readFile(path, "utf8").catch((error) => {
    throw fileError(error, "read", path);
  });
}
