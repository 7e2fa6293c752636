import { expect, test } from "vitest";
import { resolveFeatures } from "../../../src/importers/events/features/features.ts";

const columns = { user: "user", item: "item", time: "time", label: "label" };
const { label: _, ...unlabelled } = columns;

const resolve = (value: unknown) => resolveFeatures(value, { users: false, items: true }, "features.yaml");
const withField = (kind: string, field: object) => ({ columns, fields: { [kind]: [field] } });
const withOffset = (offset: string) => ({ columns, utc_offset: offset, fields: {} });

test.each<[unknown, string]>([
  [{ columns: { ...columns, user: undefined }, fields: {} }, "columns.user is missing: expected the name of a column"],
  [
    { columns: { usr: "u", item: "i", time: "t" }, fields: {} },
    "unknown key 'columns.usr'; did you mean 'columns.user'?",
  ],
  [{ columns: { ...columns, user: 5 }, fields: {} }, "columns.user: expected the name of a column, found 5"],
  [{ fields: {} }, "columns is missing: expected keys and their values"],
  [{ columns }, "fields is missing: expected keys and their values"],
  [{ columns, splt: {}, fields: {} }, "unknown key 'splt'; did you mean 'split'?"],
  [{ columns, zzz: {}, fields: {} }, "unknown key 'zzz'"],
  [undefined, "the document is missing: expected keys and their values"],
  [[], "the document: expected keys and their values, found []"],
  [{ columns, fields: { user: "age" } }, 'fields.user: expected a list, found "age"'],
  [{ columns, min_count: "2", fields: {} }, 'min_count: expected a whole number, at least 1, found "2"'],
  [withField("user", { nme: "age" }), "unknown key 'fields.user.0.nme'; did you mean 'fields.user.0.name'?"],
  [
    withField("user", { column: "age" }),
    "fields.user.0.name is missing: expected a name of lower-case letters, digits and _, a letter first",
  ],
  [
    { columns, fields: { context: ["Device"] } },
    'fields.context.0.name: expected a name of lower-case letters, digits and _, a letter first, found "Device"',
  ],
  [{ columns, behaviours: { types: [] }, fields: {} }, "behaviours.types: expected at least one type, found []"],
  [
    { columns, split: { valid: 0.6 }, fields: {} },
    "split.valid: expected a share, more than 0 and less than 0.5, found 0.6",
  ],
  ...[{ valid: 0.1, test_from: "2026-05-08" }, { test_from: "2026-05-08" }].map((split): [unknown, string] => [
    { columns, split, fields: {} },
    "split: it takes either valid and test, or valid_from and test_from",
  ]),
  [withOffset("+05:37"), "utc_offset: expected a multiple of 15 minutes, found +05:37"],
  [withOffset("-00:01"), "utc_offset: expected a multiple of 15 minutes, found -00:01"],
  [withOffset("+14:15"), "utc_offset: expected at most 14 hours, found +14:15"],
  [withOffset("2"), 'utc_offset: expected an offset like "+08:00", found "2"'],
  [withField("user", { name: "age", buckets: 8 }), "fields.user: age: buckets is for fields of kind number"],
  [
    withField("context", { name: "hour", kind: "hour", column: "h" }),
    "fields.context: hour: hour is made of the time: it has no column",
  ],
  [
    withField("context", { name: "day", kind: "weekday", from: "events" }),
    "fields.context: day: weekday is made of the time: it has no from",
  ],
  ...[{ kind: "number" }, { column: "sku" }, { from: "items" }].map((setting): [unknown, string] => [
    withField("item", { name: "item", ...setting }),
    "fields.item: item: this is the item's own id, a category from columns.item (item): give another field another name",
  ]),
  [
    { columns: unlabelled, split: { valid_from: 1, test_from: 2 }, fields: {} },
    "split: without columns.label there are no impressions to split by time",
  ],
  [
    { columns: { ...unlabelled, type: "t" }, impressions: { types: ["ad"] }, fields: {} },
    "impressions.types: without columns.label there are no impressions; target names types to predict",
  ],
])("refuses %j", (value, message) => {
  expect(() => resolve(value)).toThrow(
    expect.objectContaining({ name: "UserError", message: `features.yaml: ${message}` }),
  );
});

test("what is not said has a default, and names stand for fields", () => {
  const features = resolve({
    columns,
    utc_offset: "-03:30",
    split: { valid: 0.2 },
    fields: { user: ["age"], item: [{ name: "item", column: "item", min_count: 3 }, "price"] },
  });
  expect(features).toMatchObject({ utcOffset: -210, split: { valid: 0.2, test: 0.1 } });
  expect(features.fields.item).toMatchObject([
    { name: "item", from: "key", minCount: 3 },
    { name: "price", column: "price", kind: "category", from: "items", minCount: 1 },
  ]);
  expect(features.fields.user).toMatchObject([{ name: "age", column: "age", from: "events" }]);
});

test("refuses a list of missing texts that is one of values to leave out", () => {
  const missing = Array.from({ length: 1001 }, (_, i) => `${i}`);
  expect(() => resolve({ columns, missing, fields: {} })).toThrow(
    "features.yaml: missing: there are more than 1000 texts",
  );
});

test("types that YAML takes for numbers are their texts", () => {
  const typed = { ...columns, type: "t" };
  const given = { columns: typed, behaviours: { types: [1, 3] }, impressions: { types: [true, "2.0"] }, fields: {} };
  const { behaviours, impressions } = resolve(given);
  expect([behaviours.types, impressions.types]).toEqual([
    ["1", "3"],
    ["true", "2.0"],
  ]);
});
