/**
 * `npm run build:native`: compiles the kernels in `native/` for this machine, with its C++ compiler ($CXX, c++, g++ or
 * clang++), to native/build/kernels.node. With `--sanitize`, for address and undefined-behaviour checks.
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import napi from "node-api-headers";
import { buildAddon } from "./native-addon.mjs";

const folder = fileURLToPath(new URL("../native/build/", import.meta.url));
const sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-g", "-O1"];

const compiler = [process.env.CXX, "c++", "g++", "clang++"].find(
  (name) => name !== undefined && spawnSync(name, ["--version"]).status === 0,
);
try {
  if (process.platform === "win32") throw new Error("on Windows there is none: the WebAssembly build runs");
  if (compiler === undefined) throw new Error("no C++ compiler was found: install one, or name it with CXX");
  rmSync(folder, { recursive: true, force: true });
  buildAddon({
    command: [compiler],
    arch: process.arch,
    include: napi.include_dir,
    flags: ["-fPIC", ...(process.argv.includes("--sanitize") ? sanitizers : ["-O3"])],
    linking: process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : [],
    out: `${folder}kernels.node`,
  });
  process.stdout.write("native/build/kernels.node is built, and used where no --engine says otherwise\n");
} catch (error) {
  process.stderr.write(`build:native: ${error.message}\n`);
  process.exitCode = 1;
}
