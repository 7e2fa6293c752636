/** Packed tokens of random histories. */
import fc from "fast-check";
import type { Stage } from "../stage.ts";
import type { Draw } from "./case.ts";

/** Packed steps of random histories, longest first, with at least one sample. */
export function packed(stage: Stage, draw: Draw) {
  const lengths = draw(() => fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 19 }));
  const active: number[] = [];
  const offsets: number[] = [];
  let tokens = 0;
  for (let t = 0; t < Math.max(...lengths); t++) {
    offsets.push(tokens);
    active.push(lengths.filter((length) => length > t).length);
    tokens += active[t];
  }
  return {
    samples: lengths.length,
    /** Samples with a step. */
    started: active[0] ?? 0,
    steps: active.length,
    tokens,
    offsets: stage.integers(offsets),
    active: stage.integers(active),
  };
}
