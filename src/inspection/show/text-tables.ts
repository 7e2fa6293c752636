/** The numbers of an inspected dataset as tables for people, the same on the terminal and on the page. */

import { SPLITS } from "../../dataset/dataset.ts";
import { printable } from "../../errors.ts";
import { count, metric, share } from "../../format.ts";
import type { Clicks, FieldNumbers, FieldValue } from "../measure/fields.ts";
import type { DatasetInspection } from "../measure/inspect.ts";
import { coarser, type Timeline } from "../measure/timeline.ts";

/** What stands in a cell without a value. */
export const NONE = "-";

export interface InspectionTable {
  readonly name: string;
  readonly caption: string;
  /** The first column names the row. */
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** How much of what could be long is shown. */
interface Extent {
  /** Fields whose values are listed: those that tell the most about the click. */
  readonly fields: number;
  /** Stretches of time. */
  readonly stretches: number;
}

/** What the dataset is, in a sentence. */
export function headline({ counts, importer, protocol }: DatasetInspection): string {
  const { sequences, items, behaviours, trainingBehaviours } = counts;
  return `${count(sequences)} users, ${count(items)} items, ${count(behaviours)} behaviours (${count(trainingBehaviours)} of them the training part); importer ${importer}, protocol ${protocol}.`;
}

export function inspectionTables(inspection: DatasetInspection, extent: Extent): InspectionTable[] {
  const { timeline } = inspection;
  return [
    splitsTable(inspection),
    historiesTable(inspection),
    fieldsTable(inspection),
    valuesTable(inspection, extent.fields),
    ...(timeline === null ? [] : [timelineTable(coarser(timeline, extent.stretches))]),
    coldTable(inspection),
  ];
}

function splitsTable({ splits }: DatasetInspection): InspectionTable {
  return {
    name: "splits",
    caption: "Samples of each split, and their time (UTC).",
    head: ["split", "samples", "click rate", "users", "from", "to", "empty histories"],
    rows: splits.map(({ split, samples, rate, users, first, last, empty }) => [
      split,
      count(samples),
      share(rate),
      count(users),
      first === null ? NONE : minute(first),
      last === null ? NONE : minute(last),
      share(empty),
    ]),
  };
}

function historiesTable({ histories, maxHistory }: DatasetInspection): InspectionTable {
  return {
    name: "histories",
    caption: `Behaviours of users' whole sequences and of samples' histories; cut are those that go back further than maxHistory, ${maxHistory}.`,
    head: ["length of", "min", "10 %", "median", "90 %", "max", "mean", "cut"],
    rows: histories.map(({ of, min, p10, median, p90, max, mean, cut }) => [
      of === "sequences" ? of : `histories of ${of}`,
      ...[min, p10, median, p90, max].map((length) => (length === null ? NONE : count(length))),
      Number.isFinite(mean) ? mean.toFixed(1) : NONE,
      of === "sequences" ? NONE : share(cut),
    ]),
  };
}

function fieldsTable({ fields, splits: [train, , test] }: DatasetInspection): InspectionTable {
  return {
    name: "fields",
    caption:
      "Fields. PSI is how far the values in test are from those in train (below 0.1 stable, above 0.25 shifted); AUC is what the field alone tells about the click, .5 nothing, 1 all.",
    head: ["field", "of", "values", "unknown in train", "unknown in test", "PSI", "AUC alone"],
    rows: fields.map(({ name, kind, size, unknown, psi, auc }) => [
      name,
      kind,
      count(size - 1),
      share(unknown.train.samples / train.samples),
      share(unknown.test.samples / test.samples),
      index(psi),
      metric(auc),
    ]),
  };
}

function valuesTable({ fields }: DatasetInspection, most: number): InspectionTable {
  const shown = telling(fields, most);
  const rest = fields.length - shown.length;
  const clicks = ({ samples, rate }: Clicks) => [count(samples), share(rate)];
  return {
    name: "values",
    caption: `The most frequent values of ${rest > 0 ? `the ${shown.length} fields that tell the most about the click` : "each field"}, and their click rates.`,
    head: ["field", "value", "in train", "click rate", "in test", "click rate"],
    rows: shown.flatMap((field) =>
      valuesOf(field).map((value, i) => [
        i === 0 ? field.name : "",
        valueName(value, 24),
        ...clicks(value.train),
        ...clicks(value.test),
      ]),
    ),
  };
}

/** The fields whose AUC is farthest from a guess, in their own order. */
function telling(fields: readonly FieldNumbers[], most: number): FieldNumbers[] {
  const distance = ({ auc }: FieldNumbers) => (Number.isFinite(auc) ? Math.abs(auc - 0.5) : 0);
  const chosen = new Set([...fields].sort((a, b) => distance(b) - distance(a)).slice(0, most));
  return fields.filter((field) => chosen.has(field));
}

/** The top values of a field, and the unknown where it occurs. */
export function valuesOf({ top, unknown }: FieldNumbers): FieldValue[] {
  return SPLITS.some((split) => unknown[split].samples > 0) ? [...top, unknown] : [...top];
}

/** A value as people read it, on one line and not too long. */
export function valueName({ value }: FieldValue, length: number): string {
  if (value === null) return "(unknown)";
  const characters = [...printable(value)];
  return characters.length > length ? `${characters.slice(0, length - 1).join("")}…` : characters.join("");
}

function timelineTable({ unit, every, stretches }: Timeline): InspectionTable {
  const clicks = ({ samples, rate }: Clicks) => (samples === 0 ? [NONE, NONE] : [count(samples), share(rate)]);
  return {
    name: "timeline",
    caption: `Samples and click rates by ${every === 1 ? unit : `${every} ${unit}s`} (UTC).`,
    head: ["from", ...SPLITS.flatMap((split) => [split, "click rate"])],
    rows: stretches.map((stretch) => [
      unit === "day" ? minute(stretch.start).slice(0, -6) : minute(stretch.start),
      ...SPLITS.flatMap((split) => clicks(stretch[split])),
    ]),
  };
}

function coldTable({ cold, fields, splits: [, , test] }: DatasetInspection): InspectionTable {
  const item = fields.find(({ kind }) => kind === "item")!;
  const user = fields.find(({ kind }) => kind === "user");
  const row = (what: string, part: number, whole: number) => [what, count(part), count(whole), share(part / whole)];
  return {
    name: "cold",
    caption: "What test has that training has not.",
    head: ["", "", "of", "share"],
    rows: [
      row(`samples whose candidate is unknown (${item.name})`, item.unknown.test.samples, test.samples),
      ...(user ? [row(`samples whose user is unknown (${user.name})`, user.unknown.test.samples, test.samples)] : []),
      row("users without a train sample", cold.users.unseen, cold.users.count),
      row("candidates without a train sample", cold.items.unseen, cold.items.count),
      row("users of one label, of those with several samples", cold.oneClass, cold.repeated),
    ],
  };
}

/** Two decimals as far as they go. */
function index(psi: number): string {
  return Number.isFinite(psi) ? psi.toFixed(3) : "n/a";
}

/** A time in UTC: 2014-01-31 18:05. */
function minute(time: number): string {
  return new Date(time).toISOString().slice(0, -8).replace("T", " ");
}
