/**
 * Records of a market's experiment, always in the same order: what a server shows while requests are under way at once
 * waits here until the round is over, and is recorded in the order of the requests' ids.
 */
import { openRecords } from "../ab/records/open.ts";
import type { RecordCounts, Recorded, RecordedRequest, Records, RecordsOptions } from "../ab/records/records.ts";
import type { NewExposure, NewOutcome } from "../ab/records/rows.ts";
import { checkEmpty } from "../files/plain.ts";

export interface OrderedRecords extends Records {
  /** Records what has been shown since the last time; before that, no outcome is known to follow anything. */
  settle(): Promise<void>;
}

/** Seconds: files of a market end by their size alone, for its time is none of the machine's. */
const NEVER = 2_000_000;

/**
 * Opens records in a new folder; without one, nothing is kept.
 * @throws UserError where the folder is not empty, or cannot be written
 */
export async function openOrdered(folder: string | undefined, options: RecordsOptions): Promise<OrderedRecords> {
  if (folder === undefined) return new Ordered(new Nowhere());
  await checkEmpty(folder);
  return new Ordered(await openRecords(folder, { ...options, rotateSeconds: NEVER }));
}

class Ordered implements OrderedRecords {
  readonly #records: Records;
  #shown: (readonly NewExposure[])[] = [];

  constructor(records: Records) {
    this.#records = records;
  }

  async expose(rows: readonly NewExposure[]): Promise<void> {
    if (rows.length > 0) this.#shown.push(rows);
  }

  async settle(): Promise<void> {
    const shown = this.#shown.sort(([a], [b]) => (a.id < b.id ? -1 : 1));
    this.#shown = [];
    await Promise.all(shown.map((rows) => this.#records.expose(rows)));
  }

  request(id: string): Promise<RecordedRequest | undefined> {
    return this.#records.request(id);
  }

  outcome(rows: readonly NewOutcome[]): Promise<Recorded> {
    return this.#records.outcome(rows);
  }

  rotate(): Promise<void> {
    return this.#records.rotate();
  }

  counts(): RecordCounts {
    return this.#records.counts();
  }

  close(): Promise<void> {
    return this.#records.close();
  }
}

/** Records of which nothing is left. */
class Nowhere implements Records {
  async expose(): Promise<void> {}
  async request(): Promise<undefined> {}
  async outcome({ length }: readonly NewOutcome[]): Promise<Recorded> {
    return { added: length, known: 0, unattributed: 0 };
  }
  async rotate(): Promise<void> {}
  counts(): RecordCounts {
    const none = { exposures: 0, knownExposures: 0, added: 0, known: 0, unattributed: 0 };
    return { ...none, torn: 0, rotated: 0, rotationsFailed: 0 };
  }
  async close(): Promise<void> {}
}
