import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { withDuckDB } from "../../src/database/open.ts";
import { resolveFeatures } from "../../src/importers/events/features/features.ts";
import { writeLog } from "../../src/importers/synthetic/log.ts";
import { categoryName, departmentName, itemName, userName } from "../../src/importers/synthetic/names.ts";
import { EXTENSIONS, shopOptions, TABLE_FORMATS } from "../../src/importers/synthetic/options.ts";
import { prepareSynthetic } from "../../src/importers/synthetic/prepare.ts";
import { categoryOf, simulateUser } from "../../src/importers/synthetic/shop.ts";
import { temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();
const shop = shopOptions.parse({ users: 400, items: 100, meanHistory: 9, seed: 5 });
const users = Array.from({ length: shop.users }, (_, user) => user);

const READERS = { csv: "read_csv", ndjson: "read_json", parquet: "read_parquet" } as const;
const COLUMNS = {
  events: "user_id, item_id, epoch(time::TIMESTAMPTZ), type, clicked::INTEGER, device",
  users: "user_id, segment::VARCHAR, age::INTEGER, gender, city",
  items: "item_id, category, department, price::DOUBLE",
} as const;

/** Rows of a table of the log, times in seconds. */
function rowsOf(table: keyof typeof COLUMNS, format: (typeof TABLE_FORMATS)[number] = "csv") {
  const path = join(folder, format, `${table}.${EXTENSIONS[format]}`);
  return withDuckDB(async (connection) => {
    const reader = await connection.runAndReadAll(`SELECT ${COLUMNS[table]} FROM ${READERS[format]}('${path}')`);
    return reader.getRows();
  });
}

beforeAll(async () => {
  for (const logFormat of TABLE_FORMATS) {
    const summary = await writeLog({ ...shop, log: join(folder, logFormat), logFormat });
    expect(summary).toMatchObject({ users: 400, items: 100, events: (await rowsOf("events", logFormat)).length });
  }
});

describe("the shop as a log", () => {
  test("has what each user did and was shown, in order of time", async () => {
    const rows = await rowsOf("events");
    let at = 0;
    for (const user of users) {
      const { items, times, impressions } = simulateUser(shop, user);
      const own = rows.slice(at, at + items.length + impressions.length);
      at += own.length;
      expect(own.every(([name]) => name === userName(user))).toBe(true);
      const moments = own.map(([, , time]) => Number(time));
      expect(moments).toEqual([...moments].sort((a, b) => a - b));
      const views = own.filter(([, , , type]) => type === "view");
      expect(views.map((row) => row.slice(1, 5))).toEqual(
        Array.from(items, (item, t) => [itemName(item), times[t], "view", null]),
      );
      const ads = own.filter(([, , , type]) => type === "ad");
      expect(ads.map((row) => row.slice(1, 5))).toEqual(
        impressions.map(({ item, time, clicked }) => [itemName(item), time, "ad", clicked ? 1 : 0]),
      );
      for (const { position, time } of impressions) {
        expect(views.filter(([, , earlier]) => Number(earlier) < time)).toHaveLength(position);
      }
    }
    expect(at).toBe(rows.length);
  });

  test("knows every user's segment and every item's category", async () => {
    const segments = (await rowsOf("users")).map((row) => row.slice(0, 2));
    expect(segments).toEqual(users.map((user) => [userName(user), String(simulateUser(shop, user).segment)]));
    const categories = (await rowsOf("items")).map((row) => row.slice(0, 3));
    expect(categories).toEqual(
      Array.from({ length: shop.items }, (_, item) => {
        const category = categoryOf(shop, item);
        return [itemName(item), categoryName(category), departmentName(category)];
      }),
    );
  });

  test("lacks some ages and cities, nothing else but the labels of behaviours", async () => {
    const missing = (rows: readonly (readonly unknown[])[], column: number) =>
      rows.filter((row) => row[column] === null).length;
    const people = await rowsOf("users");
    const articles = await rowsOf("items");
    expect([0, 1, 2, 3, 4].map((column) => missing(people, column) > 0)).toEqual([false, false, true, false, true]);
    expect(missing(people, 2) + missing(people, 4)).toBeLessThan(0.2 * shop.users);
    expect([0, 1, 2, 3].map((column) => missing(articles, column))).toEqual([0, 0, 0, 0]);
    const events = await rowsOf("events");
    expect([0, 1, 2, 3, 5].map((column) => missing(events, column))).toEqual([0, 0, 0, 0, 0]);
    expect(new Set(events.map((row) => row[5]))).toEqual(new Set(["phone", "tablet", "desktop"]));
  });

  test.each(["events", "users", "items"] as const)("has the same %s in every format", async (table) => {
    const rows = await rowsOf(table);
    expect(await rowsOf(table, "ndjson")).toEqual(rows);
    expect(await rowsOf(table, "parquet")).toEqual(rows);
  });

  test("times in the csv are ISO 8601 in UTC, missing values empty", () => {
    const [header, first] = readFileSync(join(folder, "csv", "events.csv"), "utf8").split("\n");
    expect(header).toBe("user_id,item_id,time,type,clicked,device");
    expect(first).toMatch(/^A000000000,B\d{9},201[34]-\d\d-\d\dT\d\d:\d\d:\d\dZ,view,,(phone|tablet|desktop)$/);
  });

  test("comes with features.yaml, whose columns are in the files it takes them from", () => {
    const path = join(folder, "csv", "features.yaml");
    const value = parse(readFileSync(path, "utf8"));
    const { columns, keys, fields, behaviours } = resolveFeatures(value, { users: true, items: true }, path);
    const headers = Object.fromEntries(
      (["events", "users", "items"] as const).map((table) => [
        table,
        readFileSync(join(folder, "csv", `${table}.csv`), "utf8")
          .split("\n")[0]
          .split(","),
      ]),
    );
    const { user, item, time, label, type } = columns;
    for (const column of [...user, item, time, label?.column, type]) expect(headers.events).toContain(column);
    expect(headers.users).toContain(keys.user);
    expect(headers.items).toContain(keys.item);
    for (const { name, column, kind, from } of Object.values(fields).flat()) {
      const header = from === "key" ? headers.events : headers[from];
      if (kind !== "hour" && kind !== "weekday") expect(header, name).toContain(column);
    }
    expect(Object.values(fields).map((some) => some.map(({ name }) => name))).toEqual([
      ["user", "segment", "age", "gender", "city"],
      ["item", "category", "department", "price"],
      ["hour", "weekday", "device"],
    ]);
    expect(behaviours).toMatchObject({ types: ["view"], maxHistory: 50 });
  });

  test.each(TABLE_FORMATS)("is written whole or not at all as %s", async (logFormat) => {
    const log = join(folder, `half ${logFormat}`);
    const inTheWay = `events.${EXTENSIONS[logFormat]}`;
    mkdirSync(join(log, inTheWay), { recursive: true });
    await expect(writeLog({ ...shop, users: 20, log, logFormat })).rejects.toThrow(
      `cannot write ${join(log, inTheWay)}: `,
    );
    expect(readdirSync(log)).toEqual([inTheWay]);
  });

  test.each(TABLE_FORMATS)("has names as %s, while it is written, that tell whose it is", async (logFormat) => {
    const log = join(folder, `names ${logFormat}`);
    const names = new Set<string>();
    const watch = () => readdirSync(log).forEach((name) => void names.add(name));
    await writeLog({ ...shop, users: 2000, log, logFormat }, watch);
    expect(names.size).toBeGreaterThan(3);
    for (const name of names) expect(name).toMatch(/^lock$|\.tmp-[0-9a-f]{12}$/);
  });

  test("stands beside the dataset of the same shop", async () => {
    const log = join(folder, "beside");
    await prepareSynthetic({ ...shop, out: join(folder, "dataset"), log });
    for (const name of ["events.csv", "users.csv", "items.csv", "features.yaml"]) {
      expect(readFileSync(join(log, name), "utf8")).toBe(readFileSync(join(folder, "csv", name), "utf8"));
    }
  });

  test("replaces files of its own, and nobody else's", async () => {
    await writeLog({ ...shop, users: 20, log: join(folder, "twice") });
    await writeLog({ ...shop, users: 20, log: join(folder, "twice") });
    const log = join(folder, "people's");
    mkdirSync(log);
    writeFileSync(join(log, "events.csv"), "years");
    await expect(writeLog({ ...shop, users: 20, log })).rejects.toThrow(
      `${join(log, "events.csv")} is there already, and was not made by this program`,
    );
    expect(readFileSync(join(log, "events.csv"), "utf8")).toBe("years");
    expect(readdirSync(log)).toEqual(["events.csv"]);
  });

  test("refuses what is no shop", async () => {
    const log = join(folder, "refused");
    await expect(writeLog({ users: 0, log })).rejects.toThrow("writeLog: users: expected a whole number");
    expect(readdirSync(folder)).not.toContain("refused");
  });
});
