/** How the kernels in `native/` become an addon of Node's, whichever compiler does it and for whichever machine. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, "native");
const FLAGS = [
  ...["-std=c++17", "-fvisibility=hidden", "-fno-exceptions", "-fno-rtti", "-fno-math-errno", "-fno-trapping-math"],
  // Rounded as IEEE 754 says: products and sums are not fused.
  ...["-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "-Wno-psabi"],
];
/** What the kernels may use; addon.cpp, which is compiled without it, asks the processor for it. */
const VECTORS = { x64: ["-mavx2"], arm64: [] };

const files = readdirSync(folder)
  .filter((name) => /\.[ch]pp$/.test(name))
  .sort();

/**
 * Changes when a source or this script does. An addon says of which sources it is made, and the loader, which is told too
 * (scripts/build-kernels.mjs), takes no other.
 */
export function fingerprint() {
  const hash = createHash("sha256").update(readFileSync(fileURLToPath(import.meta.url)));
  for (const name of files)
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(folder, name)))
      .update("\0");
  return hash.digest("hex").slice(0, 32);
}

/**
 * Compiles and links the addon to the file `out`, with headers of Node-API from `include`.
 * @param command the compiler and words that it always gets
 * @param flags for compiling and linking, `linking` for linking alone
 */
export function buildAddon({ command, arch, include, flags = ["-O3"], linking = [], out }) {
  mkdirSync(dirname(out), { recursive: true });
  const scratch = mkdtempSync(join(dirname(out), "objects-"));
  try {
    const own = [`-I${include}`, `-DSOURCES="${fingerprint()}"`];
    const objects = files
      .filter((name) => name.endsWith(".cpp"))
      .map((name) => {
        const object = join(scratch, name.replace(".cpp", ".o"));
        const more = name === "addon.cpp" ? own : VECTORS[arch];
        run(command, [...FLAGS, ...flags, ...more, "-c", join(folder, name), "-o", object]);
        return object;
      });
    const linked = join(scratch, "kernels.node");
    run(command, ["-shared", ...flags, ...linking, ...objects, "-o", linked]);
    renameSync(linked, out);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function run([program, ...first], words) {
  const { status, error } = spawnSync(program, [...first, ...words], { stdio: "inherit" });
  if (status !== 0)
    throw new Error(`${program} ${error ? `does not start: ${error.message}` : `ended with ${status}`}`);
}
