/** Options that importers share. These schemas stand apart from the importers: `--help` must not wait for a database. */
import { z } from "zod";
import { seed, text } from "../options/pieces.ts";

export const out = text("folder", "where the dataset goes; an older dataset there is replaced");

export const sampleSeed = seed.default(0);

/**
 * What a negative must not be: an item of the user's own sequence (but of a return it is one of the history), or (as in the
 * authors' code) the positive alone.
 */
export const negatives = z.enum(["strict", "released"]).meta({
  value: "rule",
  description:
    "strict: never an item of the user's own, but of a return one of its history; released: only not the positive",
});
export type Negatives = z.output<typeof negatives>;
