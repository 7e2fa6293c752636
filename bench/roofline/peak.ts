/** The best rates of multiplications and additions that this machine shows on one core, in GFLOP/s, measured when asked. */
import { engineSupported } from "../../src/kernels/load.ts";
import { loadNativeKernels } from "../../src/kernels/native/native-kernels.ts";
import { loadWasmKernels, PEAK_FLOP } from "../../src/kernels/wasm/wasm-kernels.ts";
import { createMemory } from "../../src/tensor/memory.ts";

/** How long a look takes, about. */
const SLICE_MS = 4;

/** What the operations are made with. */
export const PEAKS = {
  wasm: "WebAssembly, 128 bits",
  native: "C++, the vectors of the native engine",
  fused: "the same with fused multiply-add, which no engine uses",
} as const;

export type Peak = keyof typeof PEAKS;
export type Peaks = Partial<Record<Peak, number>>;

/** A function that measures the peaks once: those of them that this machine has. */
export function peakMeter(): () => Peaks {
  const { memory } = createMemory(64);
  const wasm = loadWasmKernels(memory);
  const meters: Partial<Record<Peak, () => number>> = {
    wasm: rate((iterations) => {
      if (Number.isNaN(wasm.peak(iterations, 0.999, 0.001))) throw new Error("the register-only kernel diverged");
      return PEAK_FLOP * iterations;
    }),
  };
  if (engineSupported("native")) {
    const native = loadNativeKernels(memory);
    meters.native = rate((iterations) => native.peak(iterations, 0.999, 0.001, 0));
    if (native.peak(1, 0.999, 0.001, 1) > 0)
      meters.fused = rate((iterations) => native.peak(iterations, 0.999, 0.001, 1));
  }
  return () => Object.fromEntries(Object.entries(meters).map(([name, measure]) => [name, measure()]));
}

/** Measures `run`, which makes so many iterations and returns its operations, in GFLOP/s. */
function rate(run: (iterations: number) => number): () => number {
  const timed = (iterations: number) => {
    const start = performance.now();
    const operations = run(iterations);
    return { operations, milliseconds: performance.now() - start };
  };
  for (let i = 0; i < 20; i++) timed(5000);
  const iterations = Math.ceil((5000 * SLICE_MS) / timed(5000).milliseconds);
  return () => {
    const { operations, milliseconds } = timed(iterations);
    return operations / milliseconds / 1e6;
  };
}

/** The best of them: what the machine can do. */
export function machinePeak(peaks: Peaks): number {
  return Math.max(...Object.values(peaks));
}
