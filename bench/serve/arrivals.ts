/** When requests of an open loop are due: a Poisson process, the same for the same seed. */
import { Random } from "../../src/tensor/random.ts";

/** Milliseconds from the beginning, ascending, below `seconds`. */
export function arrivals(rate: number, seconds: number, seed: number): Float64Array {
  const random = new Random(seed);
  const times: number[] = [];
  for (let time = 0; ; ) {
    time += (-Math.log(1 - random.uniform()) * 1000) / rate;
    if (time >= seconds * 1000) return Float64Array.from(times);
    times.push(time);
  }
}
