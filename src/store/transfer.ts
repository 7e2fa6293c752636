/** A store as lines, an event each, and back. */
import { failure, type UserError, within } from "../errors/failure.ts";
import type { Line } from "../lines.ts";
import { problemsOf, sentence } from "../options/problems.ts";
import { type StoredEvent, storedEventSchema } from "./event.ts";
import type { Added } from "./history.ts";
import type { BehaviourStore } from "./store.ts";

/** An event as a line of an export. */
export function lineOf({ user, id, time, item, type }: StoredEvent): string {
  return `${JSON.stringify({ user, id, time, item, ...(type !== undefined && { type }) })}\n`;
}

/** The event on a line of an export of that name; or what is wrong with the line. */
export function eventOn({ number, text, isUtf8 }: Line, name: string): StoredEvent | UserError {
  if (!isUtf8) return failure("file.wrong-line", { path: name, line: number, expected: "text in UTF-8" });
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    return failure("file.not-json", { path: name, line: number, reason: (error as Error).message });
  }
  const parsed = storedEventSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [problem] = problemsOf(storedEventSchema, given);
  const field = problem.path.join(".") || "the event";
  return within(`${name}: line ${number}`, failure("request.invalid", { field, problem: sentence(problem, field) }));
}

/** Adds groups of events to a store; `counts` are of all of them so far. */
export class StoreImport {
  readonly #store: BehaviourStore;
  counts: Added = { added: 0, known: 0, dropped: 0 };

  constructor(store: BehaviourStore) {
    this.#store = store;
  }

  async add(events: readonly StoredEvent[]): Promise<void> {
    const { added, known, dropped } = await this.#store.append(events);
    const before = this.counts;
    this.counts = { added: before.added + added, known: before.known + known, dropped: before.dropped + dropped };
  }
}
