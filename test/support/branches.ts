/** Every branch of a model's configuration: all combinations of its choices, read from its schema. */
import { z } from "zod";
import type { Model } from "../../src/models/model.ts";

/** What a JSON schema says that matters here. */
interface Described {
  readonly properties?: Readonly<Record<string, Described>>;
  readonly enum?: readonly unknown[];
  readonly type?: string;
  readonly minimum?: number;
  readonly default?: unknown;
}

/** Values that take the model along different ways: of an enumeration all; of a number that may be 0, off and on. */
function choices({ enum: values, type, minimum, default: usual }: Described): readonly unknown[] {
  if (values) return values;
  if (type === "boolean") return [false, true];
  return minimum === 0 ? [0, usual] : [];
}

/** All combinations of the choices below a schema, as configurations. */
function combinations(schema: Described): Record<string, unknown>[] {
  let all: Record<string, unknown>[] = [{}];
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const values = property.properties ? combinations(property) : choices(property);
    if (values.length > 1) all = all.flatMap((config) => values.map((value) => ({ ...config, [key]: value })));
  }
  return all;
}

/** Some of these branches, in which every pair of choices comes up that comes up in all; many times fewer where there are many choices. */
export function pairsOf(branches: readonly Record<string, unknown>[]): Record<string, unknown>[] {
  const left = new Set(branches.flatMap(pairsIn));
  const chosen: Record<string, unknown>[] = [];
  while (left.size > 0) {
    const gains = branches.map((branch) => pairsIn(branch).filter((pair) => left.has(pair)).length);
    const best = branches[gains.indexOf(Math.max(...gains))];
    chosen.push(best);
    for (const pair of pairsIn(best)) left.delete(pair);
  }
  return chosen;
}

/** A single choice is a pair with itself. */
function pairsIn(branch: Record<string, unknown>): string[] {
  const choices = leavesOf(branch);
  return choices.flatMap((one, i) => choices.slice(i).map((other) => `${one} ${other}`));
}

function leavesOf(branch: Record<string, unknown>, place = ""): string[] {
  return Object.entries(branch).flatMap(([key, value]) =>
    typeof value === "object" && value !== null
      ? leavesOf(value as Record<string, unknown>, `${place}${key}.`)
      : [`${place}${key}=${value}`],
  );
}

/** Configurations of `model` in which every combination of its choices comes up once. */
export function branchesOf(model: Model): Record<string, unknown>[] {
  return combinations(z.toJSONSchema(model.config(z), { io: "input" }) as Described);
}
