import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SPLITS, type Split } from "../../src/dataset/dataset.ts";
import { PROTOCOLS } from "../../src/dataset/manifest.ts";
import { trainingBehaviours } from "../../src/dataset/negatives.ts";
import { type BehaviourLog, behaviourSequences } from "../../src/importers/behaviours.ts";
import { type Negatives, negatives } from "../../src/importers/options.ts";
import { type SampleOptions, sampleBehaviours } from "../../src/importers/protocols.ts";

/** Small logs, full of equal times, repeated items and duplicates. */
const logs: fc.Arbitrary<BehaviourLog> = fc
  .record({
    users: fc.integer({ min: 1, max: 30 }),
    items: fc.integer({ min: 1, max: 12 }),
    rows: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.integer({ min: -3, max: 3 })), { maxLength: 150 }),
  })
  .map(({ users, items, rows }) => ({
    users: Array.from({ length: users }, (_, i) => `user ${i}`),
    items: Array.from({ length: items }, (_, i) => `item ${i}`),
    user: rows.map(([user]) => user % users),
    item: rows.map(([, item]) => item % items),
    time: rows.map(([, , time]) => time),
  }));

/** What `behaviourSequences` must give, the slow way: [user, [item, time][]] of users with two behaviours or more. */
function slowSequences(log: BehaviourLog) {
  return log.users
    .map((name, u) => {
      const own = log.user
        .map((user, i) => ({ user, item: log.items[log.item[i]], time: log.time[i] }))
        .filter(({ user }) => user === u)
        .sort((a, b) => a.time - b.time);
      const kept = own.filter((one, i) => own.findIndex((o) => o.item === one.item && o.time === one.time) === i);
      return { name, own: own.length, kept };
    })
    .filter(({ own }) => own > 0);
}

function namedLog(rows: readonly (readonly [user: string, item: string, time: number])[]): BehaviourLog {
  const users = [...new Set(rows.map(([user]) => user))];
  const items = [...new Set(rows.map(([, item]) => item))];
  return {
    users,
    items,
    user: rows.map(([user]) => users.indexOf(user)),
    item: rows.map(([, item]) => items.indexOf(item)),
    time: rows.map(([, , time]) => time),
  };
}

/** Sequences as names: "user: item item ...". */
function described({ users, offsets, items, catalogue }: Awaited<ReturnType<typeof behaviourSequences>>): string[] {
  return users.map((user, s) => {
    const own = [...items.subarray(offsets[s], offsets[s + 1])];
    return `${user}: ${own.map((row) => catalogue[row]).join(" ")}`;
  });
}

describe("behaviourSequences", () => {
  test("agrees with a slow version", async () => {
    await fc.assert(
      fc.asyncProperty(logs, async (log) => {
        const slow = slowSequences(log);
        const sequences = await behaviourSequences(log);
        const many = slow.filter(({ kept }) => kept.length >= 2);
        expect(described(sequences)).toEqual(
          many.map(({ name, kept }) => `${name}: ${kept.map((k) => k.item).join(" ")}`),
        );
        expect([...sequences.times]).toEqual(many.flatMap(({ kept }) => kept.map((k) => k.time)));
        expect(sequences.usersWithOne).toBe(slow.filter(({ kept }) => kept.length === 1).length);
        expect(sequences.duplicates).toBe(slow.reduce((sum, { own, kept }) => sum + own - kept.length, 0));
        const named = new Set(many.flatMap(({ kept }) => kept.map((k) => k.item)));
        expect(sequences.catalogue[0]).toBeNull();
        expect(sequences.catalogue.slice(1).sort()).toEqual([...named].sort());
      }),
    );
  });

  test("orders by time, and equal times as the log does", async () => {
    const log = namedLog([
      ["u", "late", 9],
      ["u", "first of two", 5],
      ["u", "second of two", 5],
      ["u", "early", 1],
    ]);
    expect(described(await behaviourSequences(log))).toEqual(["u: early first of two second of two late"]);
  });

  test("keeps one of two equal behaviours, and both where the times differ", async () => {
    const log = namedLog([
      ["u", "a", 1],
      ["u", "b", 1],
      ["u", "a", 1],
      ["u", "a", 2],
    ]);
    const sequences = await behaviourSequences(log);
    expect(described(sequences)).toEqual(["u: a b a"]);
    expect(sequences.duplicates).toBe(1);
  });

  test("leaves out users with one behaviour, and the items that only they had", async () => {
    const log = namedLog([
      ["lone", "rare", 1],
      ["u", "a", 1],
      ["twice the same", "b", 1],
      ["twice the same", "b", 1],
      ["u", "b", 2],
    ]);
    const sequences = await behaviourSequences(log);
    expect(described(sequences)).toEqual(["u: a b"]);
    expect(sequences.catalogue).toEqual([null, "a", "b"]);
    expect([sequences.usersWithOne, sequences.duplicates]).toEqual([2, 1]);
  });
});

const strict = (protocol: SampleOptions["protocol"], seed: number): SampleOptions => ({
  protocol,
  negatives: "strict",
  seed,
  maxHistory: 100,
});

describe("sampleBehaviours", () => {
  const settings = fc.record({
    log: logs,
    maxHistory: fc.constantFrom(1, 3, 100),
    protocol: fc.constantFrom(...PROTOCOLS),
    negatives: fc.constantFrom(...negatives.options),
    seed: fc.nat(),
  });

  test("gives each positive a negative of the same history, from the same part of the log", async () => {
    await fc.assert(
      fc.asyncProperty(settings, async ({ log, ...options }) => {
        const { protocol, negatives, maxHistory } = options;
        const sequences = await behaviourSequences(log);
        const { users, offsets, items } = sequences;
        const { training, samples, returns } = await sampleBehaviours(sequences, options);
        const popular = [...trainingBehaviours(sequences, training)];
        const sequenceOf = (s: number) => [...items.subarray(offsets[s], offsets[s + 1])];
        const isReturn = (item: number, place: number, whole: readonly number[]) =>
          whole.slice(0, place).slice(-maxHistory).includes(item);
        /** Those of a user that others' negatives may be. */
        const offeredOf = (s: number) =>
          sequenceOf(s).map((...at) => (negatives === "strict" && isReturn(...at) ? [] : [at[0]]));
        /** The items of a split's part of the log: under `paper` of its users, else of a place. */
        const partOf = (split: Split) => {
          if (split === "train") return popular;
          if (protocol === "paper") return [...new Set(samples[split].sequence)].flatMap((s) => offeredOf(s).flat());
          return users.flatMap((_, s) => offeredOf(s).at(split === "test" ? -1 : -2) ?? []);
        };
        const made = new Set<string>();
        for (const split of SPLITS) {
          const { label, sequence, position, item } = samples[split];
          const pool = partOf(split);
          for (let i = 0; i < sequence.length; i += 2) {
            made.add(`${sequence[i]} ${position[i]}`);
            expect([label[i], label[i + 1]]).toEqual([1, 0]);
            expect([sequence[i + 1], position[i + 1]]).toEqual([sequence[i], position[i]]);
            expect(position[i]).toBeGreaterThanOrEqual(1);
            const whole = sequenceOf(sequence[i]);
            expect(item[i]).toBe(whole[position[i]]);
            const history = whole.slice(0, position[i]).slice(-maxHistory);
            if (negatives === "strict" && history.includes(item[i])) {
              expect(item[i + 1]).not.toBe(item[i]);
              expect(history).toContain(item[i + 1]);
              continue;
            }
            const own = new Set(negatives === "strict" ? whole : []);
            const isLegal = (row: number) => row !== item[i] && !own.has(row);
            // Where the user has nearly all of it, the attempts may run out: see negatives.ts.
            const isAmple = (items: readonly number[]) => items.filter(isLegal).length * 4 > items.length;
            if (isAmple(pool) || isAmple(popular)) expect(isLegal(item[i + 1])).toBe(true);
            // Under `paper` a user whose positive is left out is of a split that cannot be told from here.
            if (returns > 0 && protocol === "paper") continue;
            if (isAmple(pool)) expect(pool).toContain(item[i + 1]);
            else expect([...pool, ...popular, item[i], 0]).toContain(item[i + 1]);
          }
        }
        const leftOut = users.flatMap((_, s) =>
          sequenceOf(s).filter((item, place, whole) => {
            const history = whole.slice(0, place).slice(-maxHistory);
            const isPositive = protocol === "paper" ? place === whole.length - 1 : place > 0;
            const isAlone = history.length > 0 && history.every((other) => other === item);
            const isLeft = negatives === "strict" && isPositive && isAlone;
            expect(made.has(`${s} ${place}`)).toBe(isPositive && !isLeft);
            return isLeft;
          }),
        );
        expect(returns).toBe(leftOut.length);
        expect(await sampleBehaviours(sequences, options)).toEqual({ training, samples, returns });
      }),
    );
  });

  test("the negative of a return is the item of any other behaviour of the history alike", async () => {
    // Everybody returns to "a" from a, b, b, c.
    const rows = Array.from({ length: 3000 }, (_, u) =>
      ["a", "b", "b", "c", "a"].map((item, t) => [`u${u}`, item, t] as const),
    ).flat();
    const sequences = await behaviourSequences(namedLog(rows));
    const { item, label, position } = (await sampleBehaviours(sequences, strict("temporal", 7))).samples.test;
    const negatives = [...item].filter((_, i) => label[i] === 0 && position[i] === 4);
    const share = (name: string) =>
      negatives.filter((row) => sequences.catalogue[row] === name).length / negatives.length;
    expect(negatives).toHaveLength(3000);
    expect(share("a")).toBe(0);
    // Four standard deviations.
    expect(Math.abs(share("b") - 2 / 3)).toBeLessThan(0.035);
  });

  test("an item of the user's own may be a negative under released, and not under strict", async () => {
    const rows = ["u", "v"].flatMap((user) => ["a", "b", "c", "d", "e"].map((item, t) => [user, item, t] as const));
    const sequences = await behaviourSequences(
      namedLog([...rows, ...[0, 1, 2, 3, 4].map((t) => ["w", "x", t] as const)]),
    );
    const own = async (rule: Negatives) => {
      const { offsets, items } = sequences;
      const { item, label, sequence } = (
        await sampleBehaviours(sequences, { ...strict("temporal", 0), negatives: rule })
      ).samples.train;
      return [...item].filter((row, i) => {
        const whole = items.subarray(offsets[sequence[i]], offsets[sequence[i] + 1]);
        return label[i] === 0 && whole.includes(row);
      }).length;
    };
    expect(await own("strict")).toBe(0);
    expect(await own("released")).toBeGreaterThan(0);
  });

  test("paper: one positive a user, the last behaviour; each user in one split; train users alone are learned from", async () => {
    await fc.assert(
      fc.asyncProperty(logs, fc.nat(), async (log, seed) => {
        const sequences = await behaviourSequences(log);
        const { users, offsets } = sequences;
        const options = { ...strict("paper", seed), negatives: "released" } as const;
        const { training, samples } = await sampleBehaviours(sequences, options);
        const seen = SPLITS.flatMap((split) => [...samples[split].sequence]);
        expect(seen.sort((a, b) => a - b)).toEqual(users.flatMap((_, s) => [s, s]));
        const train = new Set(samples.train.sequence);
        users.forEach((_, s) => {
          expect(training[s]).toBe(train.has(s) ? offsets[s + 1] - offsets[s] : 0);
        });
        for (const split of SPLITS) {
          const { sequence, position } = samples[split];
          expect([...position]).toEqual([...sequence].map((s) => offsets[s + 1] - offsets[s] - 1));
        }
      }),
    );
  });

  test("paper: about 81 % of users train, 9 % validate, 10 % test, by name and seed and not by order", async () => {
    const log = (users: readonly string[]) =>
      behaviourSequences(namedLog(users.flatMap((user) => [[user, "a", 1] as const, [user, "b", 2] as const])));
    const names = Array.from({ length: 5000 }, (_, i) => `A${1e6 + i}`);
    const splitOf = async (users: readonly string[], seed: number) => {
      const sequences = await log(users);
      const { samples } = await sampleBehaviours(sequences, strict("paper", seed));
      return new Map(SPLITS.flatMap((split) => [...samples[split].sequence].map((s) => [sequences.users[s], split])));
    };
    const splits = await splitOf(names, 0);
    const share = (split: string) => [...splits.values()].filter((one) => one === split).length / names.length;
    expect(Math.abs(share("train") - 0.81)).toBeLessThan(0.02);
    expect(Math.abs(share("valid") - 0.09)).toBeLessThan(0.015);
    expect(Math.abs(share("test") - 0.1)).toBeLessThan(0.015);
    const backwards = await splitOf(names.toReversed(), 0);
    expect(names.filter((name) => backwards.get(name) !== splits.get(name))).toEqual([]);
    const otherwise = await splitOf(names, 1);
    expect(names.filter((name) => otherwise.get(name) !== splits.get(name)).length).toBeGreaterThan(1000);
  });

  test("temporal: the last behaviour is test, the one before validation, those before them train", async () => {
    const rows = ["two", "three", "five"].flatMap((user, i) =>
      Array.from({ length: [2, 3, 5][i] }, (_, t) => [user, `${user} ${t}`, t] as const),
    );
    const sequences = await behaviourSequences(namedLog(rows));
    const { training, samples } = await sampleBehaviours(sequences, strict("temporal", 0));
    const positives = (split: (typeof SPLITS)[number]) =>
      [...samples[split].item].filter((_, i) => samples[split].label[i] === 1).map((row) => sequences.catalogue[row]);
    expect(positives("train")).toEqual(["five 1", "five 2"]);
    expect(positives("valid")).toEqual(["three 1", "five 3"]);
    expect(positives("test")).toEqual(["two 1", "three 2", "five 4"]);
    expect([...training]).toEqual([0, 1, 3]);
  });
});
