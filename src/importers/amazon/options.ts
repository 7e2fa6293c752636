/** Options of the importer of Amazon reviews. */
import { z } from "zod";
import { PROTOCOLS } from "../../dataset/manifest.ts";
import { historyLength, text } from "../../options/pieces.ts";
import { negatives, out, sampleSeed } from "../options.ts";

export const amazonOptions = z.strictObject({
  reviews: text("file", "review dump: reviews_NAME_5.json.gz (2014), NAME_5.json.gz (2018), NAME.jsonl.gz (2023)"),
  meta: text("file", "metadata dump: meta_NAME.json.gz, or meta_NAME.jsonl.gz (2023)"),
  out,
  protocol: z
    .enum(PROTOCOLS)
    .describe("paper: last behaviour of each user; temporal: every behaviour from its past")
    .default("paper"),
  negatives: negatives.default("strict"),
  maxHistory: historyLength.describe("histories keep the latest so many behaviours").default(100),
  seed: sampleSeed,
});
export type PrepareAmazonOptions = Readonly<z.input<typeof amazonOptions>>;
