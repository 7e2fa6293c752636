/**
 * Requests of raw values to ids, by the catalogue, the transforms and the vocabularies that a model keeps of the data it
 * was trained on. Each value is read once, into arrays that are kept from request to request.
 */
import { mayHold } from "../dataset/history.ts";
import { parseTime } from "../dataset/time.ts";
import { categoryOf, isMissing, readsTime, type Transform } from "../dataset/transform.ts";
import { failure } from "../errors/failure.ts";
import type { Batch } from "../features/batch.ts";
import type { Field, Schema } from "../features/schema.ts";
import type { ModelDescription } from "../run/model-description.ts";
import { gatherCells } from "../tensor/arrays.ts";
import type { PredictRequest, Value, Values } from "./request.ts";

/** A request in the ids and the catalogue rows of the dataset that the model was trained on. */
export interface CodedRequest {
  /** Per user and context field. */
  readonly user: readonly number[];
  readonly context: readonly number[];
  readonly candidate: number;
  /** Oldest first; the latest ones count. */
  readonly history: readonly number[];
}

/** What a model knows of a field. */
class FieldReader {
  readonly name: string;
  readonly readsTime: boolean;
  readonly #transform: Transform;
  readonly #ids: ReadonlyMap<string, number>;

  constructor({ name }: Field, { transforms, vocabularies }: ModelDescription) {
    this.name = name;
    this.readsTime = readsTime(transforms[name]);
    this.#transform = transforms[name];
    this.#ids = placesOf(vocabularies[name]);
  }

  /** The id of a value's text; 0, the unknown, without one. */
  idOf(text: string | null): number {
    const category = categoryOf(this.#transform, text);
    return category === null ? 0 : (this.#ids.get(category) ?? 0);
  }

  /** The text of a value, null where there is none. Numbers are read with the digits they have left; of names all must be there. */
  read(value: Value | undefined): string | null {
    const text = this.#transform.kind === "category" ? nameOf(this.name, value) : textOf(value);
    return isMissing(this.#transform, text) ? null : text;
  }
}

/** The fields of users, contexts or items, by name. */
class FieldGroup {
  readonly fields: readonly FieldReader[];
  readonly #kind: string;
  readonly #places: ReadonlyMap<string, number>;

  constructor(kind: "user" | "item" | "context", description: ModelDescription) {
    this.fields = description.schema[kind].map((field) => new FieldReader(field, description));
    this.#kind = kind;
    this.#places = placesOf(this.fields.map(({ name }) => name));
  }

  /** The place of a field that a request names. @throws UserError where there is none, or it is not for requests to give */
  placeOf(name: string): number {
    const place = this.#places.get(name);
    if (place === undefined) {
      const known = this.fields.map((field) => field.name).join(", ") || "none";
      throw failure("request.unknown-field", { kind: this.#kind, field: name, known });
    }
    if (!this.fields[place].readsTime) return place;
    throw failure("request.time-field", { kind: this.#kind, field: name });
  }
}

/** Reads requests at places 0 .. capacity-1, then fills a batch with them. */
export class RequestEncoder {
  /** Per place: behaviours that count, and how many of them have a key that training never saw. */
  readonly lengths: Int32Array;
  readonly unknownBehaviours: Int32Array;
  /** Per place: 1 where the candidate has a key that training never saw. */
  readonly unknownCandidates: Int32Array;
  readonly #description: ModelDescription;
  readonly #rows: ReadonlyMap<string, number>;
  readonly #groups: Readonly<Record<"user" | "item" | "context", FieldGroup>>;
  /** Name of the field that is the item's key; what items, and behaviours, have beside their other fields. */
  readonly #key: string;
  readonly #ofItems: readonly string[];
  readonly #ofBehaviours: readonly string[];
  /** Per field [capacity]; of histories [capacity, maxHistory]. */
  readonly #user: readonly Int32Array[];
  readonly #context: readonly Int32Array[];
  readonly #candidate: readonly Int32Array[];
  readonly #history: readonly Int32Array[];
  /** Of the history being read: the behaviours that count, and of each behaviour what it is sorted by. */
  #chosen = new Int32Array(1024);
  #times = new Float64Array(1024);

  constructor(description: ModelDescription, capacity: number) {
    const { schema, catalogue } = description;
    this.#description = description;
    this.#rows = placesOf(catalogue.values);
    this.#groups = {
      user: new FieldGroup("user", description),
      item: new FieldGroup("item", description),
      context: new FieldGroup("context", description),
    };
    this.#key = schema.item[0].name;
    this.#ofItems = [this.#key];
    this.#ofBehaviours = [this.#key, "time"];
    const columns = (fields: readonly Field[], length: number) => fields.map(() => new Int32Array(length));
    this.#user = columns(schema.user, capacity);
    this.#context = columns(schema.context, capacity);
    this.#candidate = columns(schema.item, capacity);
    this.#history = columns(schema.item, capacity * schema.maxHistory);
    this.lengths = new Int32Array(capacity);
    this.unknownBehaviours = new Int32Array(capacity);
    this.unknownCandidates = new Int32Array(capacity);
  }

  /** Reads a request. @throws UserError for a field that the model does not know, or a time that is none */
  encode(place: number, { user, candidate, history, context, time }: PredictRequest): void {
    const { maxHistory } = this.#description.schema;
    const now = this.#timeOf(time) ?? refuseTime("time", time);
    this.#encodeFields(this.#groups.user, this.#user, place, user, now);
    this.#encodeFields(this.#groups.context, this.#context, place, context, now);
    this.unknownCandidates[place] = this.#encodeItem(this.#candidate, place, candidate, false);
    const count = this.#choose(history, now);
    const length = Math.min(count, maxHistory);
    let unknown = 0;
    for (let t = 0; t < length; t++) {
      const behaviour = history[this.#chosen[count - length + t]];
      unknown += this.#encodeItem(this.#history, place * maxHistory + t, behaviour, true);
    }
    this.lengths[place] = length;
    this.unknownBehaviours[place] = unknown;
  }

  /** Takes a request whose ids are known. @throws UserError where one is none of the model's */
  place(place: number, request: CodedRequest): void {
    const { schema, catalogue } = this.#description;
    checkCoded(request, schema, catalogue.values.length);
    const { user, candidate, history, context } = request;
    const length = Math.min(history.length, schema.maxHistory);
    this.#user.forEach((ids, f) => {
      ids[place] = user[f];
    });
    this.#context.forEach((ids, f) => {
      ids[place] = context[f];
    });
    catalogue.ids.forEach((ids, f) => {
      this.#candidate[f][place] = ids[candidate];
      for (let t = 0; t < length; t++) {
        this.#history[f][place * schema.maxHistory + t] = ids[history[history.length - length + t]];
      }
    });
    this.lengths[place] = length;
  }

  /** Fills `batch` with the requests at places 0 .. count-1, in its order. */
  fill(batch: Batch, count: number): void {
    const { maxHistory } = this.#description.schema;
    const { packed } = batch;
    packed.pack(this.lengths, 0, count);
    gatherCells(batch.user, this.#user, packed.order, count);
    gatherCells(batch.context, this.#context, packed.order, count);
    gatherCells(batch.candidate, this.#candidate, packed.order, count);
    for (let f = 0; f < batch.history.length; f++) {
      const { values } = batch.history[f];
      const ids = this.#history[f];
      for (let row = 0; row < count; row++) {
        const first = packed.order[row] * maxHistory;
        const length = packed.lengths[row];
        for (let t = 0; t < length; t++) values[packed.offsets[t] + row] = ids[first + t];
      }
    }
  }

  /** @param given values by name, or the value of the first field */
  #encodeFields(
    group: FieldGroup,
    into: readonly Int32Array[],
    place: number,
    given: Value | Values | undefined,
    now: number,
  ): void {
    const { fields } = group;
    const moment = Number.isNaN(now) ? null : String(now);
    for (let f = 0; f < fields.length; f++) into[f][place] = fields[f].readsTime ? fields[f].idOf(moment) : 0;
    if (isValues(given)) this.#encodeGiven(group, into, place, given);
    else if (textOf(given) !== null) {
      const f = group.placeOf(fields[0]?.name ?? "user");
      into[f][place] = fields[f].idOf(fields[f].read(given));
    }
  }

  /** Returns 1 where the item has a key that training never saw. */
  #encodeItem(into: readonly Int32Array[], place: number, given: Value | Values, isBehaviour: boolean): 0 | 1 {
    const { ids } = this.#description.catalogue;
    const values = isValues(given);
    const key = this.#keyOf(given);
    const row = this.#rowOf(key);
    for (let f = 0; f < ids.length; f++) into[f][place] = ids[f][row];
    if (values)
      this.#encodeGiven(this.#groups.item, into, place, given, isBehaviour ? this.#ofBehaviours : this.#ofItems);
    return key !== null && into[0][place] === 0 ? 1 : 0;
  }

  #keyOf(given: Value | Values): string | null {
    return nameOf(this.#key, isValues(given) ? given[this.#key] : given);
  }

  /** The catalogue row of a key; 0, the unknown, without one. */
  #rowOf(key: string | null): number {
    return key === null ? 0 : (this.#rows.get(key) ?? 0);
  }

  /** Writes the ids of the fields that have values in `given`; names in `apart` are no fields. */
  #encodeGiven(
    group: FieldGroup,
    into: readonly Int32Array[],
    place: number,
    given: Values,
    apart: readonly string[] = [],
  ): void {
    for (const name in given) {
      if (apart.includes(name)) continue;
      const f = group.placeOf(name);
      const text = group.fields[f].read(given[name]);
      if (text !== null) into[f][place] = group.fields[f].idOf(text);
    }
  }

  /**
   * Finds the behaviours that were before `now` (NaN: not known) and within the window, in order of time. One that has no
   * time counts as one of the time of that before it. Where all have a time, those of equal times stand in the order of
   * the catalogue, as in a log that was prepared. Returns how many there are.
   */
  #choose(history: PredictRequest["history"], now: number): number {
    if (history.length > this.#chosen.length) {
      this.#chosen = new Int32Array(2 * history.length);
      this.#times = new Float64Array(2 * history.length);
    }
    const [chosen, times] = [this.#chosen, this.#times];
    const { window } = this.#description;
    let count = 0;
    let latest = Number.NEGATIVE_INFINITY;
    let isOrdered = true;
    let isTimed = true;
    for (let i = 0; i < history.length; i++) {
      const behaviour = history[i];
      if (isValues(behaviour)) {
        const time = this.#timeOf(behaviour.time) ?? refuseTime(`history.${i}.time`, behaviour.time);
        if (!mayHold(time, now, window)) continue;
        if (time <= latest) isOrdered = false;
        if (Number.isNaN(time)) isTimed = false;
        else latest = time;
      } else isTimed = false;
      times[i] = latest;
      chosen[count++] = i;
    }
    if (isOrdered) return count;
    const rowOf = (i: number) => (isTimed ? this.#rowOf(this.#keyOf(history[i])) : 0);
    chosen.subarray(0, count).sort((a, b) => times[a] - times[b] || rowOf(a) - rowOf(b) || a - b);
    return count;
  }

  /** Milliseconds since 1970; NaN where there is no time, null where it is none. */
  #timeOf(value: Value | undefined): number | null {
    if (value === undefined || value === null || value === "") return Number.NaN;
    return typeof value === "boolean" ? null : parseTime(value, this.#description.utcOffset);
  }
}

/** Ids and rows become addresses in memory: each must lie in its table. */
function checkCoded(request: unknown, { user, context }: Schema, items: number): void {
  const { user: ofUser, context: ofContext, candidate, history } = (request ?? {}) as Record<string, unknown>;
  const sizes = (fields: readonly Field[]) => fields.map(({ size }) => size);
  refuseOutside("user", ofUser, sizes(user));
  refuseOutside("context", ofContext, sizes(context));
  refuseOutside("candidate", [candidate], [items]);
  refuseOutside("history", history, items);
}

/** @param sizes of the tables that the ids lead to: one for each of them, or one for all */
function refuseOutside(field: string, ids: unknown, sizes: readonly number[] | number): void {
  const isList = Array.isArray(ids) || ids instanceof Int32Array;
  if (!isList || (typeof sizes !== "number" && ids.length !== sizes.length)) {
    const expected = typeof sizes === "number" ? "a list of rows" : `a list of ${sizes.length} ids`;
    throw failure("request.wrong-value", { field, expected, found: String(JSON.stringify(ids)).slice(0, 60) });
  }
  for (let i = 0; i < ids.length; i++) {
    const size = typeof sizes === "number" ? sizes : sizes[i];
    if (Number.isInteger(ids[i]) && ids[i] >= 0 && ids[i] < size) continue;
    const expected = `a whole number, 0 to ${size - 1}`;
    throw failure("request.wrong-value", { field: `${field}.${i}`, expected, found: String(ids[i]) });
  }
}

function refuseTime(field: string, value: Value | undefined): never {
  const expected = "a date or a date and time (ISO 8601), or a number of seconds, milliseconds or microseconds";
  throw failure("request.wrong-value", { field, expected, found: JSON.stringify(value) });
}

function isValues(value: Value | Values | undefined): value is Values {
  return typeof value === "object" && value !== null;
}

/** A value as the raw data would have it; null where there is none. */
function textOf(value: Value | undefined): string | null {
  return value === undefined || value === null || value === "" ? null : String(value);
}

/** The same of a value that names something: a number must have all its digits. @throws UserError otherwise */
function nameOf(field: string, value: Value | undefined): string | null {
  if (typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    const expected = "a string, as JSON does not keep all digits of so large a number";
    throw failure("request.wrong-value", { field, expected, found: String(value) });
  }
  return textOf(value);
}

/** Place of each value. Null (the unknown) has none, nor has the empty key of items without one. */
function placesOf(values: readonly (string | null)[]): Map<string, number> {
  const places = new Map<string, number>();
  values.forEach((value, place) => {
    if (value !== null && value !== "") places.set(value, place);
  });
  return places;
}
