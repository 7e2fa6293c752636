/** Work placed on shards: each piece where there is room, and halves of the shards with about the same to do. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { Balance } from "../../src/engine/balance.ts";

interface Piece {
  readonly samples: number;
  readonly cost: number;
}

/** As training has them: the costliest first, and no more samples than half of a shard's room. */
const pieces = (most: number) =>
  fc
    .array(fc.record({ samples: fc.integer({ min: 1, max: most }), cost: fc.nat(1000) }), { maxLength: 30 })
    .map((all) => all.sort((a, b) => b.cost - a.cost));

function place(balance: Balance, all: readonly Piece[]): number[] {
  balance.clear();
  return all.map(({ samples, cost }) => balance.place(samples, cost));
}

it("each shard knows what it was given, and the same pieces go to the same shards again", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), pieces(5), (shards, all) => {
      const balance = new Balance(shards, 150);
      const placed = place(balance, all);
      const given = (shard: number, of: keyof Piece) =>
        all.reduce((sum, piece, i) => (placed[i] === shard ? sum + piece[of] : sum), 0);
      for (let shard = 0; shard < shards; shard++) {
        expect(balance.size(shard)).toBe(given(shard, "samples"));
        expect(balance.load(shard)).toBe(given(shard, "cost"));
      }
      expect(place(balance, all)).toEqual(placed);
    }),
  );
});

it("what one shard has no room for goes to another, even from one half to the other", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), pieces(6), (shards, all) => {
      const samples = all.reduce((sum, piece) => sum + piece.samples, 0);
      const share = Math.max(6, Math.ceil(samples / shards));
      const balance = new Balance(shards, 2 * share);
      place(balance, all);
      for (let shard = 0; shard < shards; shard++) expect(balance.size(shard)).toBeLessThanOrEqual(2 * share);
    }),
  );
});

it("halves differ by no more than the costliest piece", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), pieces(1), (doublings, all) => {
      const shards = 2 ** doublings;
      const balance = new Balance(shards, 100);
      place(balance, all);
      const costliest = all[0]?.cost ?? 0;
      for (let width = shards / 2; width >= 1; width /= 2) {
        for (let from = 0; from < shards; from += 2 * width) {
          const load = (first: number) =>
            Array.from({ length: width }, (_, i) => balance.load(first + i)).reduce((sum, cost) => sum + cost);
          expect(Math.abs(load(from) - load(from + width))).toBeLessThanOrEqual(costliest);
        }
      }
    }),
  );
});

it("a piece that is more than a share is made up for by the shards beside it", () => {
  const balance = new Balance(4, 10);
  expect(
    place(
      balance,
      [6, 4, 4, 4, 2].map((cost) => ({ samples: 1, cost })),
    ),
  ).toEqual([0, 2, 3, 1, 2]);
});

it("an odd number of shards is no reason for the larger half to idle", () => {
  const balance = new Balance(3, 100);
  place(balance, new Array(30).fill({ samples: 1, cost: 1 }));
  expect([0, 1, 2].map((shard) => balance.load(shard))).toEqual([10, 10, 10]);
});
