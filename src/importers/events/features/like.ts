/**
 * What numbers look like to a model is learned from the training part: edges of buckets, mean and deviation. A model that
 * goes on with new data needs them as they were, so a dataset may take them over from an earlier one.
 */
import type { Manifest } from "../../../dataset/manifest.ts";
import { FIELD_KINDS } from "../../../features/schema.ts";
import type { Features, FieldSpec } from "./features.ts";

/**
 * The fields; those of numbers that `earlier` has too with its edges or its mean and deviation. A number that is new learns
 * its own.
 * @throws Error as `refuse` makes it of a field and what it is there, where a number is something else there
 */
export function withScalesOf(
  fields: Features["fields"],
  earlier: Manifest,
  refuse: (field: string, kind: string) => Error,
): Features["fields"] {
  const transforms = new Map(
    FIELD_KINDS.flatMap((kind) => earlier.fields[kind].map(({ name, transform }) => [name, transform] as const)),
  );
  const take = (spec: FieldSpec): FieldSpec => {
    const { name, kind, scale } = spec;
    const transform = transforms.get(name);
    if (transform === undefined || (kind !== "number" && kind !== "value")) return spec;
    if (transform.kind === "number" && kind === "number") return { ...spec, learned: { edges: transform.edges } };
    if (transform.kind !== "value") throw refuse(name, `kind: ${transform.kind}`);
    if (kind !== "value" || transform.scale !== scale) throw refuse(name, `kind: value, scale: ${transform.scale}`);
    return { ...spec, learned: { mean: transform.mean, deviation: transform.deviation } };
  };
  return { user: fields.user.map(take), item: fields.item.map(take), context: fields.context.map(take) };
}
