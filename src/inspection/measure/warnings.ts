/** What is wrong, or worth knowing, judged by the numbers alone: one line each, the gravest first. */

import { dominance } from "../../dataset/dominant.ts";
import { PROTOCOLS } from "../../dataset/manifest.ts";
import { DAY, EARLIEST } from "../../dataset/time.ts";
import { printable } from "../../errors/printable.ts";
import { count, metric, share } from "../../format.ts";
import { errorOfBit, type SplitCounts } from "./counts.ts";
import type { FieldNumbers } from "./fields.ts";
import type { FoundSamples, Shared } from "./leaks.ts";
import type { DatasetNumbers } from "./numbers.ts";
import type { Returns } from "./returns.ts";

/**
 * grave: what a model shows on these data is not worth having, for it knows what it must not, or there is nothing to
 * measure. warning: it may be as it should, but mostly is not. note: good to know.
 */
export const LEVELS = ["grave", "warning", "note"] as const;
export type Level = (typeof LEVELS)[number];

export interface Warning {
  readonly level: Level;
  /** What it is about, for programs. */
  readonly kind: string;
  readonly message: string;
}

/** A field alone that predicts this well, or as badly, has seen the label. */
const COPY_AUC = 0.95;
/**
 * How far the AUC of "is unknown" is from that in train, or that of "stands in its history" from one half, where knowing it
 * tells the label, and where it may; as long as that is beyond chance, in standard errors.
 */
const TELLING_AUC = 0.1;
const SUSPECT_AUC = 0.02;
const BEYOND_CHANCE = 5;
/** Share of unknown candidates that is worth a warning. */
const COLD_SHARE = 0.1;
/** Drift, by the usual reading of the population stability index. */
export const SHIFTED_PSI = 0.25;
export const STABLE_PSI = 0.1;
const RATE_FACTOR = 2;
/** Fields that one line names. */
const MOST_NAMED = 5;

export function warningsOf(numbers: DatasetNumbers): Warning[] {
  const warnings = [
    ...labelCopies(numbers),
    ...tellingUnknowns(numbers),
    ...tellingReturns(numbers),
    ...histories(numbers),
    ...labels(numbers),
    ...twins(numbers),
    ...nobody(numbers),
    ...coldStart(numbers),
    ...fields(numbers),
    ...drift(numbers),
    ...order(numbers),
    ...oddTimes(numbers),
  ];
  return LEVELS.flatMap((level) => warnings.filter((warning) => warning.level === level));
}

/** Times that no sample has, unless the log counts from a moment of its own and says so. */
function oddTimes({ splits, timeFormat }: DatasetNumbers): Warning[] {
  const times = splits.flatMap(({ first, last }) => [first ?? [], last ?? []].flat());
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const kind = "odd-times";
  const odd: string[] = [];
  const day = (time: number) => new Date(time).toISOString().slice(0, 10);
  if (first < EARLIEST && timeFormat === null) odd.push(`from ${day(first)} on, before 1990`);
  if (last > Date.now() + DAY) odd.push(`until ${day(last)}, in the future`);
  return odd.map((what) => ({ level: "warning", kind, message: `samples are ${what}: times are misread or wrong` }));
}

/** Samples made of behaviours, where negatives are sampled and days have many reviews, are judged more mildly. */
function isMade({ protocol }: DatasetNumbers): boolean {
  return (PROTOCOLS as readonly string[]).includes(protocol);
}

/** Samples that are positives, each with a sampled negative, are those and rows of target types. */
function isSampled(numbers: DatasetNumbers): boolean {
  return isMade(numbers) || numbers.protocol === "target";
}

function labelCopies({ fields }: DatasetNumbers): Warning[] {
  return fields.flatMap(({ name, auc }): Warning[] => {
    const alone = `field ${name} alone predicts the click`;
    const kind = "label-copy";
    if (auc >= COPY_AUC) {
      return [
        { level: "grave", kind, message: `${alone} (AUC ${metric(auc)} on valid): it probably copies the label` },
      ];
    }
    if (auc < 1 - COPY_AUC) {
      const message = `${alone} backwards (AUC ${metric(auc)} on valid): in train it seems to copy the label, in valid its opposite`;
      return [{ level: "grave", kind, message }];
    }
    return [];
  });
}

/**
 * Fields that are unknown more, or less, often where the label is 1: as it is in valid or test and was not in train, so
 * that a model's score there has nothing to do with what it learned. Where train has it too, it is a fact to learn.
 */
function tellingUnknowns({ fields, splits: [train, ...others] }: DatasetNumbers): Warning[] {
  return fields.flatMap(({ name, unknown, unknownAuc }): Warning[] => {
    return others.flatMap(({ split, samples, clicks }): Warning[] => {
      const without = unknown[split];
      const difference = Math.abs(unknownAuc[split] - unknownAuc[train.split]);
      const error = errorOfBit(without, { samples, clicks });
      if (!(difference >= SUSPECT_AUC && difference >= BEYOND_CHANCE * error)) return [];
      const rest = (clicks - without.clicks) / (samples - without.samples);
      const message = `whether field ${name} is unknown tells the label in ${split} (AUC ${metric(unknownAuc[split])} alone, in train ${metric(unknownAuc[train.split])}): 1 is the label of ${share(without.rate)} of the ${count(without.samples)} samples without it and of ${share(rest)} of the others`;
      return [{ level: difference >= TELLING_AUC ? "grave" : "warning", kind: "telling-unknown", message }];
    });
  });
}

/**
 * Candidates that stand in their own histories more often where the label is 1. In a log of impressions that is what users
 * do; where negatives are sampled it is how they were.
 */
function tellingReturns(numbers: DatasetNumbers): Warning[] {
  if (!isSampled(numbers)) return [];
  const distance = ({ auc }: Returns) => Math.abs(auc - 1 / 2);
  const telling = numbers.returns.filter((bit, s) => {
    const least = Math.max(SUSPECT_AUC, BEYOND_CHANCE * errorOfBit(bit, numbers.splits[s]));
    return distance(bit) >= least;
  });
  if (telling.length === 0) return [];
  const aucs = telling.map(({ split, auc }) => `${metric(auc)} in ${split}`).join(", ");
  const message = `whether the candidate stands in its own history tells the label (AUC of that alone: ${aucs}): it is how negatives were sampled, not what users do`;
  const isGrave = telling.some((bit) => distance(bit) >= TELLING_AUC);
  return [{ level: isGrave ? "grave" : "warning", kind: "telling-history", message }];
}

function histories(numbers: DatasetNumbers): Warning[] {
  const { leaks, histories, maxHistory, counts, splits } = numbers;
  const warnings: Warning[] = [];
  if (leaks.disorder.count > 0) {
    const { count: sequences, sequence } = leaks.disorder;
    const message = `the times of ${of(sequences, counts.sequences, "sequence")} fall, so histories are not what came before (first: sequences.parquet row ${sequence})`;
    warnings.push({ level: "grave", kind: "disorder", message });
  }
  if (leaks.later.length > 0) {
    const message = `${samplesOf(leaks.later)} have a history with behaviours that are later than the sample (${firstOf(leaks.later)})`;
    warnings.push({ level: "grave", kind: "later-history", message });
  }
  if (leaks.equal.length > 0) {
    const message = `${samplesOf(leaks.equal)} have a history with behaviours at the time of the sample (${firstOf(leaks.equal)})`;
    warnings.push({ level: isMade(numbers) ? "note" : "grave", kind: "equal-history", message });
  }
  const [train] = splits;
  if (train.empty > 1 / 2) {
    const message = `the histories of ${of(Math.round(train.empty * train.samples), train.samples, "train sample")} are empty: there is no interest to learn from`;
    warnings.push({ level: train.empty === 1 ? "grave" : "warning", kind: "empty-histories", message });
  }
  const samples = histories.filter(({ of }) => of !== "sequences");
  const all = samples.reduce((sum, { count }) => sum + count, 0);
  const cut = samples.reduce((sum, { count, cut }) => sum + (count > 0 ? count * cut : 0), 0);
  if (cut > all / 2) {
    const message = `maxHistory ${maxHistory} cuts the histories of ${of(Math.round(cut), all, "sample")}`;
    warnings.push({ level: "warning", kind: "cut-histories", message });
  }
  return warnings;
}

function labels(numbers: DatasetNumbers): Warning[] {
  const { splits, cold } = numbers;
  const [train, , test] = splits;
  const warnings = splits.flatMap(({ split, samples, clicks }): Warning[] => {
    const kind = "one-class";
    if (samples === 0) return [{ level: "grave", kind, message: `${split} has no samples` }];
    if (clicks > 0 && clicks < samples) return [];
    const message = `all ${count(samples)} samples of ${split} have label ${clicks > 0 ? 1 : 0}`;
    return [{ level: "grave", kind, message }];
  });
  if (cold.oneClass > cold.repeated / 2) {
    const message = `${of(cold.oneClass, cold.repeated, "user")} with several test samples have one label only: GAUC passes over them`;
    warnings.push({ level: "warning", kind: "one-class-users", message });
  }
  if (test.clicks > 0 && train.clicks > 0) {
    const factor = test.rate / train.rate;
    if (Math.max(factor, 1 / factor) > RATE_FACTOR) {
      const message = `the click rate in test is ${share(test.rate)}, in train ${share(train.rate)}`;
      warnings.push({ level: "warning", kind: "click-rate", message });
    }
  }
  return warnings;
}

function twins(numbers: DatasetNumbers): Warning[] {
  const { duplicates, splits, labels } = numbers.leaks;
  const made = isMade(numbers);
  const warnings: Warning[] = [];
  const triples = ({ count: n }: Shared) => `${count(n)} ${n === 1 ? "triple" : "triples"} of user, time and candidate`;
  if (splits.count > 0) {
    const message = `${triples(splits)} ${n(splits.count, "is", "are")} in more than one split (${exampleOf(splits)})`;
    warnings.push({ level: made ? "note" : "grave", kind: "shared-samples", message });
  }
  if (labels.count > 0) {
    const message = `${triples(labels)} ${n(labels.count, "has", "have")} both labels (${exampleOf(labels)})`;
    warnings.push({ level: made ? "note" : "warning", kind: "both-labels", message });
  }
  if (duplicates.length > 0) {
    const message = `${samplesOf(duplicates)} repeat another of the same split in every column (${firstOf(duplicates)})`;
    // Two positives of a moment may have the same negative.
    warnings.push({ level: isSampled(numbers) ? "note" : "warning", kind: "duplicates", message });
  }
  return warnings;
}

function nobody({ dominant, counts }: DatasetNumbers): Warning[] {
  return dominant.map(({ key, behaviours }) => {
    const message = dominance(printable(key), behaviours, counts.behaviours);
    return { level: "warning", kind: "dominant-user", message };
  });
}

/** Under `paper` no user of test is in train: that is as it should. */
function coldStart(numbers: DatasetNumbers): Warning[] {
  const { cold, fields, splits, protocol } = numbers;
  const test = splits[2].samples;
  const warnings: Warning[] = [];
  const item = fields.find(({ kind }) => kind === "item")!;
  if (item.unknown.test.samples > test * COLD_SHARE) {
    const message = `the candidates of ${of(item.unknown.test.samples, test, "test sample")} are unknown: training never saw them, or too rarely; of them a model has only the other fields`;
    warnings.push({ level: "warning", kind: "cold-items", message });
  }
  if (cold.users.unseen > cold.users.count / 2) {
    const message = `${of(cold.users.unseen, cold.users.count, "user")} of test have no sample in train${protocol === "paper" ? ", as protocol paper has it" : ""}`;
    warnings.push({ level: protocol === "paper" ? "note" : "warning", kind: "cold-users", message });
  }
  return warnings;
}

function fields(numbers: DatasetNumbers): Warning[] {
  const [train, , test] = numbers.splits;
  const own = numbers.fields.find(({ kind }) => kind === "item");
  return numbers.fields.flatMap((field): Warning[] => {
    const constant = train.samples > 0 ? constantOf(field, train.samples) : undefined;
    if (constant !== undefined) {
      const isRare = constant === "unknown" && field.size > 0;
      const why = isRare ? ": it has no values there, or each less often than min_count" : "";
      const message = `field ${field.name} is ${constant} in all samples of train${why}`;
      return [{ level: "warning", kind: "constant-field", message }];
    }
    const unknown = unknownIn(field, train) ?? (field === own ? undefined : unknownIn(field, test));
    if (unknown !== undefined) {
      const level = field.kind === "user" && numbers.protocol === "paper" ? "note" : "warning";
      return [{ level, kind: "unknown-field", message: unknown }];
    }
    return [];
  });
}

/** What a field is in all `samples` of train, if it is the same. Of a number it is not enough that it stays in one part. */
function constantOf({ spread, unknown, used, top: [value] }: FieldNumbers, samples: number): string | undefined {
  if (unknown.train.samples === samples) return "unknown";
  if (spread !== undefined)
    return unknown.train.samples === 0 && spread.train.deviation === 0 ? "the same number" : undefined;
  return used === 1 ? JSON.stringify(printable(String(value.value))) : undefined;
}

/** Fields whose values shift, the most shifted first. Those that are mostly unknown have a line of their own. */
function drift({ fields, splits: [train, , test] }: DatasetNumbers): Warning[] {
  const shifted = fields
    .filter((field) => field.psi > SHIFTED_PSI && !unknownIn(field, train) && !unknownIn(field, test))
    .sort((a, b) => b.psi - a.psi);
  if (shifted.length === 0) return [];
  const names = shifted.slice(0, MOST_NAMED).map(({ name, psi }) => `${name} ${psi.toFixed(2)}`);
  const more = shifted.length > MOST_NAMED ? ", ..." : "";
  const message = `${of(shifted.length, fields.length, "field")} shift from train to test (PSI: ${names.join(", ")}${more})`;
  return [{ level: "note", kind: "drift", message }];
}

function unknownIn({ name, unknown }: FieldNumbers, { split, samples }: SplitCounts): string | undefined {
  const without = unknown[split].samples;
  return without > samples / 2 ? `field ${name} is unknown in ${of(without, samples, `${split} sample`)}` : undefined;
}

function order(numbers: DatasetNumbers): Warning[] {
  const { leaks, splits } = numbers;
  if (isMade(numbers) || leaks.overlap === 0) return [];
  const message = `${of(leaks.overlap, splits[0].samples, "train sample")} are later than the earliest test sample: the split is not by time`;
  return [{ level: "note", kind: "overlap", message }];
}

/** "12 of 40 users (30.0 %)" */
function of(part: number, whole: number, what: string): string {
  return `${count(part)} of ${count(whole)} ${n(whole, what, `${what}s`)} (${share(part / whole)})`;
}

/** "3 samples of train and 1 of test" */
function samplesOf(found: readonly FoundSamples[]): string {
  const parts = found.map(({ split, count: samples }, i) => {
    const what = i === 0 ? ` ${n(samples, "sample", "samples")}` : "";
    return `${count(samples)}${what} of ${split}`;
  });
  return parts.length < 3 ? parts.join(" and ") : `${parts[0]}, ${parts[1]} and ${parts[2]}`;
}

const firstOf = ([{ split, row }]: readonly FoundSamples[]) => `first: ${split}.parquet row ${row}`;

function exampleOf({ first }: Shared): string {
  const { sequence, time, item } = first!;
  return `first: sequence ${sequence}, item row ${item}, time ${time}`;
}

const n = (number: number, one: string, many: string) => (number === 1 ? one : many);
