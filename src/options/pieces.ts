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

const UNITS: Readonly<Record<string, number>> = { MB: 2 ** 20, GB: 2 ** 30 };
const LEAST_MEMORY = 128 * UNITS.MB;
/** More than any machine has, and less than numbers of bytes lose precision at. */
const MOST_MEMORY = 2 ** 20 * UNITS.GB;
const MEMORY = 'expected a size like "512MB" or "2GB", at least 128MB';
const TOO_MUCH = "expected at most 1048576GB";

/** An amount of memory: a number of bytes, or a text like "512MB". Bytes, in the end. */
export const memorySize = z.union([z.int(), z.string()], MEMORY).transform((given, context) => {
  const bytes = typeof given === "number" ? given : bytesOf(given);
  if (bytes >= LEAST_MEMORY && bytes <= MOST_MEMORY) return bytes;
  context.addIssue({ code: "custom", message: bytes > MOST_MEMORY ? TOO_MUCH : MEMORY, input: given });
  return z.NEVER;
});

/** NaN of a text that is no size. */
function bytesOf(size: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?) ?([MG]B)$/i.exec(size.trim()) ?? [];
  return Math.floor(Number(digits) * UNITS[unit?.toUpperCase()]);
}

/** A function that is told of what happens. */
export const listener = z.custom((given) => typeof given === "function", "expected a function").optional();

/** What ends a work before it is done. */
export const signal = z.instanceof(AbortSignal, { error: "expected an AbortSignal" }).optional();
