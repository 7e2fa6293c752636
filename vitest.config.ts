import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The files that take longest, by their names: they begin first, so that no worker is left with one at the end. */
const LONGEST = [
  "training/determinism",
  "events/prepare",
  "experiments/experiments",
  "experiments/tune",
  "chaos/chaos",
  "cli/ending",
  "training/learning",
  "run/saved",
  "dataset/integrity",
  "events/formats",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return found < 0 ? LONGEST.length : found;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

/** Each of these puts other modules in the place of ours, which no other file must find there. */
const ALONE = ["test/files/claim.test.ts", "test/files/publish.test.ts"];
const EVERY = "test/**/*.test.ts";

const shared = { testTimeout: 60_000, hookTimeout: 60_000, setupFiles: ["test/support/draws.ts"] };

export default defineConfig({
  test: {
    globalSetup: ["test/support/built.ts", "test/support/suite-folder.ts"],
    // By default one core is left idle, which is half of a small machine.
    maxWorkers: "100%",
    sequence: { sequencer: LongestFirst },
    // To load all modules anew for each file took a fifth of the time.
    projects: [
      { test: { ...shared, name: "together", include: [EVERY], exclude: ALONE, isolate: false } },
      { test: { ...shared, name: "alone", include: ALONE } },
    ],
  },
});
