/** What DuckDB adds up is what plain loops add up: on random records with every kind of stray row. */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { AbReport } from "../../../src/ab/analysis/result.ts";
import { sumsOf } from "../../../src/statistics/sums.ts";
import { temporaryFolder } from "../../support/source.ts";
import "../../support/draws.ts";
import { type ArmSums, effectsOf } from "../../../src/ab/analysis/effects.ts";
import { DAY, HOUR, iso, type Row, reportOf, START, writeRecords } from "./records.ts";

const folder = temporaryFolder();
const ARMS = ["base", "dien", "din"];

const impression = fc.record({
  id: fc.integer({ min: 0, max: 60 }),
  user: fc.integer({ min: 0, max: 15 }),
  // Users mostly stay in their arm.
  stray: fc.integer({ min: 0, max: 30 }),
  time: fc.integer({ min: 0, max: 4 * 24 }),
  experiment: fc.constantFrom("autumn", "autumn", "autumn", null, "spring"),
});
type Impression = typeof impression extends fc.Arbitrary<infer T> ? T : never;
const outcome = fc.record({
  id: fc.integer({ min: 0, max: 80 }),
  impression: fc.integer({ min: 0, max: 70 }),
  delay: fc.integer({ min: -3, max: 30 }),
  type: fc.constantFrom("click", "click", "order"),
  value: fc.option(fc.integer({ min: 0, max: 400 }).map((cents) => cents / 4)),
});

interface Shown {
  readonly id: string;
  readonly user: string;
  readonly arm: string;
  readonly time: number;
}

/** As the tables do it, row after row. */
function plainly(exposures: readonly Row[], outcomes: readonly Row[]) {
  /** Rows in the order of these columns; what is missing comes last. */
  const ordered = (rows: readonly Row[], columns: readonly string[]) => {
    const key = (row: Row) =>
      columns.map((column) => (typeof row[column] === "number" ? 1e6 + Number(row[column]) : (row[column] ?? "~")));
    return [...rows].sort((a, b) => (key(a).join() < key(b).join() ? -1 : 1));
  };
  const shown = new Map<string, Shown>();
  const users = new Map<string, Set<string>>();
  const ours = exposures.filter(({ experiment }) => experiment !== "spring");
  for (const row of ordered(ours, ["time", "user", "arm"])) {
    const id = String(row.id);
    if (shown.has(id)) continue;
    shown.set(id, { id, user: String(row.user), arm: String(row.arm), time: Date.parse(String(row.time)) });
  }
  for (const { user, arm } of shown.values()) users.set(user, (users.get(user) ?? new Set()).add(arm));
  const mixed = new Set([...users].flatMap(([user, arms]) => (arms.size > 1 ? [user] : [])));
  const fates = { counted: 0, early: 0, late: 0, lost: 0, foreign: 0, mixed: 0 };
  const rows = new Map<string, { user: string; arm: string; numbers: [number, number, number] }>();
  for (const { user, arm } of shown.values()) {
    if (mixed.has(user)) continue;
    const row = rows.get(user) ?? { user, arm, numbers: [0, 0, 0] };
    row.numbers[0]++;
    rows.set(user, row);
  }
  const seen = new Set<string>();
  for (const row of ordered(outcomes, ["time", "impression", "type", "value"])) {
    if (seen.has(String(row.id))) continue;
    seen.add(String(row.id));
    const followed = shown.get(String(row.impression));
    const fate = (() => {
      if (followed === undefined || followed.user !== row.user) return users.has(String(row.user)) ? "lost" : "foreign";
      const delay = Date.parse(String(row.time)) - followed.time;
      if (delay < 0) return "early";
      if (delay > 24 * HOUR) return "late";
      return mixed.has(followed.user) ? "mixed" : "counted";
    })();
    fates[fate]++;
    if (fate !== "counted") continue;
    const { numbers } = rows.get(followed!.user)!;
    numbers[1] += Number(row.type === "click");
    numbers[2] += Number(row.value ?? 0);
  }
  const sums = ARMS.map((arm): ArmSums => {
    return {
      arm,
      sums: sumsOf(
        [...rows.values()].filter((row) => row.arm === arm).map((row) => row.numbers),
        3,
      ),
    };
  });
  return { shown: shown.size, users: users.size, mixed: mixed.size, fates, sums };
}

function records(impressions: readonly Impression[]) {
  return impressions.map(({ id, user, stray, time, experiment }) => ({
    ...{ id: `i${id}`, user: `u${user}`, arm: ARMS[stray === 0 ? (user + 1) % 3 : user % 3] },
    ...{ time: iso(START + time * HOUR), experiment },
  }));
}

/** Every arm is there, whatever is drawn. */
const FIXED = ARMS.map((arm, n) => ({ id: `f${n}`, user: `f${n}`, arm, time: iso(START), experiment: "autumn" }));

const close = (found: readonly number[], expected: readonly number[]) => {
  for (const [index, value] of expected.entries()) {
    if (Number.isNaN(value)) expect(found[index]).toBeNaN();
    else expect(found[index]).toBeCloseTo(value, 8);
  }
};

it("sums, counts and effects are those of plain loops, and the last day's sums are those of all days", async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(impression, { maxLength: 120 }),
      fc.array(outcome, { maxLength: 100 }),
      async (impressions, followed) => {
        const exposures = [...FIXED, ...records(impressions)];
        const owners = new Map(exposures.map(({ id, user, time }) => [id, { user, time }]));
        const outcomes = followed.map(({ id, impression, delay, type, value }) => {
          const owner = owners.get(`i${impression}`) ?? { user: `u${impression}`, time: iso(START) };
          const time = iso(Date.parse(owner.time) + delay * HOUR);
          return { id: `o${id}`, user: owner.user, impression: `i${impression}`, time, type, value };
        });
        const path = writeRecords(folder, `random-${run++}`, { exposures, outcomes });
        const report = await reportOf(path, { name: "autumn" });
        const plain = plainly(exposures, outcomes);
        expect(report.counts).toMatchObject({ impressions: plain.shown, users: plain.users, mixedUsers: plain.mixed });
        expect(report.counts.outcomes).toMatchObject(plain.fates);
        for (const [index, { arm, sums }] of plain.sums.entries()) {
          const { users, impressions, clicks, revenue } = report.arms[index];
          expect([report.arms[index].arm, users, impressions, clicks, revenue]).toEqual([arm, sums.n, ...sums.sum]);
        }
        const options = { metric: "ctr", reading: "fixed", alpha: 0.05, tuning: 5000 } as const;
        for (const [index, effect] of effectsOf(plain.sums, options).entries()) {
          const found = report.effects[index];
          expect([found.arm, found.metric]).toEqual([effect.arm, effect.metric]);
          close([found.lift, found.low, found.high], [effect.lift, effect.low, effect.high]);
        }
        lastDayIsAll(report);
      },
    ),
    { numRuns: Number(process.env.AB_RUNS ?? 5) },
  );
}, 600_000);

function lastDayIsAll({ upToDay, effects, to, arms }: AbReport) {
  const last = upToDay.filter(({ day }) => day === to.slice(0, 10));
  // On the last day only some arms may have had users.
  if (last.length < arms.length - 1) return;
  for (const { arm, lift, low } of last) {
    const whole = effects.find((one) => one.arm === arm && one.metric === "ctr")!;
    close([lift, low], [whole.lift, whole.low]);
  }
}

it("days are those of the impressions: a click after midnight counts for the day before", async () => {
  const shown = (user: string, arm: string, time: number) => ({ id: user, user, arm, time: iso(time) });
  const late = START + DAY - 60_000;
  const exposures = [
    ...["b1", "b2"].map((user) => shown(user, "base", late)),
    ...["d1", "d2"].map((user) => shown(user, "dien", late)),
  ];
  const click = (impression: string) => ({ type: "click", impression, time: iso(late + 120_000), value: 2 });
  const path = writeRecords(folder, "midnight", { exposures, outcomes: [click("b1"), click("d1"), click("d2")] });
  const { byDay, days } = await reportOf(path);
  expect(days).toBe(1);
  expect(byDay).toMatchObject([{ arm: "dien", day: "2026-11-01", users: 4, lift: 1 }]);
});

it("money that no binary number holds adds up to the same bits in every run", async () => {
  const users = Array.from({ length: 3000 }, (_, n) => ({ user: `u${n}`, arm: ARMS[n % 2] }));
  const exposures = users.flatMap(({ user, arm }, n) =>
    [0, 1].map((i) => ({ id: `${user}-${i}`, user, arm, time: iso(START + ((n + i) % 3) * DAY) })),
  );
  const outcomes = exposures.map(({ id, user, time }, n) => {
    return { id, user, impression: id, time, type: "click", value: (n % 97) / 10 + 0.01 };
  });
  const path = writeRecords(folder, "money", { exposures, outcomes });
  const first = JSON.stringify(await reportOf(path));
  for (let run = 0; run < 2; run++) expect(JSON.stringify(await reportOf(path))).toBe(first);
});
