/** `memory:`: records that end with the process, for tests and trials. */
import { compareTexts, type StoredEvent } from "./event.ts";
import { type Change, growth, type StoreSize, type UserRecord, type UserRecords } from "./records.ts";

export class MemoryRecords implements UserRecords {
  readonly #users = new Map<string, readonly StoredEvent[]>();
  #events = 0;

  async read(users: readonly string[]): Promise<UserRecord[]> {
    return users.map((user) => ({ events: this.#users.get(user) ?? [] }));
  }

  async write(changes: readonly Change[]): Promise<boolean> {
    this.#events += growth(changes).events;
    for (const { user, after } of changes) {
      if (after.length > 0) this.#users.set(user, after);
      else this.#users.delete(user);
    }
    return true;
  }

  async *all(): AsyncIterable<readonly StoredEvent[]> {
    for (const user of [...this.#users.keys()].sort(compareTexts)) {
      const events = this.#users.get(user);
      if (events !== undefined) yield events;
    }
  }

  async size(): Promise<StoreSize> {
    return { users: this.#users.size, events: this.#events };
  }

  async compact(): Promise<void> {}
  async check(): Promise<void> {}
  async close(): Promise<void> {}
}
