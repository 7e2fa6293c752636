/**
 * Where the records of users lie, and how they are written down. A record is all that is kept of one user: so a history
 * is one reading, what is erased is one key, and a write of several users is one write.
 */
import type { StoredEvent } from "./event.ts";

/** What is kept of a user; of a user of whom nothing is, no behaviours. */
export interface UserRecord {
  readonly events: readonly StoredEvent[];
  /** Of stores that others write to: changes with every write. */
  readonly revision?: number;
}

/** A record, and what is to take its place; without behaviours, nothing. */
export interface Change {
  readonly user: string;
  readonly before: UserRecord;
  readonly after: readonly StoredEvent[];
}

/** How much a store holds. */
export interface StoreSize {
  readonly users: number;
  readonly events: number;
  /** Where it lies, if that is known. */
  readonly bytes?: number;
}

/** Each throws UserError where the place cannot be reached, or holds what it should not. */
export interface UserRecords {
  /** Of each user. */
  read(users: readonly string[]): Promise<readonly UserRecord[]>;
  /**
   * Writes all changes or none; they are durable when it resolves. False, and nothing is written, where somebody else has
   * changed a record since it was read.
   */
  write(changes: readonly Change[]): Promise<boolean>;
  /** Everything, a user at a time, in the order of the bytes of their names. */
  all(): AsyncIterable<readonly StoredEvent[]>;
  size(): Promise<StoreSize>;
  compact(): Promise<void>;
  check(): Promise<void>;
  close(): Promise<void>;
}

/** How many users and events there are more. */
export function growth(changes: readonly Change[]): { users: number; events: number } {
  const [users, events] = [
    (all: readonly unknown[]) => Math.min(1, all.length),
    (all: readonly unknown[]) => all.length,
  ];
  const sum = (of: typeof users) => changes.reduce((sum, { before, after }) => sum + of(after) - of(before.events), 0);
  return { users: sum(users), events: sum(events) };
}

/** The behaviours of a user as a text. */
export function eventsText(events: readonly StoredEvent[]): string {
  return JSON.stringify(
    events.map(({ time, id, item, type }) => (type === undefined ? [time, id, item] : [time, id, item, type])),
  );
}

/** What `eventsText` wrote of a user. */
export function parseEvents(user: string, text: string): StoredEvent[] {
  const rows: [time: number, id: string, item: StoredEvent["item"], type?: string][] = JSON.parse(text);
  return rows.map(([time, id, item, type]) => ({ id, user, time, item, ...(type !== undefined && { type }) }));
}
