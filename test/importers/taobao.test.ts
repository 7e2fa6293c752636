import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDataset } from "../../src/dataset/read.ts";
import { prepareTaobao } from "../../src/importers/taobao/prepare.ts";
import { loadItemKeys, loadVocabularies } from "../support/dataset.ts";
import { temporaryFolder } from "../support/source.ts";
import { DAYS, FIRST_DAY, writeTaobao } from "../support/taobao.ts";

const folder = temporaryFolder();
const dir = join(folder, "files");
writeTaobao(dir);

test("the four files become a dataset", async () => {
  const out = join(folder, "out");
  const summary = await prepareTaobao({ dir, out });
  expect(summary.users).toBe(200);
  expect(summary.train + summary.valid + summary.test + summary.dropped.duplicateEvents).toBeGreaterThanOrEqual(4000);
  // Days in China.
  expect(Date.parse(summary.testFrom ?? "")).toBe(1000 * (FIRST_DAY + (DAYS.impressions - 1) * 86_400));
  expect(Date.parse(summary.validFrom ?? "")).toBe(1000 * (FIRST_DAY + (DAYS.impressions - 2) * 86_400));
  const { manifest, itemFields, sequences } = await openDataset(out);
  expect(manifest).toMatchObject({ importer: "taobao", protocol: "impressions", maxHistory: 50, unclicked: false });
  expect(manifest.fields.user.map(({ name }) => name)).toContain("new_user_class_level");
  expect((await loadVocabularies(out)).brand).not.toContain("NULL");
  // A behaviour is of a category and a brand; its item is none of the ads.
  const keys = await loadItemKeys(out);
  const row = [...sequences.items].find((item) => /^cate_id=\d+ brand=\d+$/.test(keys[item] ?? "")) ?? 0;
  const [item, category, campaign] = itemFields.map((ids) => ids[row]);
  expect(item).toBe(0);
  expect(campaign).toBe(0);
  const [, value] = /^cate_id=(\d+)/.exec(keys[row] ?? "") ?? [];
  expect((await loadVocabularies(out)).cate_id[category]).toBe(value);
});

test("behaviours may be of some types alone", async () => {
  const all = await prepareTaobao({ dir, out: join(folder, "all") });
  const bought = await prepareTaobao({ dir, out: join(folder, "bought"), types: ["buy", "cart"] });
  expect(bought.behaviours).toBeLessThan(all.behaviours);
  expect(bought.behaviours + bought.dropped.unusedEvents).toBe(all.behaviours);
});

test("a file that is missing is named", async () => {
  rmSync(join(dir, "ad_feature.csv"));
  await expect(prepareTaobao({ dir, out: join(folder, "none") })).rejects.toThrow(
    /files holds no ad_feature\.csv or ad_feature\.csv\.gz$/,
  );
  expect(readdirSync(folder)).not.toContain("none");
});
