/**
 * Behaviours in the order of a log to sequences of users in order of time.
 */
import type { Sequences } from "../dataset/dataset.ts";
import { turn } from "../interruption.ts";

/** A log by column: who (0 .. users-1) did something with what (0 .. items-1), and when. */
export interface BehaviourLog {
  readonly users: readonly string[];
  readonly items: readonly string[];
  readonly user: readonly number[];
  readonly item: readonly number[];
  readonly time: readonly number[];
}

export interface BehaviourSequences extends Sequences {
  readonly users: readonly string[];
  readonly times: Float64Array;
  /** The item of each catalogue row; row 0, the unknown item, is null. */
  readonly catalogue: readonly (string | null)[];
  /** Behaviours left out for being there twice, and users (with their behaviour) for having no other. */
  readonly duplicates: number;
  readonly usersWithOne: number;
}

/** Users between two turns of the event loop. */
export const USERS_PER_TURN = 4096;

/**
 * Users and catalogue rows in order of first appearance. Behaviours are ordered by time; equal times keep the order of
 * the log. The same user, item and time is one behaviour; the same item at another time is another. Users with a single
 * behaviour have nothing to predict from: they are left out, and so are items that nobody else had.
 */
export async function behaviourSequences(log: BehaviourLog): Promise<BehaviourSequences> {
  const { user, item, time } = log;
  const first = new Int32Array(log.users.length + 1);
  for (const u of user) first[u + 1]++;
  for (let u = 0; u < log.users.length; u++) first[u + 1] += first[u];
  const order = new Int32Array(user.length);
  const next = first.slice();
  for (let i = 0; i < user.length; i++) order[next[user[i]]++] = i;

  const rowOf = new Int32Array(log.items.length);
  /** Where each item was put last. */
  const latest = new Int32Array(log.items.length).fill(-1);
  const catalogue: (string | null)[] = [null];
  const users: string[] = [];
  const offsets = [0];
  const items = new Int32Array(user.length);
  const times = new Float64Array(user.length);
  let usersWithOne = 0;
  let duplicates = 0;
  let kept = 0;
  for (let u = 0; u < log.users.length; u++) {
    if ((u + 1) % USERS_PER_TURN === 0) await turn();
    const own = order.subarray(first[u], first[u + 1]).sort((a, b) => time[a] - time[b]);
    const begin = kept;
    for (const i of own) {
      const twin = latest[item[i]];
      if (twin >= begin && twin < kept && items[twin] === item[i] && times[twin] === time[i]) {
        duplicates++;
        continue;
      }
      latest[item[i]] = kept;
      items[kept] = item[i];
      times[kept] = time[i];
      kept++;
    }
    if (kept - begin < 2) {
      usersWithOne += kept - begin;
      kept = begin;
      continue;
    }
    users.push(log.users[u]);
    offsets.push(kept);
  }
  for (let i = 0; i < kept; i++) {
    const from = items[i];
    if (rowOf[from] === 0) {
      rowOf[from] = catalogue.length;
      catalogue.push(log.items[from]);
    }
    items[i] = rowOf[from];
  }
  return {
    users,
    offsets: Int32Array.from(offsets),
    items: items.slice(0, kept),
    times: times.slice(0, kept),
    catalogue,
    duplicates,
    usersWithOne,
  };
}
