/** Options of the synthetic shop: its size, and what is written of it. */
import { z } from "zod";
import { text } from "../../options/pieces.ts";
import { out, sampleSeed } from "../options.ts";

/** Categories on the ring of a department. */
export const STAGES = 8;

/** Most departments that one user is interested in; the shop must have so many. */
export const MOST_INTERESTS = 3;

/** The formats of tables, and how their files' names end. */
export const EXTENSIONS = { csv: "csv", ndjson: "ndjson.gz", parquet: "parquet" } as const;
export type TableFormat = keyof typeof EXTENSIONS;
export const TABLE_FORMATS = Object.keys(EXTENSIONS) as TableFormat[];

const size = {
  users: z.int().min(1).max(50_000_000).describe("users of the shop").default(12_000),
  items: z.int().min(1).max(10_000_000).describe("items for sale, at least one a category").default(960),
  departments: z.int().min(MOST_INTERESTS).max(10_000).describe("departments, of eight categories each").default(4),
  meanHistory: z.number().min(4).max(1000).describe("behaviours of a user, on average").default(24),
  impressions: z.int().min(3).max(1000).describe("labelled impressions of a user").default(12),
  seed: sampleSeed,
};

const log = text(
  "folder",
  "also write the shop as a log of events, for `dien prepare events`; --out may then be absent",
);

const files = {
  dumps: text("folder", "also write the behaviours as Amazon review dumps, for `dien prepare amazon`").optional(),
  log: log.optional(),
  logFormat: z.enum(TABLE_FORMATS).meta({ value: "format", description: "of the log's files" }).default("csv"),
};

export const shopOptions = z.strictObject(size).superRefine(stockCategories);
export type ShopOptions = Readonly<z.output<typeof shopOptions>>;

export const logOptions = z.strictObject({ log, logFormat: files.logFormat, ...size }).superRefine(stockCategories);
export type WriteLogOptions = Readonly<z.input<typeof logOptions>>;

export const syntheticOptions = z.strictObject({ out, ...files, ...size }).superRefine(stockCategories);
export type PrepareSyntheticOptions = Readonly<z.input<typeof syntheticOptions>>;

/** The command's: a log may be all that is wanted. */
export const syntheticFlags = z.strictObject({ out: out.optional(), ...files, ...size }).superRefine(stockCategories);

/** Refuses a shop with fewer items than categories. */
function stockCategories({ items, departments }: z.output<z.ZodObject<typeof size>>, context: z.RefinementCtx): void {
  const least = departments * STAGES;
  if (items >= least) return;
  const message = `expected at least ${least} for ${departments} departments`;
  context.addIssue({ code: "custom", path: ["items"], input: items, message });
}
