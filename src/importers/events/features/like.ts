/**
 * What numbers look like to a model is learned from the training part: edges of buckets, mean and deviation. A model that
 * goes on with new data needs them as they were, so a dataset may take them over from an earlier one.
 */
import type { Manifest } from "../../../dataset/manifest.ts";
import { FIELD_KINDS } from "../../../features/schema.ts";
import type { Features, FieldSpec } from "./features.ts";

/** The fields; those of numbers that `earlier` has too, of the same kind, with its edges or its mean and deviation. */
export function withScalesOf(fields: Features["fields"], earlier: Manifest): Features["fields"] {
  const transforms = new Map(
    FIELD_KINDS.flatMap((kind) => earlier.fields[kind].map(({ name, transform }) => [name, transform] as const)),
  );
  const take = (spec: FieldSpec): FieldSpec => {
    const transform = transforms.get(spec.name);
    if (transform?.kind === "number" && spec.kind === "number") return { ...spec, learned: { edges: transform.edges } };
    if (transform?.kind !== "value" || spec.kind !== "value" || transform.scale !== spec.scale) return spec;
    return { ...spec, learned: { mean: transform.mean, deviation: transform.deviation } };
  };
  return { user: fields.user.map(take), item: fields.item.map(take), context: fields.context.map(take) };
}
