/** Where the time of a training step goes: each kernel timed, on one thread. */
import { TaskRunner } from "../src/engine/task-runner.ts";
import { STEPS_PER_CHUNK, Workspace } from "../src/engine/workspace.ts";
import type { Kernels } from "../src/kernels/contract.ts";
import { evenMasks, fixedLengthDataset } from "./fixed-length-dataset.ts";
import { optionsFor, RATE } from "./step.ts";

export interface KernelTime {
  readonly kernel: string;
  /** Share of the step's time; "other" is everything outside kernels: batches, loops, calls. */
  readonly share: number;
  readonly calls_per_step: number;
}

/** Kernels that count their calls and the time of each, by name. */
function timed(kernels: Kernels, clocks: Map<string, { seconds: number; calls: number }>): Kernels {
  const wrapped = Object.entries(kernels).map(([name, kernel]) => {
    const clock = { seconds: 0, calls: 0 };
    clocks.set(name, clock);
    return [
      name,
      (...all: number[]) => {
        const start = performance.now();
        const result = (kernel as (...all: number[]) => number)(...all);
        clock.seconds += (performance.now() - start) / 1000;
        clock.calls++;
        return result;
      },
    ];
  });
  return Object.fromEntries(wrapped);
}

/** Times every kernel of a DIEN step at this history length, the costliest first. */
export function profileStep(history: number): KernelTime[] {
  const dataset = fixedLengthDataset(history, 128 * STEPS_PER_CHUNK);
  const clocks = new Map<string, { seconds: number; calls: number }>();
  const workspace = new Workspace(optionsFor(dataset, 1));
  // Replaced before anything records a model with them.
  const replaceable: { kernels: Kernels } = workspace;
  replaceable.kernels = timed(workspace.kernels, clocks);
  workspace.parameters.initialise(workspace.memory, 1);
  workspace.gradients!.initialise();
  const runner = new TaskRunner(workspace, dataset, 0, evenMasks(dataset));
  runner.run({ kind: "open", loaded: { sequences: dataset.sequences, samples: dataset.train } });
  let done = 0;
  const run = () => {
    runner.run({ kind: "train", epoch: 1, portion: 0, from: 0, to: STEPS_PER_CHUNK, done, rate: RATE });
    done += STEPS_PER_CHUNK;
  };
  run();
  for (const clock of clocks.values()) {
    clock.seconds = 0;
    clock.calls = 0;
  }
  const start = performance.now();
  run();
  const total = (performance.now() - start) / 1000;
  const rows = [...clocks].map(([kernel, { seconds, calls }]) => ({
    kernel,
    share: seconds / total,
    calls_per_step: calls / STEPS_PER_CHUNK,
  }));
  const inside = rows.reduce((sum, { share }) => sum + share, 0);
  return [...rows.filter(({ share }) => share > 0), { kernel: "other", share: 1 - inside, calls_per_step: 0 }].sort(
    (a, b) => b.share - a.share,
  );
}
