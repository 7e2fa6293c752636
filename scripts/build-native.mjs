/**
 * `npm run build:native`: compiles the kernels in `native/` for this machine, with its C++ compiler ($CXX, c++, g++ or
 * clang++), to native/build/kernels.node. With `--sanitize`, for address and undefined-behaviour checks.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import napi from "node-api-headers";

const source = fileURLToPath(new URL("../native/", import.meta.url));
const folder = join(source, "build");
const headers = napi.include_dir;

const sanitizers = process.argv.includes("--sanitize") ? ["-fsanitize=address,undefined", "-g", "-O1"] : ["-O3"];
const flags = [
  ...["-std=c++17", "-fPIC", "-fvisibility=hidden", "-fno-exceptions", "-fno-rtti", "-fno-math-errno"],
  // Rounded as IEEE 754 says: products and sums are not fused.
  ...["-ffp-contract=off", "-fno-trapping-math", "-Wall", "-Wextra", "-Werror", "-Wno-psabi"],
  ...sanitizers,
];
/** What the kernels may use; the addon itself asks the processor for it. */
const vectors = process.arch === "x64" ? ["-mavx2"] : [];
const linking = process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : [];

const compiler = [process.env.CXX, "c++", "g++", "clang++"].find(
  (name) => name !== undefined && spawnSync(name, ["--version"]).status === 0,
);
if (compiler === undefined) fail("no C++ compiler was found: install one, or name it with CXX");
if (process.platform === "win32") fail("on Windows there is no native build yet: the WebAssembly build runs");

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
const objects = readdirSync(source)
  .filter((name) => name.endsWith(".cpp"))
  .map((name) => {
    const object = join(folder, name.replace(".cpp", ".o"));
    compile(...flags, ...(name === "addon.cpp" ? [`-I${headers}`] : vectors), "-c", join(source, name), "-o", object);
    return object;
  });
const linked = join(folder, "linked.node");
compile("-shared", ...linking, ...sanitizers, ...objects, "-o", linked);
for (const object of objects) rmSync(object);
renameSync(linked, join(folder, "kernels.node"));
process.stdout.write("native/build/kernels.node is built; --engine native uses it\n");

function compile(...words) {
  const { status } = spawnSync(compiler, words, { stdio: "inherit" });
  if (status !== 0) fail(`${compiler} ended with ${status}`);
}

function fail(reason) {
  process.stderr.write(`build:native: ${reason}\n`);
  process.exit(1);
}
