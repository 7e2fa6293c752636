/**
 * What happens, as a server is told of it, to behaviours of a store; and back to the history of a request. What a
 * behaviour is, its times and its values are what they were when the data of the model were prepared.
 */
import { z } from "zod";
import { knownValues, LONGEST_LIST } from "../dataset/lists.ts";
import { AHEAD, EARLIEST } from "../dataset/time.ts";
import { readTime } from "../dataset/time-format.ts";
import { categoriesOf, isMissing, type Transform } from "../dataset/transform.ts";
import { failure, UserError, within } from "../errors/failure.ts";
import type { ModelDescription } from "../run/model-description.ts";
import { identified, type StoredEvent, type StoredItem } from "../store/event.ts";
import type { HistoryQuery } from "../store/history.ts";
import { type Value, type Values, value, valueOrValues } from "./request.ts";
import { isOne, isValues, nameOf, placed, refuseList, refuseTime, textOf, USER_KEY } from "./values.ts";

/** Something that a user did, in the values of the raw data. */
export const postedEventSchema = z.strictObject({
  /** Tells it from all others of the user; without it, user, item, time and type do. */
  id: z.union([z.string(), z.number()], "expected a string or a number").optional(),
  /** The key of the user. */
  user: value,
  /** The item's key, or an object of its key and of item fields. */
  item: valueOrValues,
  time: value,
  type: value.optional(),
});
export type PostedEvent = z.output<typeof postedEventSchema>;

/** What of posted events is behaviours; the others are of types that no model looks at. */
export interface PostedBehaviours {
  readonly events: readonly StoredEvent[];
  readonly ignored: number;
}

/**
 * Reads posted events for the models that a store serves: an event is kept where one of them takes its type.
 * @param models how times are written, the first says
 * @throws UserError for an event without a user, an item or a time, or with a field that no model has: none is taken then
 */
export function behavioursOf(models: readonly ModelDescription[], posted: readonly PostedEvent[]): PostedBehaviours {
  const events: StoredEvent[] = [];
  for (const [index, event] of posted.entries()) {
    try {
      const type = nameOf("type", event.type);
      if (models.every((model) => !takesType(model, type))) continue;
      events.push(storedEvent(models, event, type));
    } catch (error) {
      throw error instanceof UserError ? within(`events.${index}`, error) : error;
    }
  }
  return { events, ignored: posted.length - events.length };
}

/**
 * Whether no event of a log has such a time, as preparation warns of them: it is before 1990, unless the log has a format of
 * its own, or in the future.
 * @param now milliseconds since 1970
 */
export function isUnlikely({ timeFormat }: ModelDescription, time: number, now: number): boolean {
  return (time < EARLIEST && timeFormat === null) || time > now + AHEAD;
}

function takesType({ behaviourTypes }: ModelDescription, type: string | null): boolean {
  return behaviourTypes === undefined || (type !== null && behaviourTypes.includes(type));
}

function storedEvent(models: readonly ModelDescription[], event: PostedEvent, type: string | null): StoredEvent {
  const [{ timeFormat, utcOffset }] = models;
  const user = nameOf("user", event.user);
  if (user === null)
    throw failure("request.wrong-value", { field: "user", expected: "the key of a user", found: shown(event.user) });
  const { time } = event;
  const isTime = time !== null && time !== "" && typeof time !== "boolean";
  const moment = (isTime ? readTime(time, timeFormat, utcOffset) : null) ?? refuseTime("time", time);
  const said = { user, time: moment, item: storedItem(models, event.item), ...(type !== null && { type }) };
  const id = nameOf("id", event.id);
  return id === null ? identified(said) : { id, ...said };
}

/** An item by its key alone, or with what is given of its fields, in the order of the model's. */
function storedItem(models: readonly ModelDescription[], given: Value | Values): StoredItem {
  const [{ schema }] = models;
  const key = schema.item[0].name;
  let texts: Record<string, string | readonly string[]>;
  try {
    texts = storedTexts(models, isValues(given) ? given : { [key]: given });
  } catch (error) {
    throw placed("item", given, error);
  }
  const names = Object.keys(texts);
  if (names.length === 0) {
    throw failure("request.wrong-value", {
      field: "item",
      expected: "the key of an item, or fields of it",
      found: shown(given),
    });
  }
  return names.length === 1 && names[0] === key ? (texts[key] as string) : texts;
}

/** What is given of an item's fields, in the order of the models'. */
function storedTexts(models: readonly ModelDescription[], values: Values): Record<string, string | readonly string[]> {
  const known = fieldsOf(models);
  for (const name in values) {
    if (known.has(name)) continue;
    throw failure("request.unknown-field", { kind: "item", field: name, known: [...known.keys()].join(", ") });
  }
  const texts: Record<string, string | readonly string[]> = {};
  for (const [name, transform] of known) {
    const text = Object.hasOwn(values, name) ? storedValue(name, values[name], transform) : null;
    if (text !== null) texts[name] = text;
  }
  return texts;
}

/** What the models know of the fields of items; of one that several have, what the first knows. */
function fieldsOf(models: readonly ModelDescription[]): Map<string, Transform> {
  const known = new Map<string, Transform>();
  for (const { schema, transforms } of models) {
    for (const { name } of schema.item) if (!known.has(name)) known.set(name, transforms[name]);
  }
  return known;
}

/** A value as the text that means the same to every model that has the field; null where there is none. */
function storedValue(name: string, given: Values[string], transform: Transform): string | readonly string[] | null {
  if (transform.kind === "list") {
    const list = isOne(given)
      ? categoriesOf(transform, nameOf(name, given))
      : knownValues(
          given.map((one) => nameOf(name, one)),
          transform,
        );
    return list.length > 0 ? list.slice(0, LONGEST_LIST) : null;
  }
  if (!isOne(given)) throw refuseList(name, given);
  const text = transform.kind === "category" ? nameOf(name, given) : textOf(given);
  return isMissing(transform, text) ? null : text;
}

const shown = (given: unknown) => JSON.stringify(given).slice(0, 60);

/** Which behaviours of a store may be in a history at `time`; without a time, the latest. */
export function historyQuery(model: ModelDescription, time: Value | undefined): HistoryQuery {
  const { schema, window, behaviourTypes } = model;
  const now = momentOf(model, time);
  return {
    most: schema.maxHistory,
    ...(now !== undefined && { before: now }),
    ...(now !== undefined && window !== null && { since: now - window }),
    ...(behaviourTypes && { types: behaviourTypes }),
  };
}

function momentOf({ timeFormat, utcOffset }: ModelDescription, time: Value | undefined): number | undefined {
  if (time === undefined || time === null || time === "") return undefined;
  return (typeof time === "boolean" ? null : readTime(time, timeFormat, utcOffset)) ?? refuseTime("time", time);
}

/** Behaviours of a store as the history of a request; of fields that the model does not have, nothing. */
export function historyOf(model: ModelDescription, events: readonly StoredEvent[]): Values[] {
  const [key, ...others] = model.schema.item.map(({ name }) => name);
  return events.map(({ item, time }) => {
    const values: Record<string, string | number | readonly string[]> = { time: timeText(model, time) };
    if (typeof item === "string") values[key] = item;
    else for (const name of [key, ...others]) if (Object.hasOwn(item, name)) values[name] = item[name];
    return values;
  });
}

/** Milliseconds of so many digits are read as they are. */
const [LEAST, MOST] = [1e12, 1e13];

/** A moment as every model reads it. */
function timeText({ timeFormat }: ModelDescription, time: number): string | number {
  if (timeFormat === null && time >= LEAST && time < MOST) return time;
  return new Date(time).toISOString().replace("Z", "+00:00");
}

/**
 * The key of a request's user in a store; null where the request does not say who it is. Where it is no field of the model,
 * it stands beside the values of those.
 */
export function userKeyOf({ userKey = USER_KEY }: ModelDescription, user: Value | Values): string | null {
  if (!isValues(user)) return nameOf("user", user);
  const key = user[userKey];
  if (!isOne(key)) throw refuseList(`user.${userKey}`, key);
  return nameOf(`user.${userKey}`, key);
}
