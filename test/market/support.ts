/** A small shop, and two models that learned from its log. */
import { join } from "node:path";
import { parseExperiment } from "../../dist/ab/experiment/experiment.js";
import { shopOptions } from "../../dist/importers/synthetic/options.js";
import { prepareSynthetic } from "../../dist/importers/synthetic/prepare.js";
import { type MarketSettings, marketOptions } from "../../dist/market/options.js";
import { resolveConfig } from "../../dist/run/config.js";
import { train } from "../../dist/training/train.js";

export const shop = shopOptions.parse({ users: 150, items: 96 });

/** Makes the dataset `data`, and the runs `base` and `dien`. */
export async function smallShop(folder: string): Promise<void> {
  const data = join(folder, "data");
  await prepareSynthetic({ ...shop, out: data });
  for (const name of ["base", "dien"]) {
    const model = { name, embedding: { size: 4 }, head: { layers: [8] } };
    const config = resolveConfig({ model, train: { epochs: 1, learning_rate: 0.01 } });
    await train({ data, out: join(folder, name), config, threads: 1 });
  }
}

export const runsIn = (folder: string) => ["base", "dien"].map((name) => ({ name, run: join(folder, name) }));

export const small = (settings: Partial<MarketSettings> = {}): MarketSettings =>
  marketOptions.parse({ population: 60, days: 4, visits: 0.3, ...settings });

export const arms = (...names: readonly string[]) =>
  parseExperiment({ name: "test", arms: names.map((name) => ({ name })) }, "ab.yaml");
