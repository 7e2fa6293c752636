/** The lines of features.yaml in docs/layouts.md, on made-up rows in the layout of each public log. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { withDuckDB } from "../../../src/database/open.ts";
import { quote } from "../../../src/database/sql.ts";
import { parseYaml } from "../../../src/files/yaml.ts";
import { FEATURE_SECTIONS } from "../../../src/importers/events/features/features.ts";
import { type EventsSummary, prepareEvents } from "../../../src/importers/events/prepare.ts";
import { folder } from "./support.ts";

const page = readFileSync("docs/layouts.md", "utf8");

/** The configurations of a section, in order. */
function configsOf(section: string): Record<string, unknown>[] {
  const [, text] = page.split(`\n## ${section}\n`);
  const [own] = text.split("\n## ");
  return [...own.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml]) => parseYaml(yaml) as Record<string, unknown>);
}

let made = 0;

/** Prepares what a section says of the files of `contents`, by the names that it has for them. */
async function prepare(
  section: string,
  contents: Readonly<Record<string, string | Uint8Array>>,
  index = 0,
): Promise<EventsSummary> {
  const config = configsOf(section)[index];
  const home = join(folder, `layout-${made++}`);
  for (const [name, content] of Object.entries(contents)) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    writeFileSync(join(home, name), content);
  }
  const isSection = ([key]: [string, unknown]) => FEATURE_SECTIONS.includes(key);
  const entries = Object.entries(config);
  const options = entries.filter((entry) => !isSection(entry)).map(([key, value]) => [key, join(home, String(value))]);
  const { events, ...given } = Object.fromEntries(options) as Record<string, string>;
  const features = Object.fromEntries(entries.filter(isSection));
  return await prepareEvents({ events, ...given, features, out: join(home, "data"), memory: "128MB" });
}

/** Twenty users with six events each, of six of ten items, a minute apart. */
const EVENTS = Array.from({ length: 120 }, (_, index) => ({
  user: 1 + (index % 20),
  item: 1 + ((index * 7 + Math.floor(index / 20)) % 10),
  seconds: 1_511_544_070 + 60 * index,
  stars: 1 + ((index * 3) % 5),
  type: ["pv", "pv", "cart", "fav", "buy"][index % 5],
}));
const USERS = Array.from({ length: 20 }, (_, index) => 1 + index);
const ITEMS = Array.from({ length: 10 }, (_, index) => 1 + index);
type Event = (typeof EVENTS)[number];

const lines = (rows: readonly string[], header?: string) =>
  `${[...(header === undefined ? [] : [header]), ...rows].join("\n")}\n`;
const events = (row: (event: Event) => string, header?: string) => lines(EVENTS.map(row), header);

/** A summary of these events: with their ratings as labels, or each behaviour predicted. */
function check({ users, items, behaviours, dropped, warnings, protocol }: EventsSummary, labelled: boolean): void {
  expect(warnings).toEqual([]);
  expect(dropped).toMatchObject({ badRows: 0, duplicateEvents: 0 });
  const liked = EVENTS.filter(({ stars }) => stars >= 4).length;
  expect({ users, items, behaviours }).toEqual({ users: 20, items: 10, behaviours: labelled ? liked : EVENTS.length });
  expect(protocol).toBe(labelled ? "impressions" : "temporal");
}

describe("MovieLens", () => {
  it("100k", async () => {
    const flags = Array.from({ length: 19 }, (_, index) => index % 2).join("|");
    check(
      await prepare("MovieLens 100k", {
        "ml-100k/u.data": events(({ user, item, stars, seconds }) => [user, item, stars, seconds].join("\t")),
        "ml-100k/u.user": lines(USERS.map((user) => `${user}|24|M|technician|85711`)),
        "ml-100k/u.item": Buffer.from(
          lines(
            ITEMS.map((item) => `${item}|"Misérables, Les" (1995)|01-Jan-1995||http://us.imdb.com/M?${item}|${flags}`),
          ),
          "latin1",
        ),
      }),
      true,
    );
  });

  it("1M", async () => {
    check(
      await prepare("MovieLens 1M and 10M", {
        "ml-1m/ratings.dat": events(({ user, item, stars, seconds }) => [user, item, stars, seconds].join("::")),
        "ml-1m/users.dat": lines(USERS.map((user) => `${user}::F::1::10::48067`)),
        "ml-1m/movies.dat": Buffer.from(
          lines(
            ITEMS.map((item) => `${item}::"Misérables" (1995)::${item % 2 ? "Animation|Children's|Comedy" : "Drama"}`),
          ),
          "latin1",
        ),
      }),
      true,
    );
  });

  it("latest", async () => {
    check(
      await prepare("MovieLens latest, 20M, 25M, 32M", {
        "ml-latest-small/ratings.csv": events(
          ({ user, item, stars, seconds }) => `${user},${item},${stars}.0,${seconds}`,
          "userId,movieId,rating,timestamp",
        ),
        "ml-latest-small/movies.csv": lines(
          ITEMS.map(
            (item) => `${item},"American President, The (1995)",${item % 3 ? "Comedy|Drama" : "(no genres listed)"}`,
          ),
          "movieId,title,genres",
        ),
      }),
      true,
    );
  });
});

describe("Amazon", () => {
  it("2014 and 2018", async () => {
    const review = ({ user, item, seconds, stars }: Event) => ({
      overall: stars,
      verified: true,
      reviewTime: "11 24, 2017",
      reviewerID: `A${user}`,
      asin: `B${item}`,
      style: { "Color:": " Black" },
      helpful: [0, 1],
      reviewText: 'I say "good".\nAgain.',
      unixReviewTime: seconds,
    });
    const content = gzipSync(events((event) => JSON.stringify(review(event))));
    check(await prepare("Amazon", { "reviews_Beauty_5.json.gz": content }, 0), false);
  });

  it("2023", async () => {
    const review = ({ user, item, seconds, stars }: Event) => ({
      rating: stars,
      title: "Nice",
      text: "Nice.",
      images: [],
      asin: `B${item}X`,
      parent_asin: `B${item}`,
      user_id: `A${user}`,
      timestamp: seconds * 1000 + 123,
      helpful_vote: 0,
      verified_purchase: true,
    });
    const product = (item: number) => ({
      main_category: "All Beauty",
      title: "Spray",
      price: null,
      store: `S${item % 3}`,
      categories: ["Beauty", `Part ${item % 2}`],
      details: { Brand: "x" },
      parent_asin: `B${item}`,
    });
    const contents = {
      "All_Beauty.jsonl.gz": gzipSync(events((event) => JSON.stringify(review(event)))),
      "meta_All_Beauty.jsonl.gz": gzipSync(lines(ITEMS.map((item) => JSON.stringify(product(item))))),
    };
    check(await prepare("Amazon", contents, 1), false);
  });
});

it("UserBehavior", async () => {
  const row = ({ user, item, type, seconds }: Event) => [user, item, item % 3, type, seconds].join(",");
  check(await prepare("UserBehavior", { "UserBehavior.csv": events(row) }), false);
});

it("RecBole's atomic files", async () => {
  check(
    await prepare("RecBole's atomic files", {
      "ml-100k/ml-100k.inter": events(
        ({ user, item, stars, seconds }) => [user, item, stars, seconds].join("\t"),
        "user_id:token\titem_id:token\trating:float\ttimestamp:float",
      ),
      "ml-100k/ml-100k.user": lines(
        USERS.map((user) => `${user}\t24\tM\ttechnician\t85711`),
        "user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token",
      ),
      "ml-100k/ml-100k.item": lines(
        ITEMS.map((item) => `${item}\t"Weird" Story\t1995\tAnimation Comedy`),
        "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq",
      ),
    }),
    true,
  );
});

it("KuaiRand", async () => {
  const header =
    "user_id,video_id,date,hourmin,time_ms,is_click,is_like,is_follow,is_comment,is_forward,is_hate,long_view,play_time_ms," +
    "duration_ms,profile_stay_time,comment_stay_time,is_profile_enter,is_rand,tab";
  const row = ({ user, item, seconds, stars }: Event) =>
    [user, item, 20171124, 1030, seconds * 1000, Number(stars >= 4), 0, 0, 0, 0, 0, 0, 5000, 9000, 0, 0, 0, 0, 1].join(
      ",",
    );
  const half = EVENTS.length / 2;
  check(
    await prepare("KuaiRand", {
      "KuaiRand-1K/data/log_standard_4_08_to_4_21_1k.csv": lines(EVENTS.slice(0, half).map(row), header),
      "KuaiRand-1K/data/log_standard_4_22_to_5_08_1k.csv": lines(EVENTS.slice(half).map(row), header),
      "KuaiRand-1K/data/user_features_1k.csv": lines(
        USERS.map((user) => `${user},full_active,0,5,"(0,10]",400,"366-730"`),
        "user_id,user_active_degree,is_lowactive_period,follow_user_num,follow_user_num_range,register_days,register_days_range",
      ),
      "KuaiRand-1K/data/video_features_basic_1k.csv": lines(
        ITEMS.map((item) => `${item},${item % 4},NORMAL,2017-11-01,${1000 * item},${item % 2 ? '"39,11"' : "12"}`),
        "video_id,author_id,video_type,upload_dt,video_duration,tag",
      ),
    }),
    true,
  );
});

it("REES46", async () => {
  const header = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session";
  const row = ({ user, item, seconds, type }: Event) => {
    const [day, clock] = new Date(seconds * 1000).toISOString().split(/[T.]/);
    const kind = { pv: "view", fav: "view", cart: "cart", buy: "purchase" }[type];
    const code = item % 3 ? "electronics.smartphone" : "";
    return [`${day} ${clock} UTC`, kind, item, 2053013555631882655n, code, "apple", `${item}.50`, user, "ea01-bc"].join(
      ",",
    );
  };
  const half = EVENTS.length / 2;
  const contents = {
    "2019-Nov.csv": lines(EVENTS.slice(half).map(row), header),
    "2019-Oct.csv": lines(EVENTS.slice(0, half).map(row), header),
  };
  check(await prepare("REES46", contents), false);
});

it("Tianchi's mobile log", async () => {
  const row = ({ user, item, seconds, type }: Event, index: number) => {
    // A row an hour, or those of a user would be at one time.
    const [day, clock] = new Date((seconds + index * 3600) * 1000).toISOString().split("T");
    return [
      user,
      item,
      type === "buy" ? 4 : 1,
      index % 2 ? "95qq10l" : "",
      item % 3,
      `${day} ${clock.slice(0, 2)}`,
    ].join(",");
  };
  const header = "user_id,item_id,behavior_type,user_geohash,item_category,time";
  const contents = { "tianchi_mobile_recommend_train_user.csv": lines(EVENTS.map(row), header) };
  check(await prepare("Tianchi's mobile log", contents), false);
});

it("Retailrocket", async () => {
  const row = ({ user, item, seconds, type }: Event) =>
    type === "buy" ? `${seconds * 1000},${user},transaction,${item},234` : `${seconds * 1000},${user},view,${item},`;
  const content = events(row, "timestamp,visitorid,event,itemid,transactionid");
  check(await prepare("Retailrocket", { "events.csv": content }), false);
});

it("Yoochoose", async () => {
  const row = ({ user, item, seconds }: Event) =>
    [user, new Date(seconds * 1000 + 277).toISOString(), 214536500 + item, item % 2 ? "0" : "S"].join(",");
  check(await prepare("Yoochoose", { "yoochoose-clicks.dat": events(row) }), false);
});

it("Diginetica, through the pipe", async () => {
  const row = ({ user, item, seconds }: Event) => [user, item, seconds * 1000].join(",");
  const contents = {
    "dev/stdin": events(row),
    "product-categories.csv": lines(
      ITEMS.map((item) => `${item};${item % 3}`),
      "itemId;categoryId",
    ),
  };
  check(await prepare("Diginetica", contents), false);
});

it("Tmall", async () => {
  const row = ({ user, item }: Event, index: number) =>
    `${user},${item},${item % 3},4,${item % 2},08${11 + Math.floor(index / 20)},${index % 4}`;
  const contents = {
    "user_log_format1.csv": lines(EVENTS.map(row), "user_id,item_id,cat_id,seller_id,brand_id,time_stamp,action_type"),
    "user_info_format1.csv": lines(
      USERS.map((user) => `${user},3,1`),
      "user_id,age_range,gender",
    ),
  };
  check(await prepare("Tmall", contents), false);
});

/** What a row of candidates becomes: three impressions of each, with two behaviours before them. */
const LISTED = { users: 20, items: 10, behaviours: 40, train: 288, valid: 36, test: 36, warnings: [] };
const shownWith = (item: number) => [item, 1 + (item % 10), 1 + ((item + 1) % 10)];
const historyOf = (user: number) => [1 + (user % 10), 1 + ((user + 3) % 10)];

it("MIND", async () => {
  const row = ({ user, item, seconds }: Event, index: number) => {
    const at = new Date(seconds * 1000);
    const [hour, minute] = [at.getUTCHours(), String(at.getUTCMinutes()).padStart(2, "0")];
    const time = `11/${at.getUTCDate()}/2017 ${hour % 12 || 12}:${minute}:10 ${hour < 12 ? "AM" : "PM"}`;
    const shown = shownWith(item).map((one, place) => `N${one}-${place === index % 3 ? 1 : 0}`);
    return [
      index,
      `U${user}`,
      time,
      historyOf(user)
        .map((one) => `N${one}`)
        .join(" "),
      shown.join(" "),
    ].join("\t");
  };
  const news = ITEMS.map((item) => `N${item}\tnews\tsports\tThe "title\t\thttps://x\t[{"Label": "x"}]\t[]`);
  const contents = {
    "MINDsmall_train/behaviors.tsv": lines(EVENTS.map(row)),
    "MINDsmall_train/news.tsv": lines(news),
  };
  expect(await prepare("MIND", contents)).toMatchObject(LISTED);
});

it("EB-NeRD", async () => {
  const list = (items: readonly number[]) => `[${items.join(", ")}]`;
  const rows = EVENTS.map(({ user, item, seconds }, index) => {
    const shown = shownWith(item);
    const time = `make_timestamp(${seconds}000000)`;
    return `(${user}, ${time}, ${list(shown)}, ${list([shown[index % 3]])}, ${list(historyOf(user))}, 2)`;
  });
  const names = "user_id, impression_time, article_ids_inview, article_ids_clicked, article_id_fixed, device_type";
  const items = ITEMS.map((item) => `(${item}, 'krimi')`);
  const contents = {
    "joined.parquet": await parquet(`SELECT * FROM (VALUES ${rows.join(", ")}) t(${names})`),
    "articles.parquet": await parquet(`SELECT * FROM (VALUES ${items.join(", ")}) t(article_id, category_str)`),
  };
  expect(await prepare("EB-NeRD", contents)).toMatchObject(LISTED);
});

/** The bytes of a Parquet file of a query. */
async function parquet(query: string): Promise<Uint8Array> {
  const path = join(folder, `made-${made++}.parquet`);
  await withDuckDB((connection) => connection.run(`COPY (${query}) TO ${quote(path)} (FORMAT parquet)`));
  return readFileSync(path);
}

it("every section with a configuration is tested here", () => {
  const sections = page
    .split("\n## ")
    .slice(1)
    .map((text) => text.split("\n", 1)[0]);
  const own = readFileSync(new URL(import.meta.url), "utf8");
  for (const section of sections.filter((name) => name !== "Keys of a layout" && configsOf(name).length > 0)) {
    expect(own).toContain(`prepare("${section}"`);
  }
});
