/**
 * Protocols: which behaviours become samples, and of which split (docs/data-format.md).
 *
 * Every positive, a behaviour predicted from those before it, is followed by one negative with the same history.
 */

import { SPLITS, type Split } from "../dataset/dataset.ts";
import type { Protocol } from "../dataset/manifest.ts";
import { Marks } from "../dataset/marks.ts";
import type { RawSamples } from "../dataset/source.ts";
import { turn } from "../interruption.ts";
import { hashString } from "../tensor/random.ts";
import { type BehaviourSequences, USERS_PER_TURN } from "./behaviours.ts";
import { type NegativePools, SampleNegatives } from "./negatives.ts";
import type { Negatives } from "./options.ts";
import { type HistoryItems, hasNegative, holds, type OwnItems } from "./returns.ts";
import { SampleColumns } from "./sample-columns.ts";

/** Share of users for test, and for validation, under `paper`: a tenth, and a tenth of the rest. */
const TEST_SHARE = 0.1;
const VALID_SHARE = 0.09;

/** How much of each sequence is the training part, and the samples of each split, in order of user and position. */
export interface Sampled {
  readonly training: Int32Array;
  readonly samples: Readonly<Record<Split, RawSamples>>;
  /** Positives that are left out: the only items of their histories, so that they have no strict negative. */
  readonly returns: number;
}

/** How samples are made of sequences. */
export interface SampleOptions {
  readonly protocol: Protocol;
  readonly negatives: Negatives;
  readonly seed: number;
  readonly maxHistory: number;
}

export async function sampleBehaviours(
  sequences: BehaviourSequences,
  { protocol, negatives, seed, maxHistory }: SampleOptions,
): Promise<Sampled> {
  const { users, offsets, items, times } = sequences;
  const plans = users.map((user, s) => planOf(protocol, user, offsets[s + 1] - offsets[s], seed));
  const training = Int32Array.from(plans, (plan) => plan.training);
  const own: OwnItems = { marks: new Marks(), areAll: true };
  const sampler = new SampleNegatives(partsOf(sequences, plans, negatives === "strict" ? maxHistory : 0), own, seed);
  const columns = { train: new SampleColumns(), valid: new SampleColumns(), test: new SampleColumns() };
  const isStrict = negatives === "strict";
  let returns = 0;
  for (const [s, { first, splitOf }] of plans.entries()) {
    if ((s + 1) % USERS_PER_TURN === 0) await turn();
    const [begin, end] = [offsets[s], offsets[s + 1]];
    if (isStrict) own.marks.mark(items, begin, end);
    for (let to = begin + first; to < end; to++) {
      const [positive, time, position] = [items[to], times[to], to - begin];
      const history: HistoryItems = { items, from: Math.max(begin, to - maxHistory), to };
      if (isStrict && !hasNegative(positive, history, own)) {
        returns++;
        continue;
      }
      const split = splitOf(position);
      const negative = isStrict
        ? sampler.strict(split, positive, history, s, position)
        : sampler.popular(split, positive, s, position);
      const samples = columns[split];
      samples.add(1, s, position, positive, time);
      samples.add(0, s, position, negative, time);
    }
  }
  const samples = {} as Record<Split, RawSamples>;
  for (const split of SPLITS) samples[split] = columns[split].finish();
  return { training, samples, returns };
}

interface Plan {
  readonly training: number;
  /** The behaviours from here on are positives. */
  readonly first: number;
  /** The split that a behaviour is part of. */
  readonly splitOf: (position: number) => Split;
}

/**
 * The items of each split's part of the log; of valid and test without returns, whose own negatives stand in the history.
 * @param maxHistory 0 where negatives are the same whatever the history is
 */
function partsOf({ offsets, items }: BehaviourSequences, plans: readonly Plan[], maxHistory: number): NegativePools {
  const parts: Record<Split, number[]> = { train: [], valid: [], test: [] };
  for (const [s, { splitOf }] of plans.entries()) {
    const begin = offsets[s];
    for (let to = begin; to < offsets[s + 1]; to++) {
      const part = splitOf(to - begin);
      const history: HistoryItems = { items, from: Math.max(begin, to - maxHistory), to };
      if (part === "train" || !holds(history, items[to])) parts[part].push(items[to]);
    }
  }
  const { train, valid, test } = parts;
  return { train: Int32Array.from(train), valid: Int32Array.from(valid), test: Int32Array.from(test) };
}

function planOf(protocol: Protocol, user: string, length: number, seed: number): Plan {
  switch (protocol) {
    case "paper": {
      const place = hashString(user, seed) / 4_294_967_296;
      const split = place < TEST_SHARE ? "test" : place < TEST_SHARE + VALID_SHARE ? "valid" : "train";
      return { training: split === "train" ? length : 0, first: length - 1, splitOf: () => split };
    }
    case "temporal":
      return { training: length - 2, first: 1, splitOf: (position) => temporalSplit(position, length) };
  }
}

/** The split under `temporal` of the behaviour at a place of a sequence. */
export function temporalSplit(place: number, length: number): Split {
  return place === length - 1 ? "test" : place === length - 2 ? "valid" : "train";
}
