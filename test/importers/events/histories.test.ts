import { expect, test } from "vitest";
import { type SampleRule, samplesOf, type UserRows, unclickedOf } from "../../../src/importers/events/log/histories.ts";

/** Rows of [time, item, label or -1, behaviour]. */
function log(...rows: [time: number, item: number, label: number, behaviour: number][]): UserRows {
  const column = (index: number) => Int32Array.from(rows, (row) => row[index]);
  return {
    from: 0,
    to: rows.length,
    time: Float64Array.from(rows, ([time]) => time),
    item: column(1),
    label: column(2),
    behaviour: column(3),
  };
}

const rule: SampleRule = { split: { validFrom: 100, testFrom: 200 }, maxHistory: 3, window: null };
const brief = (user: UserRows, how = rule) =>
  samplesOf(user, how).samples.map(({ row, split, position, length }) => [row, split, position, length]);

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
  expect(samplesOf(user, rule)).toMatchObject({ items: [7, 8, 9, 7, 7], times: [1, 2, 3, 4, 5], training: 5 });
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
  expect(samplesOf(user, rule).training).toBe(1);
});

test("a user without behaviours has empty histories", () => {
  const user = log([5, 7, 0, 0]);
  expect(samplesOf(user, rule)).toMatchObject({ items: [], training: 0 });
  expect(brief(user)).toEqual([[0, "train", 0, 0]]);
});

test("a predicted behaviour does not see those of its own time", () => {
  const how = { ...rule, split: null };
  const user = log([1, 5, -1, 1], [2, 6, -1, 1], [2, 7, -1, 1], [3, 8, -1, 1], [3, 9, -1, 1]);
  expect(samplesOf(user, how).training).toBe(3);
  expect(samplesOf(user, how).samples).toEqual([
    { row: 1, split: "train", position: 1, length: 1, place: 1 },
    { row: 2, split: "train", position: 1, length: 1, place: 2 },
    { row: 3, split: "valid", position: 3, length: 3, place: 3 },
    { row: 4, split: "test", position: 3, length: 3, place: 4 },
  ]);
  expect(samplesOf(log([1, 5, -1, 1], [1, 6, -1, 1]), how)).toMatchObject({
    training: 0,
    samples: [{ split: "test", position: 0, length: 0, place: 1 }],
  });
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
  expect(unclickedOf(user)).toEqual([6, 8, 0, 0]);
});
