/**
 * Pieces that schemas of options are made of. What `dien --help` shows of an option is in its schema: its description,
 * and as `value` the word in `--out <folder>`, where "number" or "name" would not do.
 */
import { z } from "zod";
import { isAddress } from "../errors/addresses.ts";

/** A text with a NUL in it names nothing: systems and databases take it for the end. */
export const withoutNul = z.refine<string>((given) => !given.includes("\0"), "expected a text without NUL characters");

/** What would be a folder called "postgres:" on the disk is meant for something else. */
const isPath = z.refine<string>((given) => !isAddress(given), "expected a path, found the address of a server");

/** A path that a program gives. */
export const path = z.string().min(1).check(withoutNul, isPath);

/** Words of help for paths. */
const PATHS = ["file", "folder", "run"];

/** A text that must not be empty; `value` says what it names, so that a server's address is refused where that is a path. */
export function text(value: string, description: string) {
  const given = PATHS.includes(value) ? path : z.string().min(1).check(withoutNul);
  return given.meta({ value, description });
}

/** A list of such texts. */
export function texts(value: string, description: string) {
  return z.array(z.string().min(1).check(withoutNul)).meta({ value, description });
}

/** The most behaviours that a history may keep. */
export const historyLength = z.int().min(1).max(10_000);

/** A switch that is off unless it is given. */
export function toggle(description: string) {
  return z.boolean().default(false).describe(description);
}

/** Of what reads rows that may be bad. */
export const skipBadRows = toggle("skip rows that cannot be used, however many, and report them");

/** Seeds are 31 bits everywhere, so that one number may seed everything. */
export const seed = z.int32().nonnegative().describe("seed of everything random");

const UNITS: Readonly<Record<string, number>> = { "": 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 };

/** An amount of bytes between two: their number, or a text like "512MB". A number, in the end. */
export function size(least: string, most: string) {
  const expected = `expected a size like "512MB" or "2GB", at least ${least}`;
  return z.union([z.int(), z.string()], expected).transform((given, context) => {
    const bytes = bytesOf(given);
    if (bytes >= bytesOf(least) && bytes <= bytesOf(most)) return bytes;
    const message = bytes > bytesOf(most) ? `expected at most ${most}` : expected;
    context.addIssue({ code: "custom", message, input: given });
    return z.NEVER;
  });
}

/** NaN of a text that is no size. */
function bytesOf(size: number | string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?) ?([KMG]B|)$/i.exec(String(size).trim()) ?? [];
  return Math.floor(Number(digits) * UNITS[unit?.toUpperCase()]);
}

/** An amount of memory: at most more than any machine has, and less than numbers of bytes lose precision at. */
export const memorySize = size("128MB", "1048576GB");

/** A function that is told of what happens. */
export const listener = z.custom((given) => typeof given === "function", "expected a function").optional();

/** What ends a work before it is done. */
export const signal = z.instanceof(AbortSignal, { error: "expected an AbortSignal" }).optional();
