/** Moments as people's logs write them. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseTime } from "../../src/dataset/time.ts";

const NOON = Date.UTC(2017, 10, 25, 12);

describe("parseTime", () => {
  it.each<[string | number, number]>([
    ["2017-11-25", NOON - 12 * 3_600_000],
    ["2017-11-25T12:00", NOON],
    ["2017-11-25 12:00:00", NOON],
    ["2017-11-25T12:00:00Z", NOON],
    ["2017-11-25T12:00:00.25Z", NOON + 250],
    ["2017-11-25T12:00:00.1239999", NOON + 123],
    ["2017-11-25T20:00:00+08:00", NOON],
    ["2017-11-25T20:00:00+08", NOON],
    ["2017-11-25T08:30:00-0330", NOON],
    ["1969-12-31T23:59:59.9995Z", -1],
    [NOON / 1000, NOON],
    [NOON, NOON],
    [NOON * 1000 + 999, NOON],
    [String(NOON / 1000), NOON],
    [`${NOON / 1000}.5`, NOON + 500],
    [-1, -1000],
    [0, 0],
    [99_999_999_999, 99_999_999_999_000],
    [1e11, 1e11],
    [1e14, 1e11],
  ])("%j", (value, expected) => {
    expect(parseTime(value, 0)).toBe(expected);
  });

  it("takes times without an offset for local, and others not", () => {
    expect(parseTime("2017-11-25T20:00", 480)).toBe(NOON);
    expect(parseTime("2017-11-25", -90)).toBe(NOON - 10.5 * 3_600_000);
    expect(parseTime("2017-11-25T12:00Z", 480)).toBe(NOON);
    expect(parseTime(NOON, 480)).toBe(NOON);
  });

  it.each<string | number>([
    ...["", "now", "2017-11", "2017-11-31", "2017-13-01", " 2017-11-25", "2017-11-25T24:00", "2017-11-25T12:60"],
    ...["2017-11-25T12:00:60", "2017-11-25T12:00+24:00", "2017-11-25T12:00+1", "2017-11-25Z"],
    ...["25.11.2017", "11/25/2017", "2017-11-25T12:00:00.", "Infinity", "0x10", Number.NaN, Number.POSITIVE_INFINITY],
  ])("refuses %j", (value) => {
    expect(parseTime(value, 0)).toBe(null);
  });

  it("reads back what JavaScript prints", () => {
    const years = { min: new Date("1000-01-01"), max: new Date("9999-12-31"), noInvalidDate: true };
    fc.assert(
      fc.property(fc.date(years), (date) => {
        expect(parseTime(date.toISOString(), 60)).toBe(date.getTime());
      }),
    );
  });
});
