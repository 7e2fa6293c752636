/** How large a market is, and how it works: what can be set of it. */
import { z } from "zod";
import type { OnlineExperiment } from "../ab/experiment/experiment.ts";
import type { ShopOptions } from "../importers/synthetic/options.ts";
import { seed } from "../options/pieces.ts";

export const marketOptions = z.strictObject({
  population: z
    .int()
    .min(2)
    .max(10_000_000)
    .describe("users who may come: those of the shop's log first, then others like them")
    .default(40_000),
  days: z.int().min(1).max(3650).describe("days that the market is open").default(35),
  visits: z
    .number()
    .gt(0)
    .max(0.5)
    .describe("visits of a user a day, on average; some come often, others seldom")
    .default(0.05),
  pages: z.int().min(1).max(100).describe("pages of a visit, each with ads").default(2),
  slots: z.int().min(1).max(100).describe("ads on a page").default(3),
  candidates: z.int().min(2).max(1000).describe("ads that compete for a page").default(16),
  bidSpread: z
    .number()
    .min(0)
    .max(3)
    .describe("standard deviation of the logarithm of bids; the larger, the less a better model can change")
    .default(0.2),
  positionBias: z
    .number()
    .min(0)
    .max(5)
    .describe("slot k is looked at with the probability k^-BIAS; at 0 all are")
    .default(0),
  seed: seed.default(1),
  inFlight: z.int().min(1).max(256).describe("requests under way at once; they change no result").default(16),
});
export type MarketSettings = Readonly<z.output<typeof marketOptions>>;

export interface MarketOptions {
  /** The shop whose log the models learned from. */
  readonly shop: ShopOptions;
  /** The models of the arms; `oracle` is there without a run. Calibrated are those that say so. */
  readonly runs: readonly { readonly name: string; readonly run: string; readonly calibrated?: boolean | undefined }[];
  readonly experiment: OnlineExperiment;
  /** New folder for the records of the experiment; without one they are not kept. */
  readonly out?: string | undefined;
  /** New folder for the market as a log to learn from, of what was looked at and shown. */
  readonly log?: string | undefined;
  readonly settings: MarketSettings;
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (day: number, days: number, impressions: number) => void;
}
