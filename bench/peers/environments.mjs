/** A Python environment for each peer, with what its file in requirements/ pins. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const here = dirname(fileURLToPath(import.meta.url));

/** The folder of the environments, where none is named: git does not see it. */
export const ENVIRONMENTS = join(here, ".venv");

/** The Python of an environment; where there is none yet, it is made. An environment that is there is taken as it is. */
export function pythonOf(name, folder, python) {
  const environment = join(folder, name);
  const found = join(environment, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  if (existsSync(found)) return found;
  process.stderr.write(`${name}: making ${environment}\n`);
  run(python, ["-m", "venv", environment]);
  run(found, ["-m", "pip", "install", "--quiet", "-r", join(here, "requirements", `${name}.txt`)]);
  return found;
}

function run(command, words) {
  const { status, error } = spawnSync(command, words, { stdio: ["ignore", "inherit", "inherit"] });
  if (status !== 0) throw new Error(`${command} ${words.join(" ")}: ${error ?? `ended with ${status}`}`);
}
