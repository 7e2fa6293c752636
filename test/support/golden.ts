/** The golden vectors (test/golden, written by generate.py there) as typed arrays. */
import { readFileSync } from "node:fs";

export interface GoldenArray {
  readonly shape: number[];
  readonly data: number[];
}

export interface Golden {
  readonly inputs: Record<string, GoldenArray> & { lengths: number[] };
  readonly outputs: Record<string, GoldenArray>;
  readonly loss: number;
  readonly gradients: Record<string, GoldenArray>;
}

export function readGolden<T = Golden>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), "utf8"));
}
