/**
 * The synthetic shop as the log of a shop: events, users and items in three files and features.yaml, which says what is
 * what; input of any size for `dien prepare events`. Streamed: memory does not grow with the shop.
 *
 * What the shop does not know (age, gender, city, device, price) is sampled apart from it: it says nothing about clicks.
 */
import { statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { OnProgress } from "../../dataset/dataset.ts";
import { failure } from "../../errors/failure.ts";
import { replaceFiles } from "../../files/aside.ts";
import { folderPlace, withClaim } from "../../files/claim.ts";
import { makeFolder, readText } from "../../files/plain.ts";
import { checkOptions } from "../../options/problems.ts";
import { Random } from "../../tensor/random.ts";
import { categoryName, departmentName, itemName, userName } from "./names.ts";
import { EXTENSIONS, logOptions, type ShopOptions, type TableFormat, type WriteLogOptions } from "./options.ts";
import { categoryOf, segmentOf, simulateUser } from "./shop.ts";
import { type Table, writeTable } from "./table-files.ts";

/** Rows of the three files. */
export interface LogSummary {
  readonly users: number;
  readonly items: number;
  readonly events: number;
  readonly seconds: number;
}

/** Keep the random numbers of each file apart from those of the shop and of the other files. */
const STREAMS = { users: 0x75736572, items: 0x6974656d, events: 0x65766e74 };

const CITIES = ["Berlin", "Köln", "Lyon", "Porto", "São Paulo", "Łódź", "杭州", "St. John's", "Washington, D.C."];
const GENDERS = ["female", "male"];
const DEVICES = ["phone", "tablet", "desktop"];
/** Probability that an age or a city is missing, and that a user is on the usual device. */
const MISSING = 0.05;
const USUAL_DEVICE = 0.85;

/**
 * Writes events, users and items (.csv, .ndjson.gz or .parquet) and features.yaml to `log`, in the place of such files
 * of an earlier call: all of them, or none. A row
 * of the events is a behaviour (type `view`, not labelled) or an impression (type `ad`, clicked 0 or 1); they are
 * ordered by user, then time.
 * @throws UserError where an option cannot be used, other files have these names, or the files cannot
 * be written.
 */
export async function writeLog(options: WriteLogOptions, onProgress?: OnProgress): Promise<LogSummary> {
  const { log, logFormat: format, ...shop } = checkOptions("writeLog", logOptions, options);
  await makeFolder(log);
  return await withClaim(folderPlace(log), () => writeInto(log, format, shop, onProgress));
}

async function writeInto(
  log: string,
  format: TableFormat,
  shop: ShopOptions,
  onProgress: OnProgress | undefined,
): Promise<LogSummary> {
  const start = performance.now();
  let events = 0;
  const onUser = (user: number, rows: number) => {
    events += rows;
    if ((user + 1) % 1000 === 0) onProgress?.("log", user + 1, shop.users);
  };
  const file = (name: string, table: Table) => ({
    path: join(log, `${name}.${EXTENSIONS[format]}`),
    write: (temporary: string) => writeTable(temporary, table, format),
  });
  const files = [
    file("users", userTable(shop)),
    file("items", itemTable(shop)),
    file("events", eventTable(shop, onUser)),
    // The last is the first to get its name: whatever a kill leaves, it says whose the others are.
    {
      path: join(log, FEATURES_FILE),
      write: (temporary: string) => writeFile(temporary, features(EXTENSIONS[format])),
    },
  ];
  await checkOwn(
    log,
    files.map(({ path }) => path),
  );
  await replaceFiles(files);
  return { users: shop.users, items: shop.items, events, seconds: (performance.now() - start) / 1000 };
}

/** People's own logs often have the same names: files are replaced where features.yaml says that they are of this kind. */
async function checkOwn(log: string, paths: readonly string[]): Promise<void> {
  const there = paths.find((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
  if (there === undefined) return;
  const said = await readText(join(log, FEATURES_FILE)).catch(() => "");
  if (!said.startsWith(FIRST_LINE)) throw failure("file.not-ours", { path: there });
}

/** `onUser` gets each user with the number of rows. */
function eventTable(shop: ShopOptions, onUser: (user: number, rows: number) => void): Table {
  function* rows() {
    const random = new Random(shop.seed ^ STREAMS.events);
    for (let user = 0; user < shop.users; user++) {
      const { items, times, impressions } = simulateUser(shop, user);
      const name = userName(user);
      const usual = DEVICES[random.integer(DEVICES.length)];
      const device = () => (random.uniform() < USUAL_DEVICE ? usual : DEVICES[random.integer(DEVICES.length)]);
      for (let t = 0, shown = 0; t < items.length; t++) {
        yield [name, itemName(items[t]), timestamp(times[t]), "view", null, device()];
        for (; impressions[shown]?.position === t + 1; shown++) {
          const { item, time, clicked } = impressions[shown];
          yield [name, itemName(item), timestamp(time), "ad", clicked ? 1 : 0, device()];
        }
      }
      onUser(user, items.length + impressions.length);
    }
  }
  return {
    columns: [
      { name: "user_id", type: "VARCHAR" },
      { name: "item_id", type: "VARCHAR" },
      { name: "time", type: "TIMESTAMPTZ" },
      { name: "type", type: "VARCHAR" },
      { name: "clicked", type: "INTEGER" },
      { name: "device", type: "VARCHAR" },
    ],
    rows: rows(),
  };
}

/** Segments are the shop's, and the clicks depend on them. */
function userTable(shop: ShopOptions): Table {
  function* rows() {
    const random = new Random(shop.seed ^ STREAMS.users);
    const unlessMissing = <T>(value: T) => (random.uniform() < MISSING ? null : value);
    for (let user = 0; user < shop.users; user++) {
      const age = unlessMissing(Math.round(Math.max(16, 40 + 13 * random.normal())));
      const gender = GENDERS[random.integer(GENDERS.length)];
      const city = unlessMissing(CITIES[random.integer(CITIES.length)]);
      yield [userName(user), String(segmentOf(shop, user)), age, gender, city];
    }
  }
  return {
    columns: [
      { name: "user_id", type: "VARCHAR" },
      { name: "segment", type: "VARCHAR" },
      { name: "age", type: "INTEGER" },
      { name: "gender", type: "VARCHAR" },
      { name: "city", type: "VARCHAR" },
    ],
    rows: rows(),
  };
}

function itemTable(shop: ShopOptions): Table {
  function* rows() {
    const random = new Random(shop.seed ^ STREAMS.items);
    for (let item = 0; item < shop.items; item++) {
      const category = categoryOf(shop, item);
      // Many cheap things, few dear ones; in cents.
      const u = random.uniform();
      const price = Math.round(99 + 50_000 * u * u * u * u) / 100;
      yield [itemName(item), categoryName(category), departmentName(category), price];
    }
  }
  return {
    columns: [
      { name: "item_id", type: "VARCHAR" },
      { name: "category", type: "VARCHAR" },
      { name: "department", type: "VARCHAR" },
      { name: "price", type: "DOUBLE" },
    ],
    rows: rows(),
  };
}

/** 2013-01-01T00:00:00Z */
function timestamp(seconds: number): string {
  return `${new Date(1000 * seconds).toISOString().slice(0, 19)}Z`;
}

const FEATURES_FILE = "features.yaml";
const FIRST_LINE = "# What is what in the log of a synthetic shop.";

const features = (extension: string) => `${FIRST_LINE} In this folder, the log becomes a dataset by
#   dien prepare events --config features.yaml --events events.${extension} --users users.${extension} --items items.${extension} --out dataset

columns: # of the events
  user: user_id
  item: item_id
  time: time
  label: clicked # 1 or 0 for what was shown to the user, empty for what the user looked at
  type: type # view: the user looked at the item; ad: the item was shown to the user

behaviours:
  types: [view]
  max_history: 50 # the latest so many go into a history

impressions:
  types: [ad] # each becomes a sample

split: # the latest impressions; a model is chosen on the one part and reported on the other
  valid: 0.1
  test: 0.1

fields:
  user: # of the users' table, whose key is user_id too
    - { name: user, column: user_id }
    - segment
    - { name: age, kind: number } # cut into buckets of about as many users each
    - gender
    - city
  item: # of the items' table, whose key is item_id too
    - { name: item, column: item_id }
    - category
    - department
    - { name: price, kind: number }
  context: # of the events
    - { name: hour, kind: hour } # of the time
    - { name: weekday, kind: weekday }
    - device
`;
