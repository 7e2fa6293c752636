/**
 * `npm run test:packages`: what `npm run build:platforms` made, packed and installed into an empty project: `dien` alone
 * computes in WebAssembly, with the package of this platform natively, and a training gives the same weights.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const built = join(dirname(dirname(fileURLToPath(import.meta.url))), "build", "platforms");
const scratch = mkdtempSync(join(tmpdir(), "dien-packages-"));
const project = join(scratch, "project");

try {
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "project", private: true }));
  const found = [];
  for (const [name, kernels] of [
    ["dien", "wasm"],
    [`@dien/kernels-${process.platform}-${process.arch}`, "native"],
  ]) {
    const [{ filename }] = JSON.parse(run("npm", "pack", join(built, name), "--json", "--pack-destination", scratch));
    run("npm", "install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error", join(scratch, filename));
    const version = dien("--version").trim();
    if (!version.includes(`(kernels: ${kernels}`)) throw new Error(`with ${name} it says: ${version}`);
    found.push(version, train(kernels));
  }
  process.stdout.write(`${found.join("\n")}\n`);
  if (found[1] !== found[3]) throw new Error("the weights differ");
} catch (error) {
  process.stderr.write(`test:packages: ${error.message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true });
}

/** Hash of the weights of a short training in the installed package. */
function train(out) {
  const shop = ["--users", "300", "--items", "96", "--impressions", "4"];
  dien("prepare", "synthetic", "--out", "data", ...shop);
  return JSON.parse(dien("train", "--data", "data", "--out", out, "--epochs", "1", "--json")).weights_sha256;
}

function dien(...words) {
  return run("npx", "--no", "--", "dien", ...words);
}

function run(program, ...words) {
  const options = { cwd: project, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] };
  const { status, error, stdout } = spawnSync(program, words, options);
  if (status !== 0) throw new Error(`${[program, ...words].join(" ")} ${error?.message ?? `ended with ${status}`}`);
  return stdout;
}
