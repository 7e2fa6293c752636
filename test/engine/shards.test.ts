/** Batches dealt out to shards: every sample once, groups whole, the same each time, and nobody with much more than others. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Samples, sharedFloat32, sharedInt32 } from "../../src/dataset/dataset.ts";
import { beginAlike, groupsOf } from "../../src/dataset/groups.ts";
import { mostTogether, Shards, shardCapacity } from "../../src/engine/shards.ts";
import { trainSchema } from "../../src/run/config.ts";
import { Random } from "../../src/tensor/random.ts";

/** Samples of users who have between one and `most`, with ever longer histories, some of which are cut. */
function samplesOf(seed: number, count: number, most: number): Samples {
  const random = new Random(seed);
  const [sequence, position, length] = [sharedInt32(count), sharedInt32(count), sharedInt32(count)];
  let user = 0;
  for (let i = 0, left = 1 + random.integer(most), behaviours = 0; i < count; i++, left--) {
    if (left === 0) {
      [left, behaviours] = [1 + random.integer(most), 0];
      user++;
    }
    behaviours += random.integer(3);
    sequence[i] = user;
    position[i] = behaviours;
    length[i] = Math.min(behaviours, 12);
  }
  const row = sharedInt32(count);
  return { count, row, label: sharedFloat32(count), sequence, position, length, item: row, user: [], context: [] };
}

const train = (batches: "users" | "samples", batchSize: number, shards: number) =>
  trainSchema.parse({ batches, batch_size: batchSize, shards });

const cases = fc.record({
  seed: fc.nat(),
  most: fc.integer({ min: 1, max: 40 }),
  batch: fc.integer({ min: 1, max: 70 }),
  shards: fc.integer({ min: 1, max: 12 }),
  from: fc.nat(20),
});

describe("shards", () => {
  it("of users have each sample once, groups whole, and room", () => {
    fc.assert(
      fc.property(cases, ({ seed, most, batch, shards, from }) => {
        const settings = train("users", batch, shards);
        const samples = samplesOf(seed, batch + 20, most);
        const given = Int32Array.from({ length: samples.count }, (_, i) => i);
        const dealt = new Shards(settings);
        dealt.deal(samples, given, from, batch);
        const { order, bounds } = dealt;
        expect([...order].sort((a, b) => a - b)).toEqual([...given.subarray(from, from + batch)]);
        expect([bounds[0], bounds[shards]]).toEqual([0, batch]);
        let pairs = 0;
        for (let s = 0; s < shards; s++) {
          const own = [...order.subarray(bounds[s], bounds[s + 1])];
          expect(own.length).toBeLessThanOrEqual(shardCapacity(settings));
          own.forEach((sample, i) => {
            const isLast = i === own.length - 1 || !beginAlike(samples, sample, own[i + 1]);
            if (isLast) pairs += Math.max(0, samples.length[sample] - 1);
          });
        }
        expect(dealt.pairs).toBe(pairs);
        expect([...dealt.queue].sort((a, b) => a - b)).toEqual(Array.from({ length: shards }, (_, s) => s));
        const shardOf = (sample: number) => bounds.findLastIndex((bound) => bound <= order.indexOf(sample));
        for (let i = from + 1, members = 1; i < from + batch; i++) {
          const goesOn = members < mostTogether(settings) && beginAlike(samples, i, i - 1);
          members = goesOn ? members + 1 : 1;
          if (goesOn) expect(shardOf(i)).toBe(shardOf(i - 1));
        }
        const kept = [order.slice(), bounds.slice(), dealt.queue.slice()];
        dealt.deal(samples, given, 0, 1);
        dealt.deal(samples, given, from, batch);
        expect([order, bounds, dealt.queue]).toEqual(kept);
      }),
    );
  });

  it("of users compute fewer sequences than there are samples, and share the work", () => {
    const settings = train("users", 128, 8);
    const samples = samplesOf(1, 128, 12);
    const groups = groupsOf(samples, mostTogether(settings));
    const dealt = new Shards(settings);
    dealt.deal(
      samples,
      Int32Array.from({ length: 128 }, (_, i) => i),
      0,
      128,
    );
    const begins = (i: number) => i === 0 || !beginAlike(samples, dealt.order[i], dealt.order[i - 1]);
    const found = Array.from(dealt.order, (_, i) => begins(i)).filter(Boolean).length;
    expect(found).toBeLessThanOrEqual(groups.length - 1);
    const sizes = Array.from({ length: 8 }, (_, s) => dealt.bounds[s + 1] - dealt.bounds[s]);
    expect(Math.min(...sizes)).toBeGreaterThan(4);
    expect(Math.max(...sizes)).toBeLessThan(32);
  });

  it("of users are taken the costliest first", () => {
    const lengths = fc.array(fc.nat(60), { minLength: 1, maxLength: 70 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 12 }), (lengths, shards) => {
        // Each user has one sample.
        const count = lengths.length;
        const samples = {
          ...samplesOf(1, count, 1),
          position: Int32Array.from(lengths),
          length: Int32Array.from(lengths),
        };
        const dealt = new Shards(train("users", count, shards));
        const given = Int32Array.from(lengths, (_, i) => i);
        dealt.deal(samples, given, 0, count);
        const costs = Array.from(dealt.queue, (shard) => {
          const own = dealt.order.subarray(dealt.bounds[shard], dealt.bounds[shard + 1]);
          return own.reduce((cost, sample) => cost + 8 + 5 * lengths[sample], 0);
        });
        expect(costs).toEqual([...costs].sort((a, b) => b - a));
      }),
    );
  });

  it("of samples are stretches of the batch", () => {
    const samples = samplesOf(2, 20, 5);
    const dealt = new Shards(train("samples", 10, 3));
    const given = Int32Array.from({ length: 20 }, (_, i) => 19 - i);
    dealt.deal(samples, given, 4, 10);
    expect([...dealt.order]).toEqual([...given.subarray(4, 14)]);
    expect([...dealt.bounds]).toEqual([0, 3, 6, 10]);
    expect([...dealt.queue]).toEqual([0, 1, 2]);
    const pairs = [...dealt.order].map((sample) => Math.max(0, samples.length[sample] - 1));
    expect(dealt.pairs).toBe(pairs.reduce((sum, count) => sum + count, 0));
  });
});
