/**
 * Alimama's display advertising data of Taobao (https://tianchi.aliyun.com/dataset/56) to a dataset: a preset of the
 * engine for logs. Behaviours are of a category and a brand, not of ads; a click on an ad is a behaviour too.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { OnProgress } from "../../dataset/dataset.ts";
import { failure } from "../../errors/failure.ts";
import { checkListener, checkOptions } from "../../options/problems.ts";
import { resolveFeatures } from "../events/features/features.ts";
import { type EventsSummary, prepareLogs } from "../events/prepare.ts";
import { type PrepareTaobaoOptions, taobaoOptions } from "./options.ts";

/** features.yaml of these files. */
const FEATURES = {
  columns: { user: "user", item: "adgroup_id", time: "time_stamp", label: "clk" },
  behaviours: {
    max_history: 50,
    columns: { user: "user", time: "time_stamp", type: "btag" },
    fields: [{ name: "cate_id", column: "cate" }, "brand"],
  },
  // Eight days of impressions: six to train on, one to choose a model by, one to report it on.
  split: { valid_from: "2017-05-12", test_from: "2017-05-13" },
  missing: ["NULL"],
  utc_offset: "+08:00",
  keys: { user: "userid", item: "adgroup_id" },
  fields: {
    user: [
      { name: "user", column: "userid" },
      "cms_segid",
      "cms_group_id",
      "final_gender_code",
      "age_level",
      "pvalue_level",
      "shopping_level",
      "occupation",
      // The file's header has the space.
      { name: "new_user_class_level", column: "new_user_class_level " },
    ],
    item: ["item", "cate_id", "campaign_id", "customer", "brand", { name: "price", kind: "number" }],
    context: ["pid", { name: "hour", kind: "hour" }, { name: "weekday", kind: "weekday" }],
  },
};

/**
 * Prepares a dataset of the four files.
 * @throws UserError where one is missing or cannot be used, and as `prepareEvents`
 */
export async function prepareTaobao(options: PrepareTaobaoOptions, onProgress?: OnProgress): Promise<EventsSummary> {
  checkListener("prepareTaobao", onProgress);
  const { dir, types, ...rest } = checkOptions("prepareTaobao", taobaoOptions, options);
  const behaviours = { ...FEATURES.behaviours, ...(types && { types }) };
  const given = { behaviours: true, users: true, items: true };
  const features = resolveFeatures({ ...FEATURES, behaviours }, given, "Taobao's features");
  const sources = {
    events: findFile(dir, "raw_sample"),
    behaviours: findFile(dir, "behavior_log"),
    users: findFile(dir, "user_profile"),
    items: findFile(dir, "ad_feature"),
  };
  return prepareLogs("taobao", features, sources, rest, onProgress);
}

function findFile(dir: string, name: string): string {
  const names = [`${name}.csv`, `${name}.csv.gz`];
  const found = names.map((file) => join(dir, file)).find((path) => existsSync(path));
  if (found === undefined) throw failure("source.lacks-file", { path: dir, names });
  return found;
}
