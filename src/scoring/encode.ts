/**
 * Requests of raw values to ids, by the catalogue, the transforms and the vocabularies that a model keeps of the data it
 * was trained on. Each value is read once, into cells that are kept from request to request; what scores them
 * (replay.ts) needs nothing of all this.
 */
import { mayHold } from "../dataset/history.ts";
import { knownValues } from "../dataset/lists.ts";
import { readTime } from "../dataset/time-format.ts";
import {
  type CategoryTransform,
  categoriesOf,
  categoryOf,
  isMissing,
  numberOf,
  readsTime,
  type Transform,
} from "../dataset/transform.ts";
import { failure } from "../errors/failure.ts";
import { type Field, isNumber } from "../features/schema.ts";
import type { ModelDescription } from "../run/model-description.ts";
import { type CellValues, copyCells, NO_ID, widthOf } from "../tensor/arrays.ts";
import { type CodedRequest, checkCells, checkRows, type Range, rangesOf } from "./coded-request.ts";
import type { UserRequest, Value, Values } from "./request.ts";
import type { RequestCells } from "./request-cells.ts";
import { isOne, isValues, nameOf, placed, refuseList, refuseTime, textOf, USER_KEY } from "./values.ts";

/** What a model knows of a field. */
class FieldReader {
  readonly name: string;
  readonly readsTime: boolean;
  readonly width: number;
  readonly #transform: Transform;
  readonly #ids: ReadonlyMap<string, number>;

  constructor(field: Field, { transforms, vocabularies }: ModelDescription) {
    const { name } = field;
    this.name = name;
    this.readsTime = readsTime(transforms[name]);
    this.width = widthOf(field);
    this.#transform = transforms[name];
    this.#ids = placesOf(vocabularies[name]);
  }

  /** Makes what stands at `place` unknown. */
  clear(cells: CellValues, place: number): void {
    this.#writeIds(cells, place, []);
  }

  /** Makes what stands at `place` what a field has that reads the time, in milliseconds since 1970; null, where there is none. */
  writeTime(cells: CellValues, place: number, moment: string | null): void {
    cells[place] = this.#idOf(this.#transform as CategoryTransform, moment);
  }

  /**
   * Makes what stands at `place` what the field has for a value; returns false, and changes nothing, where there is none.
   * Numbers are read with the digits they have left; of names all must be there.
   */
  write(cells: CellValues, place: number, value: Value | readonly Value[] | undefined): boolean {
    const transform = this.#transform;
    if (transform.kind === "list") {
      const categories = isOne(value)
        ? categoriesOf(transform, nameOf(this.name, value))
        : knownValues(
            value.map((one) => nameOf(this.name, one)),
            transform,
          );
      if (categories.length > 0) this.#writeIds(cells, place, categories);
      return categories.length > 0;
    }
    if (!isOne(value)) throw refuseList(this.name, value);
    const text = transform.kind === "category" ? nameOf(this.name, value) : textOf(value);
    if (isMissing(transform, text)) return false;
    if (transform.kind === "value") cells[place] = numberOf(transform, text) || 0;
    else cells[place] = this.#idOf(transform, text);
    return true;
  }

  /** Whether training saw a value, or it is none. */
  knows(value: string): boolean {
    const transform = this.#transform;
    return transform.kind !== "category" || isMissing(transform, value) || this.#idOf(transform, value) > 0;
  }

  /** The id of a value's text; 0, the unknown, without one. */
  #idOf(transform: CategoryTransform, text: string | null): number {
    const category = categoryOf(transform, text);
    return category === null ? 0 : (this.#ids.get(category) ?? 0);
  }

  /** Of more categories than the longest list had, the first count. */
  #writeIds(cells: CellValues, place: number, categories: readonly string[]): void {
    const at = place * this.width;
    cells[at] = 0;
    for (let j = 0; j < categories.length && j < this.width; j++) cells[at + j] = this.#ids.get(categories[j]) ?? 0;
    for (let j = Math.max(1, categories.length); j < this.width; j++) cells[at + j] = NO_ID;
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

/** Reads requests, each into cells of its own. */
export class RequestEncoder {
  readonly #description: ModelDescription;
  readonly #rows: ReadonlyMap<string, number>;
  readonly #groups: Readonly<Record<"user" | "item" | "context", FieldGroup>>;
  /** Name of the field that is the item's key; what users, items and behaviours have beside their other fields. */
  readonly #key: string;
  readonly #ofUsers: readonly string[];
  readonly #ofItems: readonly string[];
  readonly #ofBehaviours: readonly string[];
  /** What the rows of the catalogue have, per item field. */
  readonly #catalogue: readonly CellValues[];
  /** What coded requests may have. */
  readonly #ranges: { readonly user: readonly Range[]; readonly context: readonly Range[]; readonly row: Range };
  /** Of the history being read: the behaviours that count, and of each behaviour what it is sorted by. */
  #chosen = new Int32Array(1024);
  #times = new Float64Array(1024);
  /** What of a request is being read, for errors: its place, of a list the number, and what stands there. */
  #part = "";
  #index: number | undefined;
  #given: Value | Values | undefined;

  constructor(description: ModelDescription) {
    const { schema, catalogue } = description;
    this.#description = description;
    this.#rows = placesOf(catalogue.values);
    this.#groups = {
      user: new FieldGroup("user", description),
      item: new FieldGroup("item", description),
      context: new FieldGroup("context", description),
    };
    this.#key = schema.item[0].name;
    const names = schema.user.map(({ name }) => name);
    this.#ofUsers = names.includes(description.userKey ?? USER_KEY) ? [] : [USER_KEY];
    this.#ofItems = [this.#key];
    this.#ofBehaviours = [this.#key, "time"];
    this.#catalogue = schema.item.map((field, f) =>
      (isNumber(field) ? Float32Array : Int32Array).from(catalogue.ids[f]),
    );
    this.#ranges = {
      user: schema.user.flatMap(rangesOf),
      context: schema.context.flatMap(rangesOf),
      row: { bounds: [0, catalogue.values.length - 1], isWhole: true },
    };
  }

  /**
   * Reads a request and `candidates`, for which `into` has room.
   * @param first the place of the first of these among the candidates of the request; of a request for one, undefined
   * @throws UserError for a field that the model does not know, or a time that is none
   */
  read(
    request: UserRequest,
    candidates: readonly (Value | Values)[],
    into: RequestCells,
    first: number | undefined,
  ): void {
    const { time } = request;
    const now = this.#timeOf(time) ?? refuseTime("time", time);
    this.#part = "";
    try {
      this.#read(request, now, candidates, into, first);
    } catch (error) {
      throw this.#placed(error);
    }
  }

  #read(
    { user, history, context }: UserRequest,
    now: number,
    candidates: readonly (Value | Values)[],
    into: RequestCells,
    first: number | undefined,
  ): void {
    this.#at("user", user);
    this.#encodeFields(this.#groups.user, into.user, user, now, this.#ofUsers);
    const users = this.#namesUser(user) ? 1 : 0;
    into.countUsers(users, users > 0 && into.user[0][0] === 0 ? 1 : 0);
    this.#at("context", context);
    this.#encodeFields(this.#groups.context, into.context, context, now);
    let unknownCandidates = 0;
    for (let i = 0; i < candidates.length; i++) {
      if (first === undefined) this.#at("candidate", candidates[i]);
      else this.#at("candidates", candidates[i], first + i);
      unknownCandidates += this.#encodeItem(into.items, i, candidates[i], false);
    }
    this.#part = "";
    const count = this.#choose(history, now);
    const length = Math.min(count, this.#description.schema.maxHistory);
    let unknownBehaviours = 0;
    for (let t = 0; t < length; t++) {
      const place = this.#chosen[count - length + t];
      const behaviour = history[place];
      this.#at("history", behaviour, place);
      unknownBehaviours += this.#encodeItem(into.history, t, behaviour, true);
    }
    into.countItems(length, candidates.length, unknownBehaviours, unknownCandidates);
  }

  #at(part: string, given: Value | Values | undefined, index?: number): void {
    this.#part = part;
    this.#given = given;
    this.#index = index;
  }

  #placed(error: unknown): unknown {
    if (this.#part === "") return error;
    return placed(this.#index === undefined ? this.#part : `${this.#part}.${this.#index}`, this.#given, error);
  }

  /** Whether training saw the key of an item, where it has one. */
  knowsItem(item: Value | Values): boolean {
    const key = this.#keyOf(item);
    return key === null || this.#groups.item.fields[0].knows(key);
  }

  /** Takes a request whose ids are known. @throws UserError where one is none of the model's */
  readCoded(request: CodedRequest, into: RequestCells): void {
    const { schema } = this.#description;
    const { user, candidate, history, context } = (request ?? {}) as CodedRequest;
    checkCells("user", user, this.#ranges.user);
    checkCells("context", context, this.#ranges.context);
    checkRows("candidate", [candidate], this.#ranges.row);
    checkRows("history", history, this.#ranges.row);
    const length = Math.min(history.length, schema.maxHistory);
    placeCells(into.user, schema.user, user);
    placeCells(into.context, schema.context, context);
    this.#catalogue.forEach((cells, f) => {
      const width = widthOf(schema.item[f]);
      copyCells(into.items[f], 0, cells, candidate, width);
      for (let t = 0; t < length; t++) {
        copyCells(into.history[f], t, cells, history[history.length - length + t], width);
      }
    });
    into.countItems(length, 1, 0, 0);
    into.countUsers(0, 0);
  }

  /** @param given values by name, those in `apart` aside, or the value of the first field */
  #encodeFields(
    group: FieldGroup,
    into: readonly CellValues[],
    given: Value | Values | undefined,
    now: number,
    apart?: readonly string[],
  ): void {
    const { fields } = group;
    const moment = Number.isNaN(now) ? null : String(now);
    for (let f = 0; f < fields.length; f++) {
      if (fields[f].readsTime) fields[f].writeTime(into[f], 0, moment);
      else fields[f].clear(into[f], 0);
    }
    if (isValues(given)) this.#encodeGiven(group, into, 0, given, apart);
    // A model without user fields has no use for who it is.
    else if (fields.length > 0 && textOf(given) !== null) fields[0].write(into[0], 0, given);
  }

  /** Whether a request gives a value of the first user field, and that is one which training may have seen. */
  #namesUser(user: Value | Values): boolean {
    const [field] = this.#description.schema.user;
    if (field === undefined || isNumber(field)) return false;
    const value = isValues(user) ? user[field.name] : user;
    return isOne(value) ? textOf(value) !== null : value.length > 0;
  }

  /** Returns 1 where the item has a key that training never saw. */
  #encodeItem(into: readonly CellValues[], place: number, given: Value | Values, isBehaviour: boolean): 0 | 1 {
    const { fields } = this.#groups.item;
    const values = isValues(given);
    const key = this.#keyOf(given);
    const row = this.#rowOf(key);
    for (let f = 0; f < fields.length; f++) copyCells(into[f], place, this.#catalogue[f], row, fields[f].width);
    if (values)
      this.#encodeGiven(this.#groups.item, into, place, given, isBehaviour ? this.#ofBehaviours : this.#ofItems);
    return key !== null && into[0][place] === 0 ? 1 : 0;
  }

  #keyOf(given: Value | Values): string | null {
    const key = isValues(given) ? given[this.#key] : given;
    if (!isOne(key)) throw refuseList(this.#key, key);
    return nameOf(this.#key, key);
  }

  /** The catalogue row of a key; 0, the unknown, without one. */
  #rowOf(key: string | null): number {
    return key === null ? 0 : (this.#rows.get(key) ?? 0);
  }

  /** Writes the ids of the fields that have values in `given`; names in `apart` are no fields. */
  #encodeGiven(
    group: FieldGroup,
    into: readonly CellValues[],
    place: number,
    given: Values,
    apart: readonly string[] = [],
  ): void {
    for (const name in given) {
      if (apart.includes(name)) continue;
      const f = group.placeOf(name);
      group.fields[f].write(into[f], place, given[name]);
    }
  }

  /**
   * Finds the behaviours that were before `now` (NaN: not known) and within the window, in order of time. One that has no
   * time counts as one of the time of that before it. Where all have a time, those of equal times stand in the order of
   * the catalogue, as in a log that was prepared. Returns how many there are.
   */
  #choose(history: UserRequest["history"], now: number): number {
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
        const given = behaviour.time;
        const time = (isOne(given) ? this.#timeOf(given) : null) ?? refuseTime(`history.${i}.time`, given);
        if (!mayHold(time, now, window)) continue;
        if (time <= latest) isOrdered = false;
        if (Number.isNaN(time)) isTimed = false;
        else latest = time;
      } else isTimed = false;
      times[i] = latest;
      chosen[count++] = i;
    }
    if (isOrdered) return count;
    const rowOf = (i: number) => {
      if (!isTimed) return 0;
      this.#at("history", history[i], i);
      return this.#rowOf(this.#keyOf(history[i]));
    };
    chosen.subarray(0, count).sort((a, b) => times[a] - times[b] || rowOf(a) - rowOf(b) || a - b);
    return count;
  }

  /** Milliseconds since 1970; NaN where there is no time, null where it is none. */
  #timeOf(value: Value | undefined): number | null {
    if (value === undefined || value === null || value === "") return Number.NaN;
    if (typeof value === "boolean") return null;
    const { timeFormat, utcOffset } = this.#description;
    return readTime(value, timeFormat, utcOffset);
  }
}

/** Puts cells of fields, one field after the other, to their places. */
function placeCells(into: readonly CellValues[], fields: readonly Field[], cells: readonly number[]): void {
  let at = 0;
  fields.forEach((field, f) => {
    const width = widthOf(field);
    for (let j = 0; j < width; j++) into[f][j] = cells[at++];
  });
}

/** Place of each value. Null (the unknown) has none, nor has the empty key of items without one. */
function placesOf(values: readonly (string | null)[]): Map<string, number> {
  const places = new Map<string, number>();
  values.forEach((value, place) => {
    if (value !== null && value !== "") places.set(value, place);
  });
  return places;
}
