/** Models in small sizes, and what the interpreter makes of them. */
import { z } from "zod";
import type { Model } from "../../src/models/model.ts";
import { Interpreter } from "./interpreter.ts";
import type { ModelBench } from "./model-bench.ts";

/** Small sizes, in whatever groups a configuration has. */
export function sized(model: Model, branch: Record<string, unknown>): object {
  const groups: Record<string, object> = {
    embedding: { size: 3 },
    head: { layers: [5, 4] },
    attention: { layers: [4, 3] },
    auxiliary: { layers: [4, 3] },
  };
  const own = Object.entries(groups).filter(([name]) => Object.hasOwn(model.config(z).shape, name));
  return {
    ...branch,
    ...Object.fromEntries(own.map(([name, sizes]) => [name, { ...sizes, ...(branch[name] ?? {}) }])),
  };
}

/** The model of a bench, computed from its record alone. */
export function interpret({ tape, parameters, memory, batch }: ModelBench): Interpreter {
  const weights = (name: string) => {
    const { value, rows, cols } = parameters.placed.find((placed) => placed.name === name)!;
    return memory.f32.subarray(value / 4, value / 4 + rows * cols);
  };
  return new Interpreter(tape.operations, { weights, batch });
}
