/**
 * Small synthetic files in the layout of Alimama's public display advertising data
 * (https://tianchi.aliyun.com/dataset/56): four CSV files, times in Unix seconds. Behaviours are of categories and
 * brands, not of ads; some users have no profile, some no behaviours. Users stay with a few categories and click what
 * is of them.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../../src/tensor/random.ts";

export interface TaobaoSize {
  readonly users?: number;
  readonly ads?: number;
  readonly categories?: number;
  /** Impressions of a user. */
  readonly impressions?: number;
  /** Behaviours of a user who has any, on average. */
  readonly behaviours?: number;
  readonly seed?: number;
}

export interface TaobaoFiles {
  readonly rawSample: string;
  readonly adFeature: string;
  readonly userProfile: string;
  readonly behaviorLog: string;
}

const DAY = 86_400;
/** 2017-05-06, 00:00 in China. */
export const FIRST_DAY = 1_494_000_000;
/** Days of impressions, to 2017-05-13, and the days of behaviours before that day. */
export const DAYS = { impressions: 8, behaviours: 22 };
/** Of users: without a profile, and without behaviours. */
const ABSENT = { profile: 0.1, behaviours: 0.1 };
const FAVOURITES = 3;
/** Share of behaviours and of impressions that are of a user's favourites. */
const FAVOURED = { behaviours: 0.8, impressions: 0.4 };
const CLICKED = { favourite: 0.4, other: 0.05 };
const BRANDS_PER_CATEGORY = 4;
const PLACES = ["430548_1007", "430539_1007"];

/** Writes the four files, whose rows are in no order, as in the real ones. At least one ad a category. */
export function writeTaobao(
  folder: string,
  { users = 200, ads = 60, categories = 12, impressions = 20, behaviours = 30, seed = 1 }: TaobaoSize = {},
): TaobaoFiles {
  const random = new Random(seed);
  const one = <T>(values: readonly T[]): T => values[random.integer(values.length)];
  const unless = <T>(share: number, value: T, otherwise: string) => (random.uniform() < share ? otherwise : value);
  const category = (index: number) => 4000 + 7 * index;
  const brand = (index: number) => 90_000 + BRANDS_PER_CATEGORY * index + random.integer(BRANDS_PER_CATEGORY);

  const adFeature = Array.from({ length: ads }, (_, ad) => {
    const price = (1 + random.integer(100_000)) / 100;
    const named = unless(0.2, brand(ad % categories), "NULL");
    return [adId(ad), category(ad % categories), 100 + random.integer(ads), 200 + random.integer(ads), named, price];
  });
  const rawSample: (string | number)[][] = [];
  const userProfile: (string | number)[][] = [];
  const behaviorLog: (string | number)[][] = [];
  for (let user = 0; user < users; user++) {
    const id = 1000 + 3 * user;
    const favourites = Array.from({ length: FAVOURITES }, () => random.integer(categories));
    const pick = (share: number) => (random.uniform() < share ? one(favourites) : random.integer(categories));
    if (random.uniform() >= ABSENT.profile) {
      const group = random.integer(13);
      const gender = 1 + random.integer(2);
      const value = unless(0.5, 1 + random.integer(3), "");
      const city = unless(0.3, 1 + random.integer(4), "");
      const [age, depth, student] = [random.integer(7), 1 + random.integer(3), random.integer(2)];
      userProfile.push([id, random.integer(97), group, gender, age, value, depth, student, city]);
    }
    const active = random.uniform() >= ABSENT.behaviours;
    const length = active ? 1 + random.integer(2 * behaviours - 1) : 0;
    const last = FIRST_DAY + (DAYS.impressions - 1) * DAY;
    for (let i = 0; i < length; i++) {
      const time = last - 1 - random.integer(DAYS.behaviours * DAY);
      const tag = random.uniform() < 0.9 ? "pv" : one(["cart", "fav", "buy"]);
      const index = pick(FAVOURED.behaviours);
      behaviorLog.push([id, time, tag, category(index), brand(index)]);
    }
    for (let i = 0; i < impressions; i++) {
      const index = pick(FAVOURED.impressions);
      const ad = index + categories * random.integer(Math.ceil((ads - index) / categories));
      const clicked = random.uniform() < (favourites.includes(index) ? CLICKED.favourite : CLICKED.other) ? 1 : 0;
      const time = FIRST_DAY + random.integer(DAYS.impressions * DAY);
      rawSample.push([id, time, adId(ad), one(PLACES), 1 - clicked, clicked]);
    }
  }
  mkdirSync(folder, { recursive: true });
  const write = (name: string, header: string, rows: readonly (readonly (string | number)[])[]) => {
    const path = join(folder, name);
    const order = Int32Array.from(rows, (_, i) => i);
    random.shuffle(order);
    writeFileSync(path, `${[header, ...Array.from(order, (i) => rows[i].join(","))].join("\n")}\n`);
    return path;
  };
  return {
    rawSample: write("raw_sample.csv", "user,time_stamp,adgroup_id,pid,nonclk,clk", rawSample),
    adFeature: write("ad_feature.csv", "adgroup_id,cate_id,campaign_id,customer,brand,price", adFeature),
    userProfile: write(
      "user_profile.csv",
      // The last name ends with a space, in the real file too.
      "userid,cms_segid,cms_group_id,final_gender_code,age_level,pvalue_level,shopping_level,occupation,new_user_class_level ",
      userProfile,
    ),
    behaviorLog: write("behavior_log.csv", "user,time_stamp,btag,cate,brand", behaviorLog),
  };
}

const adId = (ad: number) => 1 + 5 * ad;
