/** What an inspection warns of: every leak planted. What it refuses is in test/dataset/integrity.test.ts. */
import { cpSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { SPLITS, type Split } from "../../src/dataset/dataset.ts";
import type { DatasetSource } from "../../src/dataset/source.ts";
import { writeDataset } from "../../src/dataset/write.ts";
import { UserError } from "../../src/errors/failure.ts";
import { inspectDataset } from "../../src/inspection/measure/inspect.ts";
import { healthy, replace, rewrite, START } from "../support/damage.ts";
import { temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();

let made: Promise<string> | undefined;

/** A dataset of `healthy()` as a folder, made once. */
async function writeHealthy(): Promise<string> {
  const out = join(folder, "original");
  await writeDataset(out, healthy());
  return out;
}

/** The kinds of warnings, the gravest first, with their messages. Without a source, of a healthy log. */
async function warn(name: string, source?: DatasetSource, edit?: (path: string) => Promise<void>) {
  const out = join(folder, name);
  if (source === undefined) {
    made ??= writeHealthy();
    cpSync(await made, out, { recursive: true });
  } else await writeDataset(out, source);
  await edit?.(out);
  const { warnings } = await inspectDataset(out);
  return warnings.map(({ level, kind, message }) => ({ kind: `${level} ${kind}`, message }));
}

describe("planted", () => {
  test("nothing: a healthy log has no warnings", async () => {
    expect(await warn("healthy")).toEqual([]);
  });

  test.each<[string, string, RegExp, (path: string) => Promise<void>]>([
    [
      "a field that copies the label",
      "grave label-copy",
      /^field hour alone predicts the click \(AUC 1\.0000 on valid\): it probably copies the label$/,
      async (path) => {
        for (const split of SPLITS) await replace(path, `${split}.parquet`, "label + 1 AS hour");
      },
    ],
    [
      "a field that copies it, and in valid its opposite",
      "grave label-copy",
      /^field hour alone predicts the click backwards \(AUC 0\.0000 on valid\)/,
      async (path) => {
        await replace(path, "train.parquet", "label + 1 AS hour");
        await replace(path, "valid.parquet", "2 - label AS hour");
      },
    ],
    [
      "candidates that are unknown where they are clicked",
      "grave telling-unknown",
      /^whether field item is unknown tells the label in test \(AUC 1\.0000 alone, in train 0\.5000\): 1 is the label of 100\.0 % of the 40 samples without it and of 0\.0 % of the others$/,
      (path) => replace(path, "test.parquet", "if(label = 1, 0, item)::INTEGER AS item"),
    ],
    [
      "a field that lacks where it is not clicked, in valid",
      "grave telling-unknown",
      /^whether field hour is unknown tells the label in valid \(AUC 0\.0000 alone/,
      (path) => replace(path, "valid.parquet", "label AS hour"),
    ],
    [
      "a behaviour that is later than the sample",
      "grave later-history",
      /^2 samples of test have a history with .* later than the sample \(first: test\.parquet row 6\)$/,
      (path) => replace(path, "test.parquet", "CASE WHEN sequence = 3 THEN 1 ELSE time END AS time"),
    ],
    [
      "a behaviour at the time of the sample",
      "grave equal-history",
      /^1 sample of train and 80 of valid have a history with behaviours at the time .* \(first: train\.parquet row 7\)$/,
      async (path) => {
        await replace(path, "valid.parquet", `${START} + (position - 1) * 86400000 AS time`);
        await replace(
          path,
          "train.parquet",
          `if(file_row_number = 7, ${START} + (position - 1) * 86400000, time) AS time`,
        );
      },
    ],
    [
      "histories that are mostly empty",
      "warning empty-histories",
      /^the histories of 160 of 240 train samples \(66\.7 %\) are empty: there is no interest to learn from$/,
      (path) =>
        replace(
          path,
          "train.parquet",
          "if(position < 6, 0, length) AS length, if(position < 6, 0, position) AS position",
        ),
    ],
    [
      "no history at all",
      "grave empty-histories",
      /^the histories of 240 of 240 train samples \(100\.0 %\) are empty/,
      (path) => replace(path, "train.parquet", "0::INTEGER AS length, 0::INTEGER AS position"),
    ],
    [
      "times out of order",
      "grave disorder",
      /^the times of 2 of 40 sequences \(5\.0 %\) fall, .*\(first: sequences\.parquet row 5\)$/,
      (path) =>
        replace(
          path,
          "sequences.parquet",
          "if(file_row_number IN (5, 9), list_concat([times[2], times[1]], times[3:]), times) AS times",
        ),
    ],
    [
      "samples in two splits",
      "grave shared-samples",
      /^80 triples of user, time and candidate are in more than one split \(first: sequence 0, item row 2, time 1704668400000\)$/,
      (path) => copy(path, "valid", "test"),
    ],
    [
      "duplicates",
      "warning duplicates",
      /^20 samples of train repeat another of the same split in every column \(first: train\.parquet row 0\)$/,
      (path) => rewrite(path, "train", "SELECT * FROM original UNION ALL SELECT * FROM (FROM original LIMIT 20)"),
    ],
    [
      "both labels",
      "warning both-labels",
      /^1 triple of user, time and candidate has both labels \(first: sequence 0, /,
      (path) =>
        rewrite(
          path,
          "train",
          "FROM original UNION ALL SELECT * REPLACE (1 - label AS label) FROM (FROM original LIMIT 1)",
        ),
    ],
    [
      "a split of one class",
      "grave one-class",
      /^all 80 samples of valid have label 1$/,
      (path) => replace(path, "valid.parquet", "1::INTEGER AS label"),
    ],
    [
      "an empty split",
      "grave one-class",
      /^valid has no samples$/,
      (path) => rewrite(path, "valid", "FROM original LIMIT 0"),
    ],
    [
      "users of one class",
      "warning one-class-users",
      /^30 of 40 users \(75\.0 %\) with several test samples have one label only/,
      (path) => replace(path, "test.parquet", "if(sequence < 30, sequence % 2, label)::INTEGER AS label"),
    ],
    [
      "cold items",
      "warning cold-items",
      /^the candidates of 80 of 80 test samples \(100\.0 %\) are unknown/,
      (path) => replace(path, "test.parquet", "0::INTEGER AS item"),
    ],
    [
      "cold users",
      "warning cold-users",
      /^30 of 40 users \(75\.0 %\) of test have no sample in train$/,
      (path) => rewrite(path, "train", "FROM original WHERE sequence < 10"),
    ],
    [
      "a constant field",
      "warning constant-field",
      /^field hour is "(morning|evening)" in all samples of train$/,
      (path) => replace(path, "train.parquet", "1::INTEGER AS hour"),
    ],
    [
      "a field that is unknown in most of train",
      "warning unknown-field",
      /^field hour is unknown in 192 of 240 train samples \(80\.0 %\)$/,
      (path) => replace(path, "train.parquet", "if(sequence < 32, 0, hour)::INTEGER AS hour"),
    ],
    [
      "a field that is unknown in most of test",
      "warning unknown-field",
      /^field hour is unknown in 80 of 80 test samples \(100\.0 %\)$/,
      (path) => replace(path, "test.parquet", "0::INTEGER AS hour"),
    ],
    [
      "a field with other values in test",
      "note drift",
      /^1 of 4 fields \(25\.0 %\) shift from train to test \(PSI: hour \d\.\d\d\)$/,
      (path) => replace(path, "test.parquet", "1::INTEGER AS hour"),
    ],
    [
      "another click rate in test",
      "warning click-rate",
      /^the click rate in test is 12\.5 %, in train 50\.0 %$/,
      (path) => replace(path, "test.parquet", "if(sequence < 10, label, 0)::INTEGER AS label"),
    ],
    [
      "a split that is not by time",
      "note overlap",
      /^80 of 240 train samples \(33\.3 %\) are later than the earliest test sample/,
      (path) => replace(path, "train.parquet", "if(position = 6, time + 86400000 * 3, time) AS time"),
    ],
  ])("%s", async (name, kind, message, edit) => {
    const warnings = await warn(name, undefined, edit);
    const found = warnings.find((warning) => warning.kind === kind);
    expect(found, JSON.stringify(warnings)).toBeDefined();
    expect(found!.message).toMatch(message);
    const levels = warnings.map((warning) => ["grave", "warning", "note"].indexOf(warning.kind.split(" ")[0]));
    expect(levels).toEqual([...levels].sort());
  });

  test.each([
    [3, ["grave disorder"]],
    [10, ["grave disorder", "grave later-history"]],
  ])("a late behaviour out of order, which histories of at most %i reach or not", async (maxHistory, kinds) => {
    const source = healthy();
    source.times[0] = START + 1e12;
    const warnings = await warn("late", { ...source, maxHistory });
    expect(warnings.map(({ kind }) => kind).filter((kind) => kind.startsWith("grave"))).toEqual(kinds);
  });

  test("a number that is always the same, or never there; not one that mostly is", async () => {
    const transform = { kind: "value", scale: "standard", mean: 5, deviation: 1 } as const;
    const source = healthy();
    const number = (name: string, of: (user: number) => string | null) => ({
      name,
      values: source.users.map((_, user) => of(user)),
      transform,
    });
    const userFields = [
      ...source.userFields,
      number("same", () => "5.5"),
      number("absent", () => null),
      number("mostly", (user) => (user === 3 ? "9" : "5.5")),
      number("partly", (user) => (user === 3 ? null : "5.5")),
    ];
    const warnings = await warn("numbers", { ...source, userFields });
    expect(warnings.filter(({ kind }) => kind === "warning constant-field").map(({ message }) => message)).toEqual([
      "field same is the same number in all samples of train",
      "field absent is unknown in all samples of train",
    ]);
  });

  test("no unknown that tells in train what it tells in valid and test: it is there to learn", async () => {
    const edit = async (path: string) => {
      for (const split of SPLITS) await replace(path, `${split}.parquet`, "if(sequence < 20, label, 1) AS hour");
    };
    const kinds = (await warn("honest", undefined, edit)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind.includes("telling"))).toEqual([]);
  });

  test.each([
    ["temporal", "grave"],
    ["target", "grave"],
    ["impressions", undefined],
  ])("candidates in their own history where they are clicked, under %s", async (protocol, level) => {
    // The items of users before the sample are 1 + (8 u + place) % 20.
    const back = "if(label = 1, 1 + (8 * sequence + position - 2) % 20, 1 + (8 * sequence + 15) % 20)::INTEGER AS item";
    const warnings = await warn("returns", { ...healthy(), protocol }, async (path) => {
      for (const split of SPLITS) await replace(path, `${split}.parquet`, back);
    });
    const found = warnings.filter(({ kind }) => kind.includes("telling"));
    const message =
      "whether the candidate stands in its own history tells the label (AUC of that alone: 1.0000 in train, 1.0000 in valid, 1.0000 in test): it is how negatives were sampled, not what users do";
    expect(found).toEqual(level === undefined ? [] : [{ kind: `${level} telling-history`, message }]);
  });

  test("maxHistory that cuts most histories", async () => {
    expect(await warn("cut", { ...healthy(), maxHistory: 5 })).toEqual([
      { kind: "warning cut-histories", message: "maxHistory 5 cuts the histories of 240 of 400 samples (60.0 %)" },
    ]);
  });

  test("what protocols of behaviours may have is a note under them", async () => {
    const edit = async (path: string) => {
      await replace(path, "valid.parquet", `${START} + (position - 1) * 86400000 AS time`);
      await rewrite(path, "test", "FROM original WHERE sequence > 0 UNION ALL (FROM read_parquet('VALID') LIMIT 2)");
    };
    for (const [protocol, level] of [
      ["temporal", "note"],
      ["impressions", "grave"],
    ]) {
      const warnings = await warn(protocol, { ...healthy(), protocol }, edit);
      const kinds = warnings.map(({ kind }) => kind).filter((kind) => /equal-history|shared-samples/.test(kind));
      expect(kinds).toEqual([`${level} equal-history`, `${level} shared-samples`]);
    }
    const only = (path: string) => rewrite(path, "train", "FROM original WHERE sequence < 10");
    expect(await warn("paper", { ...healthy(), protocol: "paper" }, only)).toContainEqual({
      kind: "note cold-users",
      message: "30 of 40 users (75.0 %) of test have no sample in train, as protocol paper has it",
    });
  });
});

/** Lets one split be a copy of another. */
async function copy(path: string, from: Split, to: Split): Promise<void> {
  await rewrite(path, to, `FROM read_parquet('${from.toUpperCase()}')`);
}

test("progress reaches its end, and what was spilled goes, however it ends", async () => {
  const space = join(folder, "space");
  mkdirSync(space);
  vi.stubEnv("TMPDIR", space);
  const path = join(folder, "progress");
  await writeDataset(path, healthy());
  const steps: number[] = [];
  let last = 0;
  await inspectDataset(path, (_, done, total) => {
    expect(readdirSync(space)).toHaveLength(1);
    steps.push(done);
    last = total;
  });
  expect(steps).toEqual(Array.from({ length: last }, (_, i) => i + 1));
  expect(readdirSync(space)).toEqual([]);
  rmSync(join(path, "test.parquet"));
  await expect(inspectDataset(path)).rejects.toThrow(UserError);
  expect(readdirSync(space)).toEqual([]);
  vi.stubEnv("TMPDIR", join(space, "missing"));
  expect(await inspectDataset(path).catch((error) => error.message)).toMatch(
    /^cannot create a folder in .*missing: no such/,
  );
  vi.unstubAllEnvs();
});

test("a file that goes meanwhile is told as a change of the dataset", async () => {
  const path = join(folder, "gone");
  await writeDataset(path, healthy());
  const broken = inspectDataset(path, (part) => {
    if (part === "counts") rmSync(join(path, "sequences.parquet"));
  });
  await expect(broken).rejects.toMatchObject({ code: "dataset.changed", values: { path } });
});
