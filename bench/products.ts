/**
 * `npm run bench -- products [--json]`: the share of the machine's best 128-bit rate that the matrix products reach, at the shapes of training.
 *
 * The best rate is measured by a kernel of multiplications and additions that never leaves registers. It and the
 * products run alternately in slices of about a millisecond, round after round over all shapes, and the median of the
 * ratios is taken: clock rate and other load change from one moment to the next, the ratio hardly does.
 */
import { loadWasmKernels, PEAK_FLOP, type WasmKernels } from "../src/kernels/wasm/wasm-kernels.ts";
import { machine, percent, print, printMachine, table } from "./show.ts";

type Form = "NN" | "NT" | "TN";

interface ShapeRate {
  form: Form;
  m: number;
  n: number;
  k: number;
  gflops: number;
  /** gflops / best_gflops, as measured alternately. */
  share: number;
}

interface GemmReport {
  /** Median rate of the register-only kernel. */
  best_gflops: number;
  /** The share at the headline shape, [1280x72] x [72x96]. */
  gemm_share: number;
  shapes: ShapeRate[];
}

const HEADLINE = { form: "NN", m: 1280, n: 96, k: 72 } as const;

/** C[m,n] summed over k: tokens of a shard, the rows of a recurrent step, the head. */
const SHAPES: readonly { form: Form; m: number; n: number; k: number }[] = [
  HEADLINE,
  { form: "NN", m: 1600, n: 108, k: 36 },
  { form: "NN", m: 1600, n: 80, k: 36 },
  { form: "NN", m: 1600, n: 40, k: 80 },
  { form: "NN", m: 1600, n: 1, k: 40 },
  { form: "NN", m: 1600, n: 100, k: 72 },
  { form: "NN", m: 1600, n: 50, k: 100 },
  { form: "NN", m: 160, n: 108, k: 36 },
  { form: "NN", m: 16, n: 72, k: 36 },
  { form: "NN", m: 16, n: 36, k: 36 },
  { form: "NN", m: 7, n: 72, k: 36 },
  { form: "NN", m: 7, n: 36, k: 36 },
  { form: "NN", m: 3, n: 72, k: 36 },
  { form: "NN", m: 3, n: 36, k: 36 },
  { form: "NN", m: 2, n: 72, k: 36 },
  { form: "NN", m: 1, n: 72, k: 36 },
  { form: "NN", m: 1, n: 36, k: 36 },
  { form: "NN", m: 16, n: 200, k: 162 },
  { form: "NN", m: 16, n: 80, k: 200 },
  { form: "NT", m: 1600, n: 36, k: 108 },
  { form: "NT", m: 1600, n: 72, k: 100 },
  { form: "NT", m: 1600, n: 100, k: 50 },
  { form: "NT", m: 1600, n: 80, k: 40 },
  { form: "NT", m: 16, n: 162, k: 200 },
  { form: "TN", m: 36, n: 108, k: 1600 },
  { form: "TN", m: 36, n: 36, k: 1600 },
  { form: "TN", m: 72, n: 100, k: 1600 },
  { form: "TN", m: 100, n: 50, k: 1600 },
  { form: "TN", m: 80, n: 40, k: 1600 },
  { form: "TN", m: 40, n: 1, k: 1600 },
  { form: "TN", m: 36, n: 108, k: 160 },
  { form: "TN", m: 162, n: 200, k: 16 },
];

const SLICE_MS = 1;
const ROUNDS = 31;

function median(values: number[]): number {
  return values.sort((x, y) => x - y)[values.length >> 1];
}

/** Rates of a function of known work, slice by slice. */
class Slice {
  readonly #run: () => void;
  readonly #flop: number;
  readonly #repeats: number;

  constructor(flop: number, run: () => void) {
    this.#run = run;
    this.#flop = flop;
    // Warm up until the engine has compiled the code for good, then see how many calls fill a slice.
    const start = performance.now();
    let calls = 0;
    for (; calls < 50 || performance.now() - start < 50; calls++) run();
    const estimate = performance.now();
    for (let i = 0; i < 20; i++) run();
    this.#repeats = Math.max(1, Math.round((SLICE_MS * 20) / (performance.now() - estimate)));
  }

  gflops(): number {
    const start = performance.now();
    for (let i = 0; i < this.#repeats; i++) this.#run();
    return (this.#flop * this.#repeats) / (performance.now() - start) / 1e6;
  }
}

/** Measures every shape against the register-only kernel; takes a few seconds. */
function measureGemm(): GemmReport {
  const memory = new WebAssembly.Memory({ initial: 256, maximum: 256, shared: true });
  const values = new Float32Array(memory.buffer);
  for (let i = 0; i < values.length; i++) values[i] = ((i * 7919) % 2001) / 1000 - 1;
  const kernels = loadWasmKernels(memory);
  const peakSlice = peak(kernels);
  const slices = SHAPES.map((shape) => product(kernels, shape));
  const peaks: number[] = [];
  const rates: number[][] = SHAPES.map(() => []);
  const shares: number[][] = SHAPES.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    slices.forEach((slice, i) => {
      const best = peakSlice.gflops();
      const rate = slice.gflops();
      peaks.push(best);
      rates[i].push(rate);
      shares[i].push(rate / best);
    });
  }
  const shapes = SHAPES.map((shape, i) => ({ ...shape, gflops: median(rates[i]), share: median(shares[i]) }));
  return { best_gflops: median(peaks), gemm_share: shapes[SHAPES.indexOf(HEADLINE)].share, shapes };
}

function peak(kernels: WasmKernels): Slice {
  const iterations = 2000;
  let consumed = 0;
  return new Slice(PEAK_FLOP * iterations, () => {
    consumed += kernels.peak(iterations, 0.999, 0.001);
    if (Number.isNaN(consumed)) throw new Error("the register-only kernel diverged");
  });
}

function product(kernels: WasmKernels, { form, m, n, k }: { form: Form; m: number; n: number; k: number }): Slice {
  const [a, b, c, scratch] = [1, 5, 9, 13].map((mebibytes) => mebibytes * 2 ** 20);
  const run = {
    NN: () => kernels.gemmNN(m, n, k, a, k, b, n, c, n, 0, 0, 0),
    NT: () => kernels.gemmNT(m, n, k, a, k, b, k, c, n, 0, scratch),
    TN: () => kernels.gemmTN(m, n, k, a, m, b, n, c, n, 0),
  };
  return new Slice(2 * m * n * k, run[form]);
}

const report = measureGemm();
if (process.argv.includes("--json")) print(JSON.stringify({ machine: machine(), ...report }));
else {
  printMachine();
  print(`Products, against the best 128-bit rate (${report.best_gflops.toFixed(1)} GFLOP/s a core)`);
  const row = ({ form, m, n, k, gflops, share }: ShapeRate) => [
    form,
    `${m} x ${n} x ${k}`,
    gflops.toFixed(1),
    percent(share),
  ];
  print(table(["form", "m x n x k", "GFLOP/s", "share"], report.shapes.map(row)));
}
