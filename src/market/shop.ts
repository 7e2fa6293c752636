/** The shop that a dataset was made of. */

import type { Manifest } from "../dataset/manifest.ts";
import { readManifest } from "../dataset/manifest.ts";
import { failure } from "../errors/failure.ts";
import { type ShopOptions, shopOptions } from "../importers/synthetic/options.ts";

const SYNTHETIC = "synthetic";

/** @throws UserError where the folder is no dataset, or not of the synthetic shop */
export async function shopOf(data: string): Promise<ShopOptions> {
  return shopFrom(data, await readManifest(data));
}

/** @throws UserError where the dataset is not of the synthetic shop */
export function shopFrom(data: string, { importer, settings, seed }: Manifest): ShopOptions {
  const shop = shopOptions.safeParse({ ...settings, seed });
  if (importer !== SYNTHETIC || !shop.success) {
    throw failure("market.other-data", { path: data, expected: SYNTHETIC, found: importer });
  }
  return shop.data;
}
