/** Errors of markets: which shops they can be made of. */
import type { Entries } from "../entry.ts";

export const markets = {
  "market.other-data": {
    status: 422,
    meaning: "A market is to be made of data whose users are not known well enough to go on living.",
    message: ({ path, expected, found }: { path: string; expected: string; found: string }) =>
      `${path}: expected a dataset of the ${expected} shop, whose true clicks are known, found one of ${found}`,
  },
} satisfies Entries<"market">;
