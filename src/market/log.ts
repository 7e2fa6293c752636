/**
 * What happened in a market as a log of its own, for `dien prepare events`: models that learn from it know only what
 * earlier models have shown.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { replaceFiles } from "../files/aside.ts";
import { folderPlace, withClaim } from "../files/claim.ts";
import { checkEmpty, makeFolder } from "../files/plain.ts";
import { categoryName, itemName } from "../importers/synthetic/names.ts";
import type { ShopOptions } from "../importers/synthetic/options.ts";
import { categoryOf } from "../importers/synthetic/shop.ts";
import { type Table, writeTable } from "../importers/synthetic/table-files.ts";

/** Something that a user looked at (`clicked` null), or an ad that was shown. */
export interface LogRow {
  readonly user: string;
  readonly item: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly clicked: boolean | null;
}

/** Writes events, users and items as CSV and features.yaml to a new folder. @throws UserError where it is not empty */
export async function writeMarketLog(
  folder: string,
  shop: ShopOptions,
  segments: ReadonlyMap<string, number>,
  rows: readonly LogRow[],
): Promise<void> {
  await checkEmpty(folder);
  await makeFolder(folder);
  const text = (...names: string[]) => names.map((name) => ({ name, type: "VARCHAR" }) as const);
  const events: Table = {
    columns: [...text("user_id", "item_id"), { name: "time", type: "TIMESTAMPTZ" }, ...text("type", "clicked")],
    rows: rows.map(({ user, item, time, clicked }) => [
      ...[user, item, new Date(time).toISOString()],
      ...(clicked === null ? ["view", null] : ["ad", clicked ? 1 : 0]),
    ]),
  };
  const users: Table = { columns: text("user_id", "segment"), rows: [...segments] };
  const catalogue = Array.from({ length: shop.items }, (_, item) => [
    itemName(item),
    categoryName(categoryOf(shop, item)),
  ]);
  const items: Table = { columns: text("item_id", "category"), rows: catalogue };
  const tables = Object.entries({ events, users, items }).map(([name, table]) => ({
    path: join(folder, `${name}.csv`),
    write: (temporary: string) => writeTable(temporary, table, "csv"),
  }));
  const features = {
    path: join(folder, "features.yaml"),
    write: (temporary: string) => writeFile(temporary, FEATURES),
  };
  await withClaim(folderPlace(folder), () => replaceFiles([...tables, features]));
}

const FEATURES = `# What is what in the log of a market. In this folder, it becomes a dataset by
#   dien prepare events --config features.yaml --events events.csv --users users.csv --items items.csv --out dataset
columns: { user: user_id, item: item_id, time: time, label: clicked, type: type }
behaviours: { types: [view], max_history: 100 }
impressions: { types: [ad] }
split: { valid: 0.1, test: 0.1 }
fields:
  user: [segment]
  item:
    - { name: item, column: item_id }
    - category
`;
