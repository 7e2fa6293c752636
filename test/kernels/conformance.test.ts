/**
 * Every kernel of the contract on random shapes: each build against the reference (see stage.ts for what is compared, and
 * cases/ for the shapes).
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Kernels } from "../../src/kernels/contract.ts";
import { createReferenceKernels } from "../../src/kernels/reference/reference-kernels.ts";
import { activations } from "./cases/activations.ts";
import { type Cases, FLOAT } from "./cases/case.ts";
import { matrices } from "./cases/matrices.ts";
import { optimiser } from "./cases/optimiser.ts";
import { rows } from "./cases/rows.ts";
import { sequences } from "./cases/sequences.ts";
import { sharing } from "./cases/sharing.ts";
import { steps } from "./cases/steps.ts";
import { BUILDS, Stage } from "./stage.ts";

const CASES: Cases<keyof Kernels> = {
  ...matrices,
  ...activations,
  ...sequences,
  ...sharing,
  ...steps,
  ...rows,
  ...optimiser,
};

describe.each(BUILDS)("kernels of build %s agree with the reference", (build) => {
  const stage = new Stage(build);
  it.each(Object.keys(CASES) as (keyof Kernels)[])("%s", (name) => {
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
