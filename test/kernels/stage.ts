/**
 * A stage for one kernel call: the same inputs in two memories, the call on a build under test and on the reference,
 * and a comparison of the whole memory afterwards. The reference of the native build is the build `wasm`,
 * to the bit. Memory without a value holds NaN, so reading too far spoils the result. Memory that is not named as output must not change by a bit, so stray writes are seen.
 */
import type { Kernels } from "../../src/kernels/contract.ts";
import { type Engine, engineSupported, loadKernels } from "../../src/kernels/load.ts";
import { Random } from "../../src/tensor/random.ts";

/** The builds that this runtime has, each of which must agree with the reference. */
export const BUILDS: Engine[] = (["wasm", "native"] as const).filter(engineSupported);

/** Floats at `at`, `cols` in each of `rows` rows, `ld` apart; `exact` where they are integers or copies. */
export interface Region {
  at: number;
  rows: number;
  cols: number;
  ld: number;
  exact?: boolean;
}

/** |got - want| may be up to absolute + relative * |want|. */
export interface Tolerance {
  absolute: number;
  relative: number;
}

const PAGES = 5;
const BYTES = PAGES * 65_536;

export class Stage {
  readonly kernels: Kernels;
  readonly f32: Float32Array;
  readonly i32: Int32Array;
  readonly #reference: Kernels;
  readonly #expected: Float32Array;
  readonly #toTheBit: boolean;
  #random = new Random(1);
  #next = 0;

  constructor(engine: Engine) {
    const [tested, specified] = [0, 1].map(
      () => new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true }),
    );
    this.kernels = loadKernels(tested, engine);
    this.#toTheBit = engine === "native";
    this.#reference = loadKernels(specified, this.#toTheBit ? "wasm" : "reference");
    this.f32 = new Float32Array(tested.buffer);
    this.i32 = new Int32Array(tested.buffer);
    this.#expected = new Float32Array(specified.buffer);
  }

  /** Empties the memory; what follows depends on the seed alone. */
  reset(seed: number): this {
    this.f32.fill(Number.NaN);
    this.#random = new Random(seed);
    this.#next = 64;
    return this;
  }

  /** Room for `count` elements, a random few away from the last and at any multiple of 4 bytes. */
  room(count: number): number {
    const at = this.#next + 4 * this.#random.integer(9);
    this.#next = at + 4 * count + 32;
    if (this.#next > BYTES) throw new Error("the stage is too small");
    return at;
  }

  /** `rows` rows of uniform numbers in [low, high), `ld` apart. */
  matrix(rows: number, cols: number, ld = cols, low = -1, high = 1): number {
    const at = this.room(rows * ld);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < cols; j++) this.f32[at / 4 + i * ld + j] = low + (high - low) * this.#random.uniform();
    }
    return at;
  }

  floats(values: ArrayLike<number>): number {
    const at = this.room(values.length);
    this.f32.set(values, at / 4);
    return at;
  }

  integers(values: ArrayLike<number>): number {
    const at = this.room(values.length);
    this.i32.set(values, at / 4);
    return at;
  }

  /** `count` random integers in [0, bound). */
  ids(count: number, bound: number): number {
    return this.integers(Array.from({ length: count }, () => this.#random.integer(bound)));
  }

  read(at: number, count: number): Float32Array {
    return this.f32.slice(at / 4, at / 4 + count);
  }

  /** Makes the call on both builds; outputs and returned numbers must be close, all other memory unchanged. */
  check(call: (kernels: Kernels) => unknown, outputs: Region[], { absolute, relative }: Tolerance): void {
    this.#expected.set(this.f32);
    const before = this.i32.slice();
    const got = call(this.kernels);
    const want = call(this.#reference);
    const close = (x: number, y: number): boolean => Math.abs(x - y) <= absolute + relative * Math.abs(y);
    const isRight = (x: number, y: number, exact: boolean): boolean => (exact ? Object.is(x, y) : close(x, y));
    if (typeof want === "number" && !isRight(got as number, want, this.#toTheBit))
      throw new Error(`returned ${got}, expected ${want}`);
    const expectedBits = new Int32Array(this.#expected.buffer);
    for (const { at, rows, cols, ld, exact: isExact = false } of outputs) {
      const exact = isExact || this.#toTheBit;
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < cols; j++) {
          const index = at / 4 + i * ld + j;
          const [x, y] = exact ? [this.i32[index], expectedBits[index]] : [this.f32[index], this.#expected[index]];
          if (!isRight(x, y, exact)) throw new Error(`[${i},${j}] of an output is ${x}, expected ${y}`);
          before[index] = this.i32[index];
        }
      }
    }
    const stray = before.findIndex((bits, index) => bits !== this.i32[index]);
    if (stray >= 0) throw new Error(`float ${stray} of the memory is no output, but was written`);
  }
}
