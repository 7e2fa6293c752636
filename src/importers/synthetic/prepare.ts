/**
 * The synthetic shop (shop.ts) as a dataset: user {segment}, item {item, category}. Impressions carry labels and their
 * true click probability; each user's latest are test samples, those before them validation samples.
 */
import type { z } from "zod";
import type { OnProgress, Split } from "../../dataset/dataset.ts";
import { writeAside } from "../../dataset/folder.ts";
import { type PreparedCounts, preparedCounts } from "../../dataset/manifest.ts";
import { writeDatasetFiles } from "../../dataset/write.ts";
import { turn } from "../../interruption.ts";
import { checkListener, checkOptions } from "../../options/problems.ts";
import { evaluateScores, type Metrics } from "../../statistics/metrics.ts";
import { SampleColumns } from "../sample-columns.ts";
import { writeDumps } from "./dumps.ts";
import { writeLog } from "./log.ts";
import { categoryName, itemName, userName } from "./names.ts";
import { type PrepareSyntheticOptions, type ShopOptions, syntheticOptions } from "./options.ts";
import { categoryOf, simulateUser } from "./shop.ts";

export interface SyntheticSummary extends PreparedCounts {
  readonly categories: number;
  readonly seconds: number;
  /**
   * Metrics of the true click probability on the test samples: no model can do better, but by luck. The AUC of samples
   * with one label only is NaN.
   */
  readonly ceiling: Metrics;
}

/** Share of a user's impressions, at least one, that goes to test, and as many to validation. */
const HELD_OUT = 1 / 6;
const MAX_HISTORY = 100;
/** Users simulated between two turns of the event loop. */
const USERS_PER_TURN = 1000;

/**
 * Prepares the shop that the options describe.
 * @throws UserError where an option cannot be used, or `out`, `dumps` or `log` cannot be written.
 */
export async function prepareSynthetic(
  options: PrepareSyntheticOptions,
  onProgress?: OnProgress,
): Promise<SyntheticSummary> {
  checkListener("prepareSynthetic", onProgress);
  const { out, ...checked } = checkOptions("prepareSynthetic", syntheticOptions, options);
  return await writeAside(out, (folder) => prepareInto(folder, checked, onProgress));
}

async function prepareInto(
  folder: string,
  { dumps, log, logFormat, ...shop }: Omit<z.output<typeof syntheticOptions>, "out">,
  onProgress: OnProgress | undefined,
): Promise<SyntheticSummary> {
  const start = performance.now();
  const { segments, offsets, items, times, training, samples } = await simulate(shop, onProgress);
  const { test } = samples;
  const ceiling = evaluateScores({ label: test.label, score: test.probability, group: test.sequence });
  const catalogue = Array.from({ length: shop.items }, (_, item) => item);
  const { seed, ...settings } = shop;
  if (dumps !== undefined) await writeDumps(dumps, shop, onProgress);
  if (log !== undefined) await writeLog({ ...shop, log, logFormat }, onProgress);
  const manifest = await writeDatasetFiles(
    folder,
    {
      importer: "synthetic",
      protocol: "impressions",
      seed,
      settings,
      inputs: [],
      dropped: {},
      maxHistory: MAX_HISTORY,
      users: segments.map((_, user) => userName(user)),
      offsets,
      items,
      times,
      training,
      userFields: [{ name: "segment", values: segments.map(String) }],
      itemFields: [
        { name: "item", values: [null, ...catalogue.map(itemName)] },
        { name: "category", values: [null, ...catalogue.map((item) => categoryName(categoryOf(shop, item)))] },
      ],
      contextFields: [],
      samples,
      ...(Number.isFinite(ceiling.auc) && { ceilingAuc: ceiling.auc }),
    },
    onProgress,
  );
  return {
    ...preparedCounts(manifest),
    categories: manifest.fields.item[1].values,
    seconds: (performance.now() - start) / 1000,
    ceiling,
  };
}

/** All users' logs by column, as the writer wants them; catalogue row r is item r - 1. */
async function simulate(shop: ShopOptions, onProgress: OnProgress | undefined) {
  const segments: number[] = [];
  const offsets = new Int32Array(shop.users + 1);
  const training = new Int32Array(shop.users);
  const items: number[] = [];
  const times: number[] = [];
  const columns = { train: new SampleColumns(), valid: new SampleColumns(), test: new SampleColumns() };
  const probabilities: Record<Split, number[]> = { train: [], valid: [], test: [] };
  const held = Math.max(1, Math.floor(shop.impressions * HELD_OUT));
  for (let user = 0; user < shop.users; user++) {
    const log = simulateUser(shop, user);
    segments.push(log.segment);
    for (const item of log.items) items.push(item + 1);
    for (const time of log.times) times.push(1000 * time);
    offsets[user + 1] = items.length;
    log.impressions.forEach(({ position, time, item, clicked, probability }, index) => {
      const later = log.impressions.length - 1 - index;
      const split = later < held ? "test" : later < 2 * held ? "valid" : "train";
      if (split === "train") training[user] = position;
      columns[split].add(clicked ? 1 : 0, user, position, item + 1, 1000 * time);
      probabilities[split].push(probability);
    });
    if ((user + 1) % USERS_PER_TURN === 0) {
      onProgress?.("shop", user + 1, shop.users);
      await turn();
    }
  }
  const finish = (split: Split) => ({
    ...columns[split].finish(),
    probability: Float32Array.from(probabilities[split]),
  });
  return {
    segments,
    offsets,
    items: Int32Array.from(items),
    times: Float64Array.from(times),
    training,
    samples: { train: finish("train"), valid: finish("valid"), test: finish("test") },
  };
}
