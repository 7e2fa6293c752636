/** Events that clients post while something happens to a server, and what must be there of them afterwards. */
import type { DienClient, EventsBody } from "dien/client";
import type { Chance } from "./faults.ts";

type Events = EventsBody["events"];

export interface PostedReport {
  /** Events whose request was answered. */
  readonly acknowledged: number;
  /** Requests without an answer, or refused. */
  readonly unanswered: number;
  /** Acknowledged events that are not there. */
  readonly lost: number;
  /** Events that are there twice, and events that nobody posted. */
  readonly wrong: number;
  /** Unanswered requests of which a part is there. */
  readonly torn: number;
}

export const NOTHING: PostedReport = { acknowledged: 0, unanswered: 0, lost: 0, wrong: 0, torn: 0 };

const USERS = 10;
const MOST_EVENTS = 5;

export class Posted {
  readonly answered: Events[] = [];
  readonly unanswered: Events[] = [];
  readonly #round: number;
  readonly #chance: Chance;
  #count = 0;

  /** @param round no two rounds have a user in common */
  constructor(round: number, chance: Chance) {
    this.#round = round;
    this.#chance = chance;
  }

  userOf(number: number): string {
    return `u${this.#round}-${number}`;
  }

  /** Posts a few events of a few users, at times in any order. @throws what the client does */
  async post(client: DienClient): Promise<void> {
    const chance = this.#chance;
    const events = Array.from({ length: 1 + chance.below(MOST_EVENTS) }, () => ({
      id: `e${this.#count++}`,
      user: this.userOf(chance.below(USERS)),
      item: `B${chance.below(100)}`,
      time: 1_700_000_000 + chance.below(1_000_000),
    }));
    try {
      await client.events(events);
      this.answered.push(events);
    } catch (error) {
      this.unanswered.push(events);
      throw error;
    }
  }

  /** Adds to a report what a server has of all that was posted. */
  async compare(client: DienClient, before: PostedReport): Promise<PostedReport> {
    const found = new Map<string, number>();
    for (let user = 0; user < USERS; user++) {
      const { behaviours } = await client.history(this.userOf(user), { most: 10_000 });
      for (const { id } of behaviours) found.set(id, (found.get(id) ?? 0) + 1);
    }
    const { answered, unanswered } = this;
    const posted = new Set([...answered, ...unanswered].flat().map(({ id }) => `${id}`));
    const there = (events: Events) => events.filter(({ id }) => found.has(`${id}`)).length;
    const sum = (counts: readonly number[]) => counts.reduce((all, count) => all + count, 0);
    return {
      acknowledged: before.acknowledged + sum(answered.map(({ length }) => length)),
      unanswered: before.unanswered + unanswered.length,
      lost: before.lost + sum(answered.map((events) => events.length - there(events))),
      wrong: before.wrong + [...found].filter(([id, often]) => often > 1 || !posted.has(id)).length,
      torn: before.torn + unanswered.filter((events) => there(events) % events.length !== 0).length,
    };
  }
}
