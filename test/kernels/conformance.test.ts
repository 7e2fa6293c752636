/**
 * Every kernel of the contract on random shapes: each build against the reference (see stage.ts for what is compared, and
 * cases/ for the shapes).
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createReferenceKernels } from "../../src/kernels/reference/reference-kernels.ts";
import { CASES, type KernelName } from "./cases/all.ts";
import { FLOAT } from "./cases/case.ts";
import { BUILDS, Stage } from "./stage.ts";

describe.each(BUILDS)("kernels of build %s agree with the reference", (build) => {
  const stage = new Stage(build);
  it.each(Object.keys(CASES) as KernelName[])("%s", (name) => {
    fc.assert(
      fc.property(fc.nat(), fc.gen(), (seed, draw) => {
        const { call, outputs, tolerance } = CASES[name](stage.reset(seed), draw);
        stage.check(call, outputs, tolerance ?? FLOAT);
      }),
      { numRuns: 100 },
    );
  });
});

it("covers every kernel of the reference", () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  expect(Object.keys(CASES).sort()).toEqual(Object.keys(createReferenceKernels(memory)).sort());
});
