/** Brings the portions of a split into memory one after the other, each while the one before is at work. */
import type { Portion } from "./blocks.ts";
import type { LoadedPortion, Split } from "./dataset.ts";
import type { DatasetStream } from "./stream.ts";

/** Memory for one portion, and which one is in it or on its way. */
interface Slot {
  buffer: SharedArrayBuffer;
  portion?: Portion;
  loaded?: Promise<LoadedPortion>;
}

/** Holds two portions at most. */
export class Feed {
  readonly #stream: DatasetStream;
  readonly #split: Split;
  readonly #slots: readonly Slot[] = [{ buffer: new SharedArrayBuffer(0) }, { buffer: new SharedArrayBuffer(0) }];
  #waited = 0;

  constructor(stream: DatasetStream, split: Split) {
    this.#stream = stream;
    this.#split = split;
  }

  /** Seconds that callers of `take` have waited in all. */
  get waited(): number {
    return this.#waited;
  }

  /**
   * The samples of `portion`, which stay until the next call. Meanwhile `next`, where it is another portion, is read.
   */
  async take(portion: Portion, next?: Portion): Promise<LoadedPortion> {
    const start = performance.now();
    const slot = this.#slotOf(portion) ?? this.#load(portion, this.#slots[0]);
    const loaded = await slot.loaded!;
    this.#waited += (performance.now() - start) / 1000;
    if (next && !this.#slotOf(next)) this.#load(next, this.#slots.find((other) => other !== slot)!);
    return loaded;
  }

  #slotOf(portion: Portion): Slot | undefined {
    return this.#slots.find((slot) => slot.portion !== undefined && isSame(slot.portion, portion));
  }

  #load(portion: Portion, slot: Slot): Slot {
    const bytes = this.#stream.bytesOf(portion);
    // Where there are several portions the next may be larger: a buffer grows once, and then to the full size.
    if (bytes > slot.buffer.byteLength) {
      const grown = slot.buffer.byteLength > 0 ? this.#stream.portionBudget : 0;
      slot.buffer = new SharedArrayBuffer(Math.max(bytes, grown));
    }
    const { buffer, loaded: earlier } = slot;
    const load = () => this.#stream.load(this.#split, portion, buffer);
    slot.portion = portion;
    // A portion that was announced and not taken may still be on its way into the same memory.
    slot.loaded = earlier === undefined ? load() : earlier.then(load, load);
    // What fails while it is read ahead is reported when it is taken.
    slot.loaded.catch(() => undefined);
    return slot;
  }
}

function isSame(a: Portion, b: Portion): boolean {
  return a.blocks.length === b.blocks.length && a.blocks.every((block, i) => block === b.blocks[i]);
}
