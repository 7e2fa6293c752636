/** The options that only some experiments have. */
import { z } from "zod";
import { models } from "../models/registry.ts";
import { text } from "../options/pieces.ts";

export const experimentOptions = z.strictObject({
  user: text("key", "the user to show (default: the one whose attention differs most between candidates)").optional(),
  model: z
    .enum([...models.keys()])
    .describe("model to search for")
    .default("dien"),
  trials: z.int().min(1).describe("settings to try, the defaults among them").default(20),
});
export type ExperimentOptions = Readonly<z.output<typeof experimentOptions>>;
