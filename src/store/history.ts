/**
 * The behaviours of one user, oldest first: how more of them are added, and which of them a request asks for. Every store
 * goes by these two functions, so the same events end in the same history wherever they lie and however they came.
 */
import { compareEvents, type StoredEvent } from "./event.ts";

/** What became of behaviours that were to be added. */
export interface Added {
  /** How many were new. */
  readonly added: number;
  /** How many were left alone, for their ids were there. */
  readonly known: number;
  /** How many fell out, new or old: the oldest, where a user had more than are kept. */
  readonly dropped: number;
}

/** A history with `events` of the same user added, of which the latest `most` are kept. */
export function withEvents(
  history: readonly StoredEvent[],
  events: readonly StoredEvent[],
  most: number,
): Added & { readonly history: readonly StoredEvent[] } {
  const ids = new Set(history.map(({ id }) => id));
  const all = [...history];
  for (const event of events) {
    if (ids.has(event.id)) continue;
    ids.add(event.id);
    all.push(event);
  }
  const added = all.length - history.length;
  const known = events.length - added;
  if (added === 0 && all.length <= most) return { history, added, known, dropped: 0 };
  all.sort(compareEvents);
  const dropped = Math.max(0, all.length - most);
  return { history: all.slice(dropped), added, known, dropped };
}

/** Which behaviours of a user are asked for. */
export interface HistoryQuery {
  /** So many at least, if there are; and with the oldest of them those of the same time, which a model has an order for. */
  readonly most: number;
  /** Milliseconds since 1970: none that was earlier. */
  readonly since?: number | undefined;
  /** Milliseconds since 1970: only what was before. */
  readonly before?: number | undefined;
  /** Only those of one of these types. */
  readonly types?: readonly string[] | undefined;
}

/** The latest behaviours of a history that a query asks for, oldest first. */
export function latest(history: readonly StoredEvent[], { most, since, before, types }: HistoryQuery): StoredEvent[] {
  const chosen: StoredEvent[] = [];
  for (let i = history.length - 1; i >= 0; i--) {
    const event = history[i];
    if (before !== undefined && event.time >= before) continue;
    if (since !== undefined && event.time < since) break;
    if (chosen.length >= most && (most === 0 || event.time < chosen[chosen.length - 1].time)) break;
    if (types !== undefined && (event.type === undefined || !types.includes(event.type))) continue;
    chosen.push(event);
  }
  return chosen.reverse();
}
