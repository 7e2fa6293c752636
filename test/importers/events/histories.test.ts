import fc from "fast-check";
import { expect, test } from "vitest";
import { Marks } from "../../../src/dataset/marks.ts";
import { HistoryWalk, type SampleRule, type UserRows } from "../../../src/importers/events/log/histories.ts";
import { UnclickedWalk } from "../../../src/importers/events/log/unclicked.ts";

type Row = [time: number, item: number, label: number, behaviour: number];

/** A user's rows of [time, item, label or -1, behaviour]. */
function log(...rows: Row[]): UserRows {
  const column = (index: number) => Int32Array.from(rows, (row) => row[index]);
  return {
    sequence: 0,
    from: 0,
    to: rows.length,
    begins: true,
    ends: true,
    time: Float64Array.from(rows, ([time]) => time),
    item: column(1),
    label: column(2),
    behaviour: column(3),
  };
}

/** The same rows in parts of at most `most`. */
function partsOf(user: UserRows, most: number): UserRows[] {
  return Array.from({ length: Math.max(1, Math.ceil(user.to / most)) }, (_, i) => {
    const [from, to] = [i * most, Math.min(user.to, (i + 1) * most)];
    return { ...user, from, to, begins: from === 0, ends: to === user.to };
  });
}

function samplesOf(parts: readonly UserRows[], how: SampleRule, walk = new HistoryWalk(how)) {
  const [{ item, time, behaviour }] = parts;
  const items: number[] = [];
  const times: number[] = [];
  let training = 0;
  const samples: { row: number; split: string; position: number; length: number; place: number }[] = [];
  const shown: number[][] = [];
  const leftOut: number[] = [];
  for (const part of parts) {
    walk.take(
      part,
      behaviour.reduce((sum, flag) => sum + flag, 0),
      {
        sample(row, split, position, { items, from, to }, place) {
          samples.push({ row, split, position, length: to - from, place });
          shown.push([...items.subarray(from, to)]);
        },
        leftOut(row) {
          leftOut.push(row);
        },
        behaviour(row, part) {
          const learned = part === "train";
          expect(learned).toBe(learned && training === items.length);
          items.push(item[row]);
          times.push(time[row]);
          if (learned) training++;
        },
      },
    );
  }
  return { items, times, training, samples, shown, leftOut };
}

/** What is shown beyond a part is looked up, as the database would do. */
function unclickedOf(parts: readonly UserRows[], walk = new UnclickedWalk()): number[] {
  const unclicked: number[] = [];
  for (const part of parts) {
    const { item, label, time } = part;
    const last = time[part.to - 1];
    const shown = [...item.keys()].filter((row) => label[row] === 0 && time[row] === last).map((row) => item[row]);
    const [greatest = 0, next = 0] = [...new Set(shown)].sort((a, b) => b - a);
    const found = new Int32Array(part.to);
    walk.take(part, [greatest, next], found);
    for (let row = part.from; row < part.to; row++) if (part.behaviour[row] === 1) unclicked.push(found[row]);
  }
  return unclicked;
}

const rule: SampleRule = { split: { validFrom: 100, testFrom: 200 }, maxHistory: 3, window: null };
const brief = (user: UserRows, how = rule) =>
  samplesOf([user], how).samples.map(({ row, split, position, length }) => [row, split, position, length]);

test("a history holds what was strictly before, the latest so many", () => {
  const user = log(
    [1, 7, -1, 1],
    [2, 8, -1, 1],
    [2, 9, 0, 0],
    [3, 9, 1, 1],
    [4, 7, -1, 1],
    [5, 7, -1, 1],
    [6, 9, 0, 0],
  );
  expect(samplesOf([user], rule)).toMatchObject({ items: [7, 8, 9, 7, 7], times: [1, 2, 3, 4, 5], training: 5 });
  expect(brief(user)).toEqual([
    [2, "train", 1, 1], // not the behaviour of the same time
    [3, "train", 2, 2], // not its own click
    [6, "train", 5, 3],
  ]);
});

test("a history goes back as far as the window, and no further", () => {
  const user = log([10, 7, -1, 1], [20, 7, -1, 1], [30, 7, 0, 0], [31, 7, 0, 0], [41, 7, 0, 0]);
  expect(brief(user, { ...rule, window: 20 })).toEqual([
    [2, "train", 2, 2],
    [3, "train", 2, 1],
    [4, "train", 2, 0],
  ]);
});

test("splits begin at their times, and so does what is no training part", () => {
  const user = log([99, 7, 1, 1], [100, 7, 1, 1], [199, 7, 0, 0], [200, 7, 1, 1]);
  expect(brief(user).map(([, split]) => split)).toEqual(["train", "valid", "valid", "test"]);
  expect(samplesOf([user], rule).training).toBe(1);
});

test("a user without behaviours has empty histories", () => {
  const user = log([5, 7, 0, 0]);
  expect(samplesOf([user], rule)).toMatchObject({ items: [], training: 0 });
  expect(brief(user)).toEqual([[0, "train", 0, 0]]);
});

test("a predicted behaviour does not see those of its own time", () => {
  const how = { ...rule, split: null };
  const user = log([1, 5, -1, 1], [2, 6, -1, 1], [2, 7, -1, 1], [3, 8, -1, 1], [3, 9, -1, 1]);
  expect(samplesOf([user], how).training).toBe(3);
  expect(samplesOf([user], how).samples).toEqual([
    { row: 1, split: "train", position: 1, length: 1, place: 1 },
    { row: 2, split: "train", position: 1, length: 1, place: 2 },
    { row: 3, split: "valid", position: 3, length: 3, place: 3 },
    { row: 4, split: "test", position: 3, length: 3, place: 4 },
  ]);
  expect(samplesOf([log([1, 5, -1, 1], [1, 6, -1, 1])], how)).toMatchObject({
    training: 0,
    samples: [{ split: "test", position: 0, length: 0, place: 1 }],
  });
});

test("a positive without a negative is left out: its item is all that is in its history", () => {
  const user = log(
    [1, 5, 1, 1],
    [2, 5, 1, 1], // 5 | 5
    [3, 6, 1, 1],
    [4, 5, 1, 1], // 5 | 5 5 6
    [5, 7, 1, 1],
    [6, 7, 1, 1], // 7 | 5 6 7, or 7 | 6 5 7
  );
  const leftOut = (split: SampleRule["split"], refused: number[] | null) => {
    const marks = new Marks();
    marks.mark(Int32Array.from(refused ?? []), 0, refused?.length ?? 0);
    const how = { ...rule, split };
    return samplesOf([user], how, new HistoryWalk(how, { marks, areAll: refused === null }));
  };
  const { samples, leftOut: rows } = leftOut(null, null);
  expect(rows).toEqual([1]);
  expect(samples.map(({ row, place }) => [row, place])).toEqual([2, 3, 4, 5].map((row) => [row, row]));
  expect(leftOut(rule.split, [5, 7]).leftOut).toEqual([1]);
  expect(leftOut(rule.split, [5, 6, 7]).leftOut).toEqual([1, 3, 5]);
  expect(samplesOf([user], { ...rule, split: null }).leftOut).toEqual([]);
});

test("what was not clicked is of the time since the behaviour before, the latest, of another item", () => {
  const user = log(
    [1, 3, 0, 0],
    [2, 4, 0, 0],
    [3, 5, -1, 1], // 4 was shown last
    [3, 6, 0, 0], // at the time of the behaviour: belongs to it, not to the next
    [4, 8, 0, 0],
    [4, 9, 0, 0],
    [5, 9, 1, 1], // 9 is its own item
    [6, 5, -1, 1], // nothing was shown
    [7, 2, 1, 0], // clicked, but of a type that is no behaviour
    [8, 5, -1, 1],
  );
  expect(unclickedOf([user])).toEqual([6, 8, 0, 0]);
});

/** Rows of a user in the order of the log: few times, so that many rows are at one. */
const users: fc.Arbitrary<Row[]> = fc
  .array(
    fc.tuple(
      fc.integer({ min: 0, max: 12 }),
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom(-1, 0, 0, 1),
      fc.constantFrom(0, 1),
    ),
    { minLength: 1, maxLength: 40 },
  )
  .map((rows) => rows.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3]));

test("rows that come in parts are what they are together, whoever came before", () => {
  const rules = fc.record({
    maxHistory: fc.integer({ min: 1, max: 6 }),
    window: fc.constantFrom(null, 2, 5),
    predicted: fc.boolean(),
  });
  fc.assert(
    fc.property(users, users, rules, fc.integer({ min: 1, max: 9 }), (before, rows, { predicted, ...limits }, most) => {
      const how = { ...limits, split: predicted ? null : { validFrom: 6, testFrom: 9 } };
      const all = (list: Row[]) => log(...list.map((row): Row => (predicted ? [row[0], row[1], -1, 1] : row)));
      const [other, user] = [all(before), all(rows)];
      const marks = new Marks();
      const walk = new HistoryWalk(how, predicted ? { marks, areAll: true } : undefined);
      samplesOf(partsOf(other, most), how, walk);
      const made = samplesOf(partsOf(user, most), how, walk);
      const isAlone = ({ item, history }: Slow) => history.length > 0 && history.every((other) => other === item);
      const [kept, left] = [true, false].map((is) =>
        slowly(user, how).filter((sample) => is !== (predicted && isAlone(sample))),
      );
      expect(
        made.samples.map(({ row, position, length }, i) => ({ row, position, length, history: made.shown[i] })),
      ).toEqual(kept.map(({ row, position, history }) => ({ row, position, length: history.length, history })));
      expect(made.leftOut).toEqual(left.map(({ row }) => row));
      expect(made).toEqual(
        samplesOf([user], how, new HistoryWalk(how, predicted ? { marks, areAll: true } : undefined)),
      );
      const unclicked = new UnclickedWalk();
      unclickedOf(partsOf(other, most), unclicked);
      expect(unclickedOf(partsOf(user, most), unclicked)).toEqual(unclickedSlowly(user));
    }),
    { numRuns: 300 },
  );
});

const rowsOf = ({ time, behaviour }: UserRows) =>
  [...time.keys()].map((row) => ({ row, at: time[row], is: behaviour[row] }));

interface Slow {
  readonly row: number;
  readonly item: number;
  readonly position: number;
  readonly history: readonly number[];
}

function slowly(user: UserRows, { split, window, maxHistory }: SampleRule): Slow[] {
  const behaviours = rowsOf(user).filter(({ is }) => is === 1);
  const sampled = split === null ? behaviours.slice(1) : rowsOf(user).filter(({ row }) => user.label[row] >= 0);
  return sampled.map(({ row, at }) => {
    const before = behaviours.filter((behaviour) => behaviour.at < at);
    const within = before.filter((behaviour) => window === null || behaviour.at >= at - window);
    const history = within.slice(-maxHistory).map((behaviour) => user.item[behaviour.row]);
    return { row, item: user.item[row], position: before.length, history };
  });
}

function unclickedSlowly(user: UserRows): number[] {
  const behaviours = rowsOf(user).filter(({ is }) => is === 1);
  return behaviours.map(({ row, at }, place) => {
    const since = place === 0 ? Number.NEGATIVE_INFINITY : behaviours[place - 1].at;
    const shown = rowsOf(user).filter(
      (other) =>
        user.label[other.row] === 0 && other.at > since && other.at <= at && user.item[other.row] !== user.item[row],
    );
    return shown.length === 0 ? 0 : user.item[shown[shown.length - 1].row];
  });
}
