/**
 * The cases of every kernel, native against `wasm` to the bit, as a program: for an emulated Node, where no test runner has
 * its native parts (scripts/test-arm64.mjs). Node 24 runs it as it is.
 */
import fc from "fast-check";
import { nativeBuild } from "../../src/kernels/native/native-kernels.ts";
import { CASES, type KernelName } from "./cases/all.ts";
import { FLOAT } from "./cases/case.ts";
import { Stage } from "./stage.ts";

const RUNS = 30;

const { addon, lack } = nativeBuild();
if (addon === undefined) throw new Error(lack.reason);
const stage = new Stage("native");
const names = Object.keys(CASES) as KernelName[];
for (const name of names) {
  const property = fc.property(fc.nat(), fc.gen(), (seed, draw) => {
    const { call, outputs, tolerance } = CASES[name](stage.reset(seed), draw);
    stage.check(call, outputs, tolerance ?? FLOAT);
  });
  try {
    fc.assert(property, { numRuns: RUNS, seed: 20 });
  } catch (error) {
    throw new Error(`kernel ${name}: ${(error as Error).message}`);
  }
}
console.log(`${names.length} kernels with ${addon.vectors} give the bits of WebAssembly, in ${RUNS} draws each`);
