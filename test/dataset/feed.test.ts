/** Two loads never write to the same memory at once, whatever is asked for. */
import { expect, it } from "vitest";
import type { Portion } from "../../src/dataset/blocks.ts";
import type { LoadedPortion, Split } from "../../src/dataset/dataset.ts";
import { Feed } from "../../src/dataset/feed.ts";
import type { DatasetStream } from "../../src/dataset/stream.ts";

const portionOf = (first: number): Portion => {
  const size = { samples: 1, sequences: 1, behaviours: 1 };
  return { ...size, blocks: [{ ...size, first, firstSequence: first }] };
};

it("a portion that was not announced waits for what is on its way into its memory", async () => {
  const writing = new Map<SharedArrayBuffer, number>();
  const ends: (() => void)[] = [];
  const stream = {
    portionBudget: 8,
    bytesOf: () => 8,
    load: async (_: Split, { blocks }: Portion, buffer: SharedArrayBuffer) => {
      writing.set(buffer, (writing.get(buffer) ?? 0) + 1);
      expect(writing.get(buffer)).toBe(1);
      await new Promise<void>((resolve) => ends.push(resolve));
      writing.set(buffer, 0);
      return { samples: { count: blocks[0].first } } as LoadedPortion;
    },
  };
  const feed = new Feed(stream as unknown as DatasetStream, "train");
  const [a, b, c, d, e] = [1, 2, 3, 4, 5].map(portionOf);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const taken = async (portion: Portion, next?: Portion) => {
    const loaded = feed.take(portion, next);
    for (let i = 0; i < 4; i++) {
      await turn();
      for (const end of ends.splice(0)) end();
    }
    return (await loaded).samples.count;
  };
  expect(await taken(a, b)).toBe(1);
  const second = feed.take(b, c);
  await turn();
  // c is on its way into the memory of a, where d comes next.
  const third = feed.take(d, e);
  for (let i = 0; i < 8; i++) {
    await turn();
    for (const end of ends.splice(0)) end();
  }
  expect((await second).samples.count).toBe(2);
  expect((await third).samples.count).toBe(4);
});
