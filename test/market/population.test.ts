import { expect, it } from "vitest";
import { itemNumber } from "../../dist/importers/synthetic/names.js";
import { simulateUser } from "../../dist/importers/synthetic/shop.js";
import { Population } from "../../dist/market/population.js";
import { shop, small } from "./support.ts";

const settings = small({ population: 2000, days: 20, visits: 0.1 });
const users = (population: Population, count = 50) =>
  Array.from({ length: count }, (_, user) => population.visitor(user).visitor);

it("comes as often as it is told to, some users often and others seldom", () => {
  const population = new Population(shop, settings);
  const days = Array.from({ length: settings.days }, (_, day) => population.comingOn(day));
  const visits = new Map<number, number>();
  for (const user of days.flat()) visits.set(user, (visits.get(user) ?? 0) + 1);
  const mean = days.flat().length / 2000 / 20;
  expect(Math.abs(mean - 0.1)).toBeLessThan(0.01);
  expect(Math.max(...visits.values())).toBeGreaterThan(6);
  expect(visits.size).toBeLessThan(1900);
  expect(new Population(shop, settings).comingOn(7)).toEqual(days[7]);
  for (const day of days) expect(day).toEqual([...day].sort((a, b) => a - b));
});

it("brings what the log has of a user, once, and goes on from there", () => {
  const population = new Population(shop, settings);
  const { visitor, past } = population.visitor(3);
  const { items, times } = simulateUser(shop, 3);
  expect(past.map(({ item }) => itemNumber(item))).toEqual([...items]);
  expect(past.map(({ age }) => age)).toEqual(Array.from(times, (time) => times[times.length - 1] - time));
  expect(population.visitor(3)).toEqual({ visitor, past: [] });
  expect(population.known(visitor.key)).toBe(visitor);
  expect(population.known("nobody")).toBeUndefined();
});

it("has auctions and clicks that are functions of user, page and ad, whoever was asked before", () => {
  const [one, other] = [new Population(shop, settings), new Population(shop, settings)];
  const [first, again] = [users(one), users(other)];
  const forwards = first.map((visitor) => one.auction(visitor, 4));
  const backwards = [...again]
    .reverse()
    .map((visitor) => other.auction(visitor, 4))
    .reverse();
  expect(backwards).toEqual(forwards);
  expect(first.map((visitor) => one.auction(visitor, 5))).not.toEqual(forwards);
  for (const { items, keys, bids } of forwards) {
    expect(new Set(items).size).toBe(items.length);
    expect(keys.map(itemNumber)).toEqual(items);
    expect(bids.every((bid) => bid > 0.3 && bid < 3)).toBe(true);
  }
});

it("clicks with the probability it has, less often where a slot is not looked at", () => {
  const biased = new Population(shop, { ...settings, positionBias: 1 });
  const all = users(biased, 120).flatMap((visitor) =>
    biased.auction(visitor, 1).items.map((item) => {
      const first = biased.probability(visitor, item, 1);
      expect(first).toBe(visitor.shopper.probability(item));
      expect(biased.probability(visitor, item, 4)).toBe(first / 4);
      return { first, clicked: biased.clicks(visitor, 1, item, first) };
    }),
  );
  const expected = all.reduce((sum, { first }) => sum + first, 0);
  const clicks = all.filter(({ clicked }) => clicked).length;
  expect(Math.abs(clicks - expected)).toBeLessThan(4 * Math.sqrt(expected));
});
