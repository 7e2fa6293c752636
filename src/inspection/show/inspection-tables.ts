/** The results of a dataset inspection as tables of text, for the terminal and for the page. */
import { SPLITS } from "../../dataset/dataset.ts";
import { printable } from "../../errors/printable.ts";
import { count, metric, share } from "../../format.ts";
import { shorten, utcMinute } from "../../report/text.ts";
import type { Clicks, FieldNumbers, FieldValue, NumberSpread } from "../measure/fields.ts";
import type { DatasetInspection } from "../measure/inspect.ts";
import { coarser, type Timeline } from "../measure/timeline.ts";

export interface InspectionTable {
  readonly name: string;
  readonly caption: string;
  /** The first column names the row. */
  readonly head: readonly string[];
  /** A cell without a value is null. */
  readonly rows: readonly (readonly (string | null)[])[];
}

/** Limits of the tables that can be long. */
interface TableLimits {
  /** Fields whose values are listed: those that predict the click best. */
  readonly fields: number;
  /** Rows of the table over time. */
  readonly stretches: number;
}

/** The dataset in a sentence. */
export function headline({ counts, importer, protocol }: DatasetInspection): string {
  const { users, items, behaviours, trainingBehaviours } = counts;
  return `${count(users)} users, ${count(items)} items, ${count(behaviours)} behaviours (${count(trainingBehaviours)} of them in the training part); importer ${importer}, protocol ${protocol}.`;
}

export function inspectionTables(inspection: DatasetInspection, limits: TableLimits): InspectionTable[] {
  const { timeline } = inspection;
  return [
    splitsTable(inspection),
    historiesTable(inspection),
    fieldsTable(inspection),
    ...numbersTable(inspection),
    valuesTable(inspection, limits.fields),
    ...(timeline === null ? [] : [timelineTable(coarser(timeline, limits.stretches))]),
    coldTable(inspection),
    returnsTable(inspection),
  ];
}

function splitsTable({ splits }: DatasetInspection): InspectionTable {
  return {
    name: "splits",
    caption: "Samples of each split, and the times of its first and last sample (UTC).",
    head: ["split", "samples", "click rate", "users", "from", "to", "empty histories"],
    rows: splits.map(({ split, samples, rate, users, first, last, empty }) => [
      split,
      count(samples),
      defined(share, rate),
      count(users),
      first === null ? null : utcMinute(first),
      last === null ? null : utcMinute(last),
      defined(share, empty),
    ]),
  };
}

function historiesTable({ histories, maxHistory }: DatasetInspection): InspectionTable {
  return {
    name: "histories",
    caption: `Lengths of users' whole sequences and of samples' histories, in behaviours; cut: histories that are longer than maxHistory, ${maxHistory}.`,
    head: ["length of", "min", "10 %", "median", "90 %", "max", "mean", "cut"],
    rows: histories.map(({ of, min, p10, median, p90, max, mean, cut }) => [
      of === "sequences" ? of : `histories of ${of}`,
      ...[min, p10, median, p90, max].map((length) => (length === null ? null : count(length))),
      Number.isFinite(mean) ? mean.toFixed(1) : null,
      of === "sequences" ? null : share(cut),
    ]),
  };
}

function fieldsTable({ fields, splits: [train, , test] }: DatasetInspection): InspectionTable {
  return {
    name: "fields",
    caption:
      "Fields. PSI measures how much the values in test differ from those in train (below 0.1 stable, above 0.25 shifted). AUC alone is the AUC of a prediction from this field alone: 0.5 is no better than chance, 1 is perfect.",
    head: ["field", "of", "values", "unknown in train", "unknown in test", "PSI", "AUC alone"],
    rows: fields.map(({ name, kind, size, unknown, psi, auc }) => [
      name,
      kind,
      size === 0 ? null : count(size - 1),
      defined(share, unknown.train.samples / train.samples),
      defined(share, unknown.test.samples / test.samples),
      Number.isFinite(psi) ? psi.toFixed(3) : null,
      defined(metric, auc),
    ]),
  };
}

/** No table where no field is a number. */
function numbersTable({ fields }: DatasetInspection): InspectionTable[] {
  const rows = fields.flatMap(({ name, spread }) => {
    if (spread === undefined) return [];
    const of = ({ mean, deviation }: NumberSpread) => [mean, deviation].map((value) => defined(significant, value));
    return [[name, ...SPLITS.flatMap((split) => of(spread[split]))]];
  });
  if (rows.length === 0) return [];
  const caption =
    "Numbers: mean and standard deviation in the samples of each split, of those with scale log1p of log(1 + x).";
  return [{ name: "numbers", caption, head: ["field", ...SPLITS.flatMap((split) => [split, "deviation"])], rows }];
}

function valuesTable({ fields }: DatasetInspection, most: number): InspectionTable {
  const shown = mostPredictive(fields, most);
  const rest = fields.length - shown.length;
  const clicks = ({ samples, rate }: Clicks) => [count(samples), defined(share, rate)];
  return {
    name: "values",
    caption: `The most frequent values of ${rest > 0 ? `the ${shown.length} fields that predict the click best` : "each field"}, and their click rates.`,
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

/** The fields whose AUC is farthest from that of chance, in their own order. */
function mostPredictive(fields: readonly FieldNumbers[], most: number): FieldNumbers[] {
  const distance = ({ auc }: FieldNumbers) => (Number.isFinite(auc) ? Math.abs(auc - 0.5) : 0);
  const chosen = new Set([...fields].sort((a, b) => distance(b) - distance(a)).slice(0, most));
  return fields.filter((field) => chosen.has(field));
}

/** The most frequent values of a field, and the unknown value where it occurs. */
export function valuesOf({ top, unknown }: FieldNumbers): FieldValue[] {
  return SPLITS.some((split) => unknown[split].samples > 0) ? [...top, unknown] : [...top];
}

/** A value for display: on one line, at most `length` characters. */
export function valueName({ value }: FieldValue, length: number): string {
  if (value === null) return "(unknown)";
  return shorten(printable(value), length);
}

function timelineTable({ unit, every, stretches }: Timeline): InspectionTable {
  const clicks = ({ samples, rate }: Clicks) => (samples === 0 ? [null, null] : [count(samples), share(rate)]);
  return {
    name: "timeline",
    caption: `Samples and click rates by ${every === 1 ? unit : `${every} ${unit}s`} (UTC).`,
    head: ["from", ...SPLITS.flatMap((split) => [split, "click rate"])],
    rows: stretches.map((stretch) => [
      unit === "day" ? utcMinute(stretch.start).slice(0, -6) : utcMinute(stretch.start),
      ...SPLITS.flatMap((split) => clicks(stretch[split])),
    ]),
  };
}

function coldTable({ cold, fields, splits: [, , test] }: DatasetInspection): InspectionTable {
  const row = (what: string, part: number, whole: number) => [
    what,
    count(part),
    count(whole),
    defined(share, part / whole),
  ];
  /** Test samples whose value of the first field of a kind is unknown. */
  const unknown = (what: string, of: FieldNumbers["kind"]) =>
    fields
      .filter(({ kind }) => kind === of)
      .slice(0, 1)
      .map((field) =>
        row(`samples whose ${what} is unknown (${field.name})`, field.unknown.test.samples, test.samples),
      );
  return {
    name: "cold",
    caption: "Cold start: what occurs in test but not in train.",
    head: ["", "", "of", "share"],
    rows: [
      ...unknown("candidate", "item"),
      ...unknown("user", "user"),
      row("users without a train sample", cold.users.unseen, cold.users.count),
      row("candidates without a train sample", cold.items.unseen, cold.items.count),
      row("users with one label only, of those with several samples", cold.oneClass, cold.repeated),
    ],
  };
}

function returnsTable({ returns, splits }: DatasetInspection): InspectionTable {
  return {
    name: "returns",
    caption:
      "Returns: samples whose candidate stands in its own history, and the AUC of a prediction from that alone. Where negatives are sampled it should be 0.5.",
    head: ["split", "samples", "share", "click rate", "AUC alone"],
    rows: returns.map(({ split, samples, rate, auc }, s) => [
      split,
      count(samples),
      defined(share, samples / splits[s].samples),
      defined(share, rate),
      defined(metric, auc),
    ]),
  };
}

const significant = (value: number) => String(Number(value.toPrecision(4)));

/** A number as `format` writes it; null where there is none (NaN). */
function defined(format: (value: number) => string, value: number): string | null {
  return Number.isFinite(value) ? format(value) : null;
}
