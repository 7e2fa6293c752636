/** What every store does, whatever it lies in; random calls of it are compared with a plain model. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { isFailure } from "../../src/errors/failure.ts";
import { identified, type StoredEvent } from "../../src/store/event.ts";
import type { HistoryQuery } from "../../src/store/history.ts";
import type { BehaviourStore } from "../../src/store/store.ts";

/** How the store of a test is opened: an empty one, and the same one once more after it was closed. */
export interface Opener {
  fresh(most: number): Promise<BehaviourStore>;
  /** What a store that lasts gives again. */
  again?(most: number): Promise<BehaviourStore>;
}

const event = (id: string, time: number, item: StoredEvent["item"] = `i${time}`, user = "u1"): StoredEvent => ({
  id,
  user,
  time,
  item,
});

/** A store as nobody would write it: all events in one list. */
class PlainStore {
  readonly #most: number;
  #events: StoredEvent[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  append(events: readonly StoredEvent[]) {
    const before = this.#events.length;
    let known = 0;
    for (const one of events) {
      if (this.#events.some(({ id, user }) => id === one.id && user === one.user)) known++;
      else this.#events.push(one);
    }
    const added = this.#events.length - before;
    this.#events = this.users().flatMap((user) => this.of(user).slice(-this.#most));
    return { added, known, dropped: before + added - this.#events.length };
  }

  erase(user: string) {
    const { length } = this.of(user);
    this.#events = this.#events.filter((one) => one.user !== user);
    return length;
  }

  users() {
    const names = [...new Set(this.#events.map(({ user }) => user))];
    return names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }

  of(user: string) {
    const key = ({ item, type = "", id }: StoredEvent) =>
      [typeof item === "string" ? item : JSON.stringify(item), type, id].map((text) => Buffer.from(text));
    return this.#events
      .filter((one) => one.user === user)
      .sort((a, b) => {
        const [of, other] = [key(a), key(b)];
        const differing = of.findIndex((text, i) => !text.equals(other[i]));
        return a.time - b.time || (differing < 0 ? 0 : Buffer.compare(of[differing], other[differing]));
      });
  }

  history(user: string, { most, since = -Infinity, before = Infinity, types }: HistoryQuery) {
    const all = this.of(user).filter(
      ({ time, type }) => time >= since && time < before && (types === undefined || types.includes(type ?? "")),
    );
    const oldest = all.at(-most)?.time ?? -Infinity;
    return most === 0 ? [] : all.filter(({ time }) => time >= oldest);
  }
}

const user = fc.constantFrom("u1", "u2", "Zoë", "z", "\u{1f600}", "\uffff");
const storedEvent = fc.record(
  {
    id: fc.constantFrom(..."abcdefghijklmnop"),
    user,
    time: fc.integer({ min: -2, max: 6 }),
    item: fc.oneof(fc.constantFrom("i1", "i2", 'i"3', "é"), fc.record({ category: fc.constantFrom("a", "b") })),
    type: fc.constantFrom("view", "buy"),
  },
  { requiredKeys: ["id", "user", "time", "item"] },
) as fc.Arbitrary<StoredEvent>;
const moment = fc.option(fc.integer({ min: -3, max: 7 }), { nil: undefined });
const query = fc.record({
  most: fc.integer({ min: 0, max: 6 }),
  since: moment,
  before: moment,
  types: fc.option(fc.subarray(["view", "buy"]), { nil: undefined }),
});
const call = fc.oneof(
  { weight: 6, arbitrary: fc.record({ append: fc.array(storedEvent, { maxLength: 12 }) }) },
  { weight: 3, arbitrary: fc.record({ history: user, query }) },
  { weight: 1, arbitrary: fc.record({ erase: user }) },
  { weight: 1, arbitrary: fc.constantFrom({ reopen: true }, { compact: true }) },
);

async function everything(store: BehaviourStore) {
  const all: StoredEvent[][] = [];
  for await (const events of store.all()) all.push([...events]);
  return all;
}

/** The cases, for the `describe` of a store. */
export function behavesAsStore(opener: Opener, runs: number): void {
  it("is as a plain list of events, whatever is asked of it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 6 }), fc.array(call, { maxLength: 12 }), async (most, calls) => {
        let store = await opener.fresh(most);
        try {
          const plain = new PlainStore(most);
          for (const one of calls) {
            if ("append" in one) expect(await store.append(one.append)).toEqual(plain.append(one.append));
            else if ("erase" in one) expect(await store.erase(one.erase)).toBe(plain.erase(one.erase));
            else if ("query" in one) {
              expect(await store.history(one.history, one.query)).toEqual(plain.history(one.history, one.query));
            } else if ("compact" in one) await store.compact();
            else if (opener.again) {
              await store.close();
              store = await opener.again(most);
            }
          }
          const left = plain.users().map((name) => plain.of(name));
          expect(await everything(store)).toEqual(left);
          expect(await store.size()).toMatchObject({ users: left.length, events: left.flat().length });
        } finally {
          await store.close();
        }
      }),
      { numRuns: runs },
    );
  });

  it("has the same history whatever the order and the repetition of its events", async () => {
    const events = Array.from({ length: 9 }, (_, i) => event(`e${i}`, Math.floor(i / 3), `i${8 - i}`));
    const inOrder = await opener.fresh(6);
    await inOrder.append(events);
    const expected = await inOrder.history("u1", { most: 9 });
    await inOrder.close();
    expect(expected.map(({ item }) => item)).toEqual(["i3", "i4", "i5", "i0", "i1", "i2"]);
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(events, { minLength: 9 }),
        fc.shuffledSubarray(events),
        async (all, twice) => {
          const store = await opener.fresh(6);
          for (const one of [...all, ...twice]) await store.append([one]);
          expect(await store.history("u1", { most: 9 })).toEqual(expected);
          await store.close();
        },
      ),
      { numRuns: Math.ceil(runs / 4) },
    );
  });

  it("serves callers at once as one after the other", async () => {
    const store = await opener.fresh(1000);
    const added = await Promise.all(
      Array.from({ length: 200 }, (_, i) => store.append([event(`e${i % 150}`, i % 150, "i", `u${i % 7}`)])),
    );
    const erased = store.erase("u3");
    const after = store.append([event("new", 5, "i", "u3")]);
    expect(await erased).toBeGreaterThan(0);
    expect(await after).toEqual({ added: 1, known: 0, dropped: 0 });
    expect(await store.history("u3", { most: 9 })).toEqual([event("new", 5, "i", "u3")]);
    expect(added.reduce((sum, one) => sum + one.added + one.known, 0)).toBe(200);
    const { users, events } = await store.size();
    expect({ users, events }).toEqual({ users: 7, events: (await everything(store)).flat().length });
    await store.close();
  });

  it("knows an event without an id of its own by what it says", async () => {
    const store = await opener.fresh(10);
    const said = { user: "u1", time: 5, item: "i1" };
    const events = [
      said,
      said,
      { ...said, time: 6 },
      { ...said, item: "i2" },
      { ...said, type: "buy" },
      { ...said, user: "u2" },
    ];
    expect(await store.append(events.map(identified))).toEqual({ added: 5, known: 1, dropped: 0 });
    await store.close();
  });

  it("refuses what is no event, whole, and changes nothing", async () => {
    const store = await opener.fresh(10);
    const good = event("a", 1);
    const bad: [Partial<Record<keyof StoredEvent, unknown>>, string][] = [
      [{ user: "" }, "events.1.user"],
      [{ user: "a\0b" }, "events.1.user"],
      [{ user: "\ud800" }, "events.1.user"],
      [{ id: "x".repeat(1001) }, "events.1.id"],
      [{ time: 1.5 }, "events.1.time"],
      [{ time: Number.NaN }, "events.1.time"],
      [{ item: 3 }, "events.1.item"],
      [{ item: { price: 3 } }, "events.1.item"],
      [{ type: "" }, "events.1.type"],
    ];
    for (const [part, field] of bad) {
      const error = await store.append([good, { ...good, ...part } as StoredEvent]).catch((error: unknown) => error);
      expect(isFailure(error, "request.invalid") && error.values.field, JSON.stringify(part)).toBe(field);
    }
    expect(await store.size()).toMatchObject({ users: 0, events: 0 });
    await store.close();
  });

  it("refuses to work when it is closed, and waits for what is under way", async () => {
    const store = await opener.fresh(10);
    const under = store.append([event("a", 1)]);
    const closed = store.close();
    expect(await under).toEqual({ added: 1, known: 0, dropped: 0 });
    await closed;
    await store.close();
    for (const work of [store.append([event("b", 2)]), store.history("u1", { most: 1 }), store.check(), store.size()]) {
      await expect(work).rejects.toMatchObject({ code: "store.unavailable" });
    }
    if (opener.again === undefined) return;
    const again = await opener.again(10);
    expect(await again.history("u1", { most: 9 })).toEqual([event("a", 1)]);
    await again.close();
  });
}
