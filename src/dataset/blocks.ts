/**
 * A split cut into blocks, and blocks into portions: how a dataset that is larger than memory is gone through.
 *
 * Samples stand in the order of their sequences, so a block, a stretch of samples, needs a stretch of sequences. It ends
 * with a sequence, unless the samples of one are more than a portion takes. A portion is as many blocks as fit into a
 * budget. Training takes the blocks of an epoch in a seeded order and mixes the samples within a portion; a split that
 * fits into one portion is mixed as a whole.
 */
import { mix, Random } from "../tensor/random.ts";
import { type PortionShape, type PortionSize, portionBytes } from "./slot.ts";

/** Rows [first, first + samples) of the split's file, and the sequences [firstSequence, + sequences) that they name. */
export interface Block extends PortionSize {
  readonly first: number;
  readonly firstSequence: number;
}

/** Blocks in the order of the file, read together. */
export interface Portion extends PortionSize {
  readonly blocks: readonly Block[];
}

/** A portion of average size holds about this many blocks: few enough to read fast, many enough to mix well. */
const BLOCKS_PER_PORTION = 32;
/** Keeps the order of blocks apart from that of samples. */
const BLOCK_STREAM = 0x626c6f63;

/** Cuts a split into blocks, given its samples one after the other. */
export class BlockCutter {
  readonly #shape: PortionShape;
  readonly #enough: number;
  readonly #most: number;
  readonly #lengths: Int32Array;
  readonly #blocks: Block[] = [];
  #first = 0;
  #samples = 0;
  #firstSequence = 0;
  #lastSequence = -1;
  #behaviours = 0;

  /** `lengths` holds the behaviours of each sequence; `budget` is that of a portion, in bytes. */
  constructor(shape: PortionShape, lengths: Int32Array, budget: number) {
    this.#shape = shape;
    this.#lengths = lengths;
    this.#enough = budget / BLOCKS_PER_PORTION;
    this.#most = budget;
  }

  /** The next sample's sequence, at or after the one of the sample before. */
  add(sequence: number): void {
    if (this.#samples > 0) {
      const isFull = sequence !== this.#lastSequence && portionBytes(this.#shape, this.#size()) >= this.#enough;
      if (isFull || portionBytes(this.#shape, this.#sizeWith(sequence)) > this.#most) this.#cut();
    }
    if (this.#samples === 0) {
      this.#firstSequence = sequence;
      this.#lastSequence = sequence - 1;
    }
    const { samples, behaviours } = this.#sizeWith(sequence);
    this.#lastSequence = sequence;
    this.#samples = samples;
    this.#behaviours = behaviours;
  }

  finish(): Block[] {
    if (this.#samples > 0) this.#cut();
    return this.#blocks;
  }

  #size(): PortionSize {
    const sequences = this.#lastSequence - this.#firstSequence + 1;
    return { samples: this.#samples, sequences, behaviours: this.#behaviours };
  }

  /** The size with another sample, of that sequence. */
  #sizeWith(sequence: number): PortionSize {
    let behaviours = this.#behaviours;
    for (let s = this.#lastSequence + 1; s <= sequence; s++) behaviours += this.#lengths[s];
    return { samples: this.#samples + 1, sequences: sequence - this.#firstSequence + 1, behaviours };
  }

  #cut(): void {
    this.#blocks.push({ ...this.#size(), first: this.#first, firstSequence: this.#firstSequence });
    this.#first += this.#samples;
    this.#samples = 0;
    this.#behaviours = 0;
  }
}

/** Portions over the blocks in the order given, each as full as `budget` (bytes) allows; a larger block stands alone. */
export function portionsOf(shape: PortionShape, blocks: readonly Block[], budget: number): Portion[] {
  const portions: Portion[] = [];
  let held: Block[] = [];
  for (const block of blocks) {
    if (held.length > 0 && portionBytes(shape, sum([...held, block])) > budget) {
      portions.push(portionOf(held));
      held = [];
    }
    held.push(block);
  }
  if (held.length > 0) portions.push(portionOf(held));
  return portions;
}

/** The portions of an epoch of training: a function of the blocks, the budget, the seed and the epoch alone. */
export function epochPortions(
  shape: PortionShape,
  blocks: readonly Block[],
  budget: number,
  seed: number,
  epoch: number,
): Portion[] {
  const order = Int32Array.from(blocks, (_, i) => i);
  new Random(mix(seed, epoch, BLOCK_STREAM)).shuffle(order);
  return portionsOf(
    shape,
    Array.from(order, (i) => blocks[i]),
    budget,
  );
}

function portionOf(blocks: readonly Block[]): Portion {
  return { ...sum(blocks), blocks: [...blocks].sort((a, b) => a.first - b.first) };
}

function sum(sizes: readonly PortionSize[]): PortionSize {
  const total = { samples: 0, sequences: 0, behaviours: 0 };
  for (const { samples, sequences, behaviours } of sizes) {
    total.samples += samples;
    total.sequences += sequences;
    total.behaviours += behaviours;
  }
  return total;
}
