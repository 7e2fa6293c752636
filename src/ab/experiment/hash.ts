/**
 * Where a user falls, by nothing but texts: the hashes of GrowthBook's SDKs, so that experiments of both agree about
 * everybody (https://docs.growthbook.io/lib/build-your-own, "hash"; vectors in test/golden/growthbook.json).
 */

/** How many places the hash of arms tells apart; a place is a ten-thousandth of the users. */
export const BUCKETS = 10_000;

/** Which of `BUCKETS` places a user has: GrowthBook's hash version 2, times 10,000. */
export function bucketOf(seed: string, user: string): number {
  return fnv1a(String(fnv1a(seed + user))) % BUCKETS;
}

/** GrowthBook's hash version 1, 0 to .999. It is known to favour some places, and remains for namespaces alone. */
export function hashV1(seed: string, user: string): number {
  return (fnv1a(user + seed) % 1000) / 1000;
}

/** FNV-1a of 32 bits (http://www.isthe.com/chongo/tech/comp/fnv), over the UTF-16 units of a text as GrowthBook's has it. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
