/**
 * Pieces that schemas of options are made of. What `dien --help` shows of an option is in its schema: its description,
 * and as `value` the word in `--out <folder>`, where "number" or "name" would not do.
 */
import { z } from "zod";

/** A text that must not be empty; `value` says what it names. */
export function text(value: string, description: string) {
  return z.string().min(1).meta({ value, description });
}

/** A list of such texts. */
export function texts(value: string, description: string) {
  return z.array(z.string().min(1)).meta({ value, description });
}

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
const MEMORY = 'expected a size like "512MB" or "2GB", at least 128MB';

/** An amount of memory: a number of bytes, or a text like "512MB". Bytes, in the end. */
export const memorySize = z.union([z.int(), z.string()], MEMORY).transform((given, context) => {
  const bytes = typeof given === "number" ? given : bytesOf(given);
  if (bytes >= LEAST_MEMORY) return bytes;
  context.addIssue({ code: "custom", message: MEMORY, input: given });
  return z.NEVER;
});

/** NaN of a text that is no size. */
function bytesOf(size: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?) ?([MG]B)$/i.exec(size.trim()) ?? [];
  return Math.floor(Number(digits) * UNITS[unit?.toUpperCase()]);
}
