/** A behaviour as stores keep it, and how it is told from others. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { failure } from "../errors/failure.ts";
import { withoutNul } from "../options/pieces.ts";
import { problemsOf, sentence } from "../options/problems.ts";

/** An item as a request of a model gives it: its key, or texts by the names of fields, several of a list. */
export type StoredItem = string | Readonly<Record<string, string | readonly string[]>>;

/** Something that a user did. */
export interface StoredEvent {
  /** Tells it from all others of the user: what comes again under the same id is the same event, whatever else it says. */
  readonly id: string;
  readonly user: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly item: StoredItem;
  readonly type?: string;
}

/** Who writes more means something else; a user's behaviours lie in one record, which these bound. */
const LONGEST_TEXT = 1000;
const MOST_FIELDS = 100;
const MOST_VALUES = 64;

const WELL_FORMED = "expected a text whose characters are whole";
const text = z
  .string()
  .max(LONGEST_TEXT)
  .check(withoutNul)
  // Half a surrogate pair has no bytes of its own: two such users would be one.
  .refine((given) => !/\p{Surrogate}/u.test(given), WELL_FORMED);
const name = text.min(1);
const values = z.union([text, z.array(text).max(MOST_VALUES)], "expected a text, or a list of texts");
const fields = z
  .record(name, values)
  .refine((given) => Object.keys(given).length <= MOST_FIELDS, `expected at most ${MOST_FIELDS} fields`);

export const storedEventSchema = z.strictObject({
  id: name,
  user: name,
  /** To the millisecond, as `Date` has them. */
  time: z.int().min(-8.64e15).max(8.64e15),
  item: z.union([name, fields], "expected the key of an item, or texts by the names of its fields"),
  type: name.exactOptional(),
}) satisfies z.ZodType<StoredEvent>;

/** @throws UserError where one of `events` is none */
export function checkEvents(events: readonly StoredEvent[]): void {
  for (const [index, event] of events.entries()) {
    if (storedEventSchema.safeParse(event).success) continue;
    const [problem] = problemsOf(storedEventSchema, event);
    const field = ["events", index, ...problem.path].join(".");
    throw failure("request.invalid", { field, problem: sentence(problem, field) });
  }
}

/** An event with an id made of all that it says, where it has none of its own: the same one again is known by it. */
export function identified(event: Omit<StoredEvent, "id">): StoredEvent {
  const { user, time, item, type } = event;
  const said = JSON.stringify([user, time, item, type ?? null]);
  return { id: createHash("sha256").update(said).digest("base64url").slice(0, 22), ...event };
}

/** The order of behaviours: by time; those of equal times by what they were of, so that any order of coming ends in one. */
export function compareEvents(a: StoredEvent, b: StoredEvent): number {
  return (
    a.time - b.time ||
    compareTexts(textOf(a.item), textOf(b.item)) ||
    compareTexts(a.type ?? "", b.type ?? "") ||
    compareTexts(a.id, b.id)
  );
}

const textOf = (item: StoredItem) => (typeof item === "string" ? item : JSON.stringify(item));

/** The order of the bytes of UTF-8, which is that of `prepare`'s catalogues. */
export function compareTexts(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}
