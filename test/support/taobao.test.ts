import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "./source.ts";
import { DAYS, FIRST_DAY, writeTaobao } from "./taobao.ts";

const folder = temporaryFolder();
const files = writeTaobao(join(folder, "a"));
const read = (path: string) => {
  const lines = readFileSync(path, "utf8").split("\n");
  expect(lines.pop()).toBe("");
  const [header, ...rows] = lines.map((line) => line.split(","));
  for (const row of rows) expect(row).toHaveLength(header.length);
  return { header, rows };
};
const samples = read(files.rawSample);
const ads = read(files.adFeature);
const profiles = read(files.userProfile);
const behaviours = read(files.behaviorLog);
const DAY = 86_400;

describe("files in the layout of the Taobao display ads", () => {
  test("are the same for the same seed", () => {
    const again = writeTaobao(join(folder, "b"));
    const other = writeTaobao(join(folder, "c"), { seed: 2 });
    for (const name of ["rawSample", "adFeature", "userProfile", "behaviorLog"] as const) {
      expect(readFileSync(again[name], "utf8")).toBe(readFileSync(files[name], "utf8"));
      expect(readFileSync(other[name], "utf8")).not.toBe(readFileSync(files[name], "utf8"));
    }
  });

  test("span the days of the real ones", () => {
    const days = (rows: readonly string[][]) =>
      new Set(rows.map((row) => Math.floor((Number(row[1]) - FIRST_DAY) / DAY)));
    const range = (from: number, count: number) => new Set(Array.from({ length: count }, (_, i) => from + i));
    expect(days(samples.rows)).toEqual(range(0, DAYS.impressions));
    expect(days(behaviours.rows)).toEqual(range(DAYS.impressions - 1 - DAYS.behaviours, DAYS.behaviours));
    expect(new Date(1000 * FIRST_DAY).toISOString()).toBe("2017-05-05T16:00:00.000Z");
  });

  test("hold what such files hold", () => {
    expect(profiles.header.at(-1)).toBe("new_user_class_level ");
    expect(samples.rows).toHaveLength(200 * 20);
    for (const [, , ad, place, not, clicked] of samples.rows) {
      expect(ads.rows.some(([id]) => id === ad)).toBe(true);
      expect(place).toMatch(/^4305(48|39)_1007$/);
      expect(Number(not) + Number(clicked)).toBe(1);
    }
    expect(new Set(behaviours.rows.map((row) => row[2]))).toEqual(new Set(["pv", "cart", "fav", "buy"]));
    expect(new Set(ads.rows.map(([id]) => id)).size).toBe(60);
    expect(ads.rows.some((row) => row[4] === "NULL")).toBe(true);
    const empty = profiles.header.map((_, column) => profiles.rows.some((row) => row[column] === ""));
    expect(empty).toEqual([false, false, false, false, false, true, false, false, true]);
  });

  test("lack some profiles and some behaviours", () => {
    const shown = new Set(samples.rows.map(([user]) => user));
    for (const { rows } of [profiles, behaviours]) {
      const known = new Set(rows.map(([user]) => user));
      expect([...known].every((user) => shown.has(user))).toBe(true);
      expect(known.size).toBeGreaterThan(0.8 * shown.size);
      expect(known.size).toBeLessThan(shown.size);
    }
  });

  test("a user's behaviours show which ads are clicked", () => {
    const categoryOf = new Map(ads.rows.map(([ad, category]) => [ad, category]));
    const seen = new Map<string, number>();
    for (const [user, , , category] of behaviours.rows) {
      seen.set(`${user} ${category}`, 1 + (seen.get(`${user} ${category}`) ?? 0));
    }
    const rate = (familiar: boolean) => {
      const rows = samples.rows.filter(
        ([user, , ad]) => (seen.get(`${user} ${categoryOf.get(ad)}`) ?? 0) >= 4 === familiar,
      );
      return rows.filter((row) => row[5] === "1").length / rows.length;
    };
    expect(rate(true)).toBeGreaterThan(2 * rate(false));
  });
});
