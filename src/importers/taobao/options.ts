/** Options of the importer of Taobao's data. */
import { z } from "zod";
import { text } from "../../options/pieces.ts";
import { engineOptions } from "../events/options.ts";

/** What a behaviour may be: page view, into the cart, favourite, purchase. */
const TYPES = ["pv", "cart", "fav", "buy"] as const;

export const taobaoOptions = z.strictObject({
  dir: text("folder", "holds raw_sample, ad_feature, user_profile and behavior_log, each .csv or .csv.gz"),
  types: z
    .array(z.enum(TYPES))
    .min(1)
    .transform((given) => TYPES.filter((type) => given.includes(type)))
    .meta({
      value: "types",
      commas: true,
      description: `only behaviours of these types, with commas between: ${TYPES.join(",")}`,
    })
    .optional(),
  ...engineOptions,
});
export type PrepareTaobaoOptions = Readonly<z.input<typeof taobaoOptions>>;
