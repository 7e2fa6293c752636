/**
 * A split cut into blocks, and blocks into windows: how a dataset that is larger than memory is gone through.
 *
 * Samples stand in the order of their sequences, so a block, a stretch of samples, needs a stretch of sequences. A
 * window is as many blocks as fit into a budget. Training takes the blocks of an epoch in a seeded order and mixes the
 * samples within a window; a split that fits into one window is mixed as a whole.
 */
import { mix, Random } from "../tensor/random.ts";
import { type PartShape, type PartSize, partBytes } from "./slot.ts";

/** Rows [first, first + samples) of the split's file, and the sequences [firstSequence, + sequences) that they name. */
export interface Block extends PartSize {
  readonly first: number;
  readonly firstSequence: number;
}

/** Blocks in the order of the file, read together. */
export interface Window extends PartSize {
  readonly blocks: readonly Block[];
}

/** A window of average size holds about this many blocks: few enough to read fast, many enough to mix well. */
const BLOCKS_PER_WINDOW = 32;
/** Keeps the order of blocks apart from that of samples. */
const BLOCK_STREAM = 0x626c6f63;

/** Cuts a split into blocks as its samples are told one after the other. */
export class BlockCutter {
  readonly #shape: PartShape;
  readonly #most: number;
  readonly #lengths: Int32Array;
  readonly #blocks: Block[] = [];
  #first = 0;
  #samples = 0;
  #firstSequence = 0;
  #lastSequence = -1;
  #behaviours = 0;

  /** `lengths` holds the behaviours of each sequence; `budget` is that of a window, in bytes. */
  constructor(shape: PartShape, lengths: Int32Array, budget: number) {
    this.#shape = shape;
    this.#lengths = lengths;
    this.#most = budget / BLOCKS_PER_WINDOW;
  }

  /** The next sample's sequence, at or after the one of the sample before. */
  add(sequence: number): void {
    if (sequence !== this.#lastSequence) {
      if (this.#samples > 0 && partBytes(this.#shape, this.#size()) >= this.#most) this.#cut();
      if (this.#samples === 0) {
        this.#firstSequence = sequence;
        this.#lastSequence = sequence - 1;
      }
      while (this.#lastSequence < sequence) this.#behaviours += this.#lengths[++this.#lastSequence];
    }
    this.#samples++;
  }

  finish(): Block[] {
    if (this.#samples > 0) this.#cut();
    return this.#blocks;
  }

  #size(): PartSize {
    const sequences = this.#lastSequence - this.#firstSequence + 1;
    return { samples: this.#samples, sequences, behaviours: this.#behaviours };
  }

  #cut(): void {
    this.#blocks.push({ ...this.#size(), first: this.#first, firstSequence: this.#firstSequence });
    this.#first += this.#samples;
    this.#samples = 0;
    this.#behaviours = 0;
  }
}

/** Windows over the blocks in the order given, each as full as `budget` (bytes) allows; a larger block stands alone. */
export function windowsOf(shape: PartShape, blocks: readonly Block[], budget: number): Window[] {
  const windows: Window[] = [];
  let held: Block[] = [];
  for (const block of blocks) {
    if (held.length > 0 && partBytes(shape, sum([...held, block])) > budget) {
      windows.push(windowOf(held));
      held = [];
    }
    held.push(block);
  }
  if (held.length > 0) windows.push(windowOf(held));
  return windows;
}

/** The windows of an epoch of training: a function of the blocks, the budget, the seed and the epoch alone. */
export function epochWindows(
  shape: PartShape,
  blocks: readonly Block[],
  budget: number,
  seed: number,
  epoch: number,
): Window[] {
  const order = Int32Array.from(blocks, (_, i) => i);
  new Random(mix(seed, epoch, BLOCK_STREAM)).shuffle(order);
  return windowsOf(
    shape,
    Array.from(order, (i) => blocks[i]),
    budget,
  );
}

function windowOf(blocks: readonly Block[]): Window {
  return { ...sum(blocks), blocks: [...blocks].sort((a, b) => a.first - b.first) };
}

function sum(parts: readonly PartSize[]): PartSize {
  const total = { samples: 0, sequences: 0, behaviours: 0 };
  for (const { samples, sequences, behaviours } of parts) {
    total.samples += samples;
    total.sequences += sequences;
    total.behaviours += behaviours;
  }
  return total;
}
