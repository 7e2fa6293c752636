/**
 * Compiles assembly/ to WebAssembly and writes the module as a base64 string into src/kernels/wasm/generated/, so that it
 * loads in browsers and Node alike without a fetch; and writes which sources the native kernels must be made of. Does
 * nothing when up to date.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gemmBlocks } from "./gemm-blocks.mjs";
import { fingerprint as nativeFingerprint } from "./native-addon.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sourceFolder = join(root, "assembly");
const target = join(root, "src", "kernels", "wasm", "generated", "wasm.ts");
const nativeTarget = join(root, "src", "kernels", "native", "generated", "sources.ts");
const FLAGS = [
  ...["-O3", "--runtime", "stub", "--noAssert", "--enable", "simd,threads,bulk-memory"],
  ...["--importMemory", "--sharedMemory", "--initialMemory", "1", "--maximumMemory", "65536"],
];

/** Sources by file name; the register blocks are written by a program. */
function readSources() {
  const sources = new Map([["gemm-blocks.ts", gemmBlocks()]]);
  for (const name of readdirSync(sourceFolder).sort()) {
    if (name.endsWith(".ts")) sources.set(name, readFileSync(join(sourceFolder, name), "utf8"));
  }
  return sources;
}

/** Changes when a source, this script or the compiler does. */
function fingerprint(sources) {
  const hash = createHash("sha256").update(readFileSync(fileURLToPath(import.meta.url)));
  hash.update(readFileSync(join(root, "node_modules", "assemblyscript", "package.json")));
  for (const [name, text] of sources) hash.update(`${name}\0${text}\0`);
  return hash.digest("hex");
}

async function compile(sources) {
  const { default: asc } = await import("assemblyscript/asc");
  let binary;
  const { error, stderr } = await asc.main(["index.ts", "--outFile", "out.wasm", ...FLAGS], {
    readFile: (file) => sources.get(file) ?? null,
    writeFile: (file, contents) => {
      if (file === "out.wasm") binary = contents;
    },
    listFiles: () => [],
  });
  if (error) throw new Error(`the kernels do not compile: ${error.message}\n${stderr}`);
  return binary;
}

/** Ids of the sections of a module (https://webassembly.github.io/spec/core/binary/modules.html). */
function sectionIds(binary) {
  const ids = [];
  for (let at = 8; at < binary.length; ) {
    ids.push(binary[at++]);
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = binary[at++];
      size |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    at += size;
  }
  return ids;
}

async function build() {
  const sources = readSources();
  const stamp = `// Written by scripts/build-kernels.mjs; sources ${fingerprint(sources)}\n`;
  if (existsSync(target) && readFileSync(target, "utf8").startsWith(stamp)) return;
  const binary = await compile(sources);
  const ids = sectionIds(binary);
  // Several instances share one memory: data of one (section 11), or a start function (8), would spoil the others.
  if (ids.includes(11) || ids.includes(8)) throw new Error("the kernels must have no data and no start section");
  const text = Buffer.from(binary).toString("base64");
  write(
    target,
    `${stamp}/** The kernels, ${binary.length} bytes of WebAssembly in base64. */\nexport const wasm =\n  "${text}";\n`,
  );
  console.error(`kernels: ${binary.length} bytes`);
}

function noteNativeSources() {
  const text = `// Written by scripts/build-kernels.mjs\n/** What a build of native/ says that it is made of. */\nexport const SOURCES = "${nativeFingerprint()}";\n`;
  if (!existsSync(nativeTarget) || readFileSync(nativeTarget, "utf8") !== text) write(nativeTarget, text);
}

function write(path, text) {
  const aside = `${path}.tmp-${process.pid}`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(aside, text);
  renameSync(aside, path);
}

noteNativeSources();
await build();
