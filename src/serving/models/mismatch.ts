/** Whether a model can take the place of another one: requests that the one took must not be refused by the other. */
import { readsTime } from "../../dataset/transform.ts";
import { FIELD_KINDS, type FieldKind } from "../../features/schema.ts";
import type { ModelDescription } from "../../run/model-description.ts";

/**
 * What of the requests to `served` could not be asked of `next`: a field that it does not know, or of which it takes one
 * value where several are given; undefined where all could. It may know more, and be another kind of model.
 */
export function mismatchOf(served: ModelDescription, next: ModelDescription): string | undefined {
  for (const kind of FIELD_KINDS) {
    // A value without a name is that of the first field.
    const [first, other] = [served.schema[kind][0]?.name, next.schema[kind][0]?.name];
    if (kind !== "context" && first !== undefined && other !== first) {
      return `its first ${kind} field is ${other ?? "absent"}, and requests give ${first} without a name`;
    }
    const known = named(next, kind);
    for (const [name, isList] of named(served, kind)) {
      const takesList = known.get(name);
      if (takesList === undefined) return `it has no ${kind} field ${name}`;
      if (isList && !takesList) return `${kind} field ${name} has one value, and requests give several`;
    }
  }
  return undefined;
}

/** The fields that a request may name, and whether it may give them lists. */
function named({ schema, transforms }: ModelDescription, kind: FieldKind): Map<string, boolean> {
  const fields = schema[kind].filter(({ name }) => !readsTime(transforms[name]));
  return new Map(fields.map(({ name, list }) => [name, list !== undefined]));
}
