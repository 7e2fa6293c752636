/** What cases of kernels are made of: shapes, regions that are written, how far builds may be apart. */
import fc from "fast-check";
import type { Kernels } from "../../../src/kernels/contract.ts";
import type { Region, Stage, Tolerance } from "../stage.ts";

/** Sizes around the vector width and the blocks first, then larger ones. */
export const size = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 10, max: 45 }));
/** Rows enough to be dealt out in several portions. */
export const tokens = fc.oneof(size, fc.integer({ min: 60, max: 300 }));
export const positive = size.map((n) => n + 1);
export const flag = fc.constantFrom(0 as const, 1 as const);
export const gap = fc.integer({ min: 0, max: 5 });

/** Draws a value. */
export type Draw = fc.GeneratorValue;
/** A call on memory that was drawn, and what it writes. */
export interface Case {
  call: (kernels: Kernels) => unknown;
  outputs: Region[];
  tolerance?: Tolerance;
}

export const dense = (at: number, rows: number, cols: number, ld = cols): Region => ({ at, rows, cols, ld });
export const exact = (at: number, rows: number, cols: number, ld = cols): Region => ({
  at,
  rows,
  cols,
  ld,
  exact: true,
});
export const FLOAT: Tolerance = { absolute: 2e-6, relative: 2e-6 };
/** Sums of `terms` products of numbers below 1. */
export const summed = (terms: number): Tolerance => ({ absolute: 4e-7 * (terms + 10), relative: 2e-6 });

/** A matrix for an output: numbers where they are added to, NaN where they must not be read. */
export function target(stage: Stage, rows: number, cols: number, ld: number, accumulate: number): number {
  return accumulate ? stage.matrix(rows, cols, ld) : stage.room(rows * ld);
}

/** Cases of some kernels, by their names. */
export type Cases<Name extends keyof Kernels> = { readonly [name in Name]: (stage: Stage, draw: Draw) => Case };
