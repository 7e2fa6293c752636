/**
 * Seeded random numbers that are the same on every engine and in every order of evaluation.
 *
 * `mix` is a counter-based generator: the value for (seed, a, b, ...) needs no state, so threads get the same numbers in
 * whatever order they ask for them. `Random` is a small sequential generator on top of it, whose state is one integer.
 */

/** A well-mixed unsigned 32-bit hash of x (finaliser of MurmurHash3, https://github.com/aappleby/smhasher). */
function scramble(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Unsigned 32-bit random integer for a key of up to four integers. */
export function mix(a: number, b = 0, c = 0, d = 0): number {
  let x = scramble(a + 0x9e3779b9);
  x = scramble(x ^ Math.imul(b + 0x7f4a7c15, 0x9e3779b1));
  x = scramble(x ^ Math.imul(c + 0x94d049bb, 0x85ebca77));
  return scramble(x ^ Math.imul(d + 0x2545f491, 0xc2b2ae3d));
}

/** Unsigned 32-bit random integer for a key that is random itself, and one more integer. */
export function extend(key: number, x: number): number {
  return scramble(key ^ Math.imul(x + 0x7f4a7c15, 0x9e3779b1));
}

/**
 * Random integer in [0, bound) from 32 random bits (multiply-shift; bound up to 2^21 has bias below 2^-11 per value).
 */
export function below(bits: number, bound: number): number {
  return Math.floor((bits / 4_294_967_296) * bound);
}

/** 32-bit hash of a string (FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/), well mixed. */
export function hashString(text: string, seed = 0): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return scramble(hash);
}

/** Sequential generator; `state` counts the numbers generated; with the seed it determines all that follow. */
export class Random {
  readonly seed: number;
  state: number;

  constructor(seed: number, state = 0) {
    this.seed = seed;
    this.state = state;
  }

  /** Unsigned 32-bit integer. */
  bits(): number {
    const count = this.state++;
    return mix(this.seed, count >>> 0, Math.floor(count / 4_294_967_296), 0x5eed);
  }

  /** Uniform in [0, 1), 32 bits. */
  uniform(): number {
    return this.bits() / 4_294_967_296;
  }

  /** Integer in [0, bound). */
  integer(bound: number): number {
    return below(this.bits(), bound);
  }

  /**
   * Standard normal, as the sum of twelve uniforms minus six: no transcendental function, so equal on every engine.
   * Tails end at +-6.
   */
  normal(): number {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += this.uniform();
    return sum;
  }

  /** Fisher-Yates, in place. */
  shuffle(values: Int32Array | Uint32Array | Float64Array): void {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const held = values[i];
      values[i] = values[j];
      values[j] = held;
    }
  }
}
