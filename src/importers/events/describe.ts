/** What the manifest of a dataset says of the log that it was made of. */
import type { Manifest } from "../../dataset/manifest.ts";
import { Segments } from "../../dataset/segments.ts";
import { DAY } from "../../dataset/time.ts";
import type { Features } from "./features/features.ts";
import type { Learned, LogReader, SampleCounts } from "./learn/learn.ts";
import type { SampleRule } from "./log/histories.ts";
import { type GivenTables, logsOf } from "./log/names.ts";
import { describeLabel } from "./source/labels.ts";
import { ROWS } from "./source/times.ts";

/** A time in words: a moment, or the place of a row. */
export function moment(time: number, { columns }: Features): string {
  return columns.time === ROWS ? `row ${time + 1}` : new Date(time).toISOString();
}

/** How a model, or a store, knows the behaviours of users among what happens. */
export function behaviourRule(
  { columns, behaviours, fields }: Features,
  tables: GivenTables,
): Pick<Manifest, "behaviourTypes" | "typesLost" | "userKey"> {
  const ofLogs = { events: columns, behaviours: behaviours.columns };
  const typed = logsOf(tables).filter((log) => ofLogs[log].type !== undefined);
  const isOne = behaviours.types?.length === 1 && typed.length === logsOf(tables).length;
  // A log of behaviours without types has nothing else.
  const isTyped = !tables.behaviours || behaviours.columns.type !== undefined;
  const key = fields.user.find(({ from }) => from === "key");
  return {
    ...(isTyped && behaviours.types && { behaviourTypes: [...behaviours.types] }),
    ...(typed.length > 0 && !isOne && { typesLost: true as const }),
    ...(key && { userKey: key.name }),
  };
}

/** What a reader of the manifest may want to know of how the dataset was made. */
export function settingsOf(features: Features, { split, window }: SampleRule): Manifest["settings"] {
  const { columns, behaviours, impressions, target, fields, utcOffset } = features;
  const counts = [...fields.user, ...fields.item, ...fields.context].filter(
    ({ minCount, kind }) => minCount > 1 && kind !== "value",
  );
  return {
    ...(columns.label === undefined && { negatives: "strict" }),
    ...(split !== null && {
      validFrom: moment(split.validFrom, features),
      testFrom: moment(split.testFrom, features),
    }),
    ...(target && { target: target.join(", ") }),
    ...(columns.label?.positive && { label: describeLabel(columns.label) }),
    ...(behaviours.types && { behaviourTypes: behaviours.types.join(", ") }),
    ...(impressions.types && { impressionTypes: impressions.types.join(", ") }),
    ...(window !== null && { windowDays: window / DAY }),
    utcOffsetMinutes: utcOffset,
    ...Object.fromEntries(counts.map(({ name, minCount }) => [`minCount.${name}`, minCount])),
  };
}

/** The mean weights of the samples of each split. */
export function meanWeights({ train, valid, test }: Learned["samples"]) {
  const mean = ({ weight, count }: SampleCounts) => weight / count;
  return { train: mean(train), valid: mean(valid), test: mean(test) };
}

/** How much of everything is in a dataset. */
export function countsOf(
  { itemCodes, trainingBehaviours, samples }: Learned,
  { behaviours, users, rule, sizes }: LogReader,
) {
  const { train, valid, test } = samples;
  const segments = new Segments(rule.maxHistory, sizes.segments);
  const sum = (numberOf: (behaviours: number) => number) => behaviours.reduce((sum, own) => sum + numberOf(own), 0);
  return {
    users,
    sequences: sum((own) => segments.count(own)),
    items: itemCodes[0].length - 1,
    behaviours: sum((own) => own),
    trainingBehaviours,
    train: train.count,
    valid: valid.count,
    test: test.count,
  };
}
