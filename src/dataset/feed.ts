/** Brings the windows of a split into memory one after the other, each while the one before is at work. */
import type { Window } from "./blocks.ts";
import type { Part, Split } from "./dataset.ts";
import type { DatasetStream } from "./stream.ts";

/** Memory for one window, and which one is in it or on its way. */
interface Slot {
  buffer: SharedArrayBuffer;
  window?: Window;
  part?: Promise<Part>;
}

/** Holds two windows at most. */
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
   * The samples of `window`, which stay until the next call. Meanwhile `next`, where it is another window, is read.
   */
  async take(window: Window, next?: Window): Promise<Part> {
    const start = performance.now();
    const slot = this.#slotOf(window) ?? this.#load(window, this.#slots[0]);
    const part = await slot.part!;
    this.#waited += (performance.now() - start) / 1000;
    if (next && !this.#slotOf(next)) this.#load(next, this.#slots.find((other) => other !== slot)!);
    return part;
  }

  #slotOf(window: Window): Slot | undefined {
    return this.#slots.find((slot) => slot.window !== undefined && isSame(slot.window, window));
  }

  #load(window: Window, slot: Slot): Slot {
    const bytes = this.#stream.bytesOf(window);
    // Where there are several windows the next may be larger: a buffer grows once, and then to the full size.
    if (bytes > slot.buffer.byteLength) {
      const grown = slot.buffer.byteLength > 0 ? this.#stream.windowBytes : 0;
      slot.buffer = new SharedArrayBuffer(Math.max(bytes, grown));
    }
    slot.window = window;
    slot.part = this.#stream.load(this.#split, window, slot.buffer);
    // What fails ahead of its time is told when it is taken.
    slot.part.catch(() => undefined);
    return slot;
  }
}

function isSame(a: Window, b: Window): boolean {
  return a.blocks.length === b.blocks.length && a.blocks.every((block, i) => block === b.blocks[i]);
}
