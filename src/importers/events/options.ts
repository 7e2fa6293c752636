/** Options of the importer of event logs, and of every importer that goes through its engine. */
import { z } from "zod";
import { memorySize, skipBadRows, text } from "../../options/pieces.ts";
import { out, sampleSeed } from "../options.ts";
import { layoutSchema } from "./source/layout.ts";

/** Options of the engine, whatever the log. */
export const engineOptions = {
  out,
  /** Bytes; half of them are the database's. What it cannot hold goes to a folder beside `out`, or where there is none, of the system's. */
  memory: memorySize
    .meta({
      value: "size",
      description: "approximate memory limit, at least 128MB; what does not fit goes to the disk",
    })
    .prefault("2GB"),
  seed: sampleSeed,
  skipBadRows,
};
export type EngineOptions = z.output<z.ZodObject<typeof engineOptions>>;

export const eventsOptions = z.strictObject({
  events: text("files", "the log: a file, a pattern in quotes ('log/*.csv.gz'), or the address of a database"),
  behaviours: text("files", "a log of behaviours beside it").optional(),
  users: text("files", "table of users").optional(),
  items: text("files", "table of items").optional(),
  like: text("folder", "earlier dataset: numbers get its buckets and scales, so that its models can go on").optional(),
  /** Of the log: they win over `layout:` of the features. */
  ...layoutSchema.shape,
  ...engineOptions,
  /** The sections of features.yaml, and the name that errors in them have for it. */
  features: z.unknown().optional(),
  featuresPath: z.string().default("features"),
});
export type PrepareEventsOptions = Readonly<z.input<typeof eventsOptions>>;

/** The options of `prepare events` that say what a log is, and how it is read. */
export const behavioursOptions = eventsOptions.omit({ out: true, seed: true, like: true, users: true, items: true });
export type BehavioursOptions = Readonly<z.input<typeof behavioursOptions>>;
