/**
 * `npm run build:platforms`: what a release publishes, in build/platforms. A package of native kernels for each platform, and
 * the main package, which names them as optional: npm installs the one that fits the machine, or none.
 *
 * All are compiled here by Zig, which has the headers and libraries of each: `pip install ziglang`, or a `zig` in the path.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import napi from "node-api-headers";
import { buildAddon } from "./native-addon.mjs";

/** As Zig names them: with the oldest glibc and macOS that Node 20 runs on. */
const TARGETS = {
  "linux-x64": "x86_64-linux-gnu.2.28",
  "linux-arm64": "aarch64-linux-gnu.2.28",
  "darwin-x64": "x86_64-macos.11.0",
  "darwin-arm64": "aarch64-macos.11.0",
  "win32-x64": "x86_64-windows-gnu",
};
const SYSTEMS = { linux: "Linux with glibc", darwin: "macOS", win32: "Windows" };

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, "build", "platforms");
const { scripts: _, devDependencies: __, ...main } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const names = Object.keys(TARGETS).map((platform) => `@dien/kernels-${platform}`);

try {
  const zig = findZig();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [platform, target] of Object.entries(TARGETS)) buildPlatform(zig, platform, target);
  const optionalDependencies = Object.fromEntries(names.map((name) => [name, main.version]));
  writePackage("dien", { ...main, optionalDependencies }, readFileSync(join(root, "README.md"), "utf8"));
  cpSync(join(root, "dist"), join(folder, "dien", "dist"), { recursive: true });
} catch (error) {
  process.stderr.write(`build:platforms: ${error.message}\n`);
  process.exitCode = 1;
}

/** The program and its first words. */
function findZig() {
  const ways = [["python3", "-m", "ziglang"], ["python", "-m", "ziglang"], ["zig"]];
  const found = ways.find(([program, ...words]) => spawnSync(program, [...words, "version"]).status === 0);
  if (found !== undefined) return found;
  throw new Error(
    "no Zig was found: `pip install ziglang` has it (with `--target DIR` where nothing is to be installed; PYTHONPATH=DIR then)",
  );
}

function buildPlatform(zig, platform, target) {
  const [os, cpu] = platform.split("-");
  const name = `@dien/kernels-${platform}`;
  const out = join(folder, name, "kernels.node");
  buildAddon({
    command: [...zig, "c++", "-target", target],
    arch: cpu,
    include: napi.include_dir,
    flags: ["-O3", ...(os === "win32" ? [] : ["-fPIC"])],
    linking: ["-nostdlib++", "-s", ...linkingOf(zig, os)],
    out,
  });
  const system = `${SYSTEMS[os]} on ${cpu}`;
  const { version, license, engines } = main;
  const description = `The kernels of dien, compiled for ${system}`;
  const libc = os === "linux" ? { libc: ["glibc"] } : {};
  const own = { name, version, description, license, main: "kernels.node", files: ["kernels.node"] };
  writePackage(
    name,
    { ...own, os: [os], cpu: [cpu], ...libc, engines, preferUnplugged: true },
    `# ${name}\n\n${description}. \`dien\` of the same version installs it where it fits, and computes with it by itself.\n`,
  );
  process.stdout.write(`${name}: ${Math.ceil(statSync(out).size / 1024)} KiB\n`);
}

/** Functions of Node-API are the running program's: left open, but on Windows, where a library says whose they are. */
function linkingOf(zig, os) {
  if (os === "linux") return [];
  if (os === "darwin") return ["-undefined", "dynamic_lookup", "-install_name", "kernels.node"];
  const library = join(folder, "node.lib");
  const [program, ...first] = zig;
  const words = ["dlltool", "-m", "i386:x86-64", "-d", napi.def_paths.node_api_def, "-l", library];
  if (spawnSync(program, [...first, ...words], { stdio: "inherit" }).status !== 0)
    throw new Error("zig dlltool failed");
  return [library];
}

function writePackage(name, description, readme) {
  const target = join(folder, name);
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, "package.json"), `${JSON.stringify(description, null, 2)}\n`);
  writeFileSync(join(target, "README.md"), readme);
  cpSync(join(root, "LICENSE"), join(target, "LICENSE"));
}
