/** Folders, logs and whole texts, with every failure of the disk as an error that names the file. */
import { appendFile, mkdir, readFile } from "node:fs/promises";
import { fileError } from "./failures.ts";

/** Creates a folder and its parents; an existing folder is left alone. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((error) => {
    throw fileError(error, "create", path);
  });
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
