/** Who gets which arm: the same user the same one, from any server, without anything being kept. */
import { holdFor, type UserFields } from "./conditions.ts";
import type { OnlineExperiment } from "./experiment.ts";
import { BUCKETS, bucketOf, hashV1 } from "./hash.ts";
import { OUT } from "./layout.ts";
import type { Arm } from "./schema.ts";

/** Why somebody does not take part. */
export type Out = "time" | "namespace" | "holdout" | "conditions" | "share";

export type Assignment = { readonly arm: Arm; readonly propensity: number } | { readonly out: Out };

/**
 * The arm of a user, or why there is none.
 * @param user the key
 * @param fields what the request says of the user
 * @param now milliseconds since 1970
 */
export function assign(experiment: OnlineExperiment, user: string, fields: UserFields, now: number): Assignment {
  const { start, end, namespace, holdout, who, seed, layout, arms, propensities } = experiment;
  if ((start !== undefined && now < start) || (end !== undefined && now >= end)) return { out: "time" };
  if (namespace !== undefined && !isInNamespace(user, namespace.name, namespace.range)) return { out: "namespace" };
  if (holdout !== undefined && isHeldOut(user, holdout)) return { out: "holdout" };
  if (!holdFor(who, fields)) return { out: "conditions" };
  const place = layout[bucketOf(seed, user)];
  return place === OUT ? { out: "share" } : { arm: arms[place], propensity: propensities[place] };
}

/** GrowthBook's `inNamespace`. @param range shares of the namespace's users, the upper one not included */
export function isInNamespace(user: string, name: string, [from, to]: readonly [number, number]): boolean {
  const place = hashV1(`__${name}`, user);
  return place >= from && place < to;
}

function isHeldOut(user: string, { name, share }: NonNullable<OnlineExperiment["holdout"]>): boolean {
  return bucketOf(`__holdout_${name}`, user) < share * BUCKETS;
}
