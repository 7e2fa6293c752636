/** Reports of results, on synthetic scores whose comparison has a known answer. */
import { describe, expect, it } from "vitest";
import type { LabDataset } from "../../src/experiments/lab/datasets.ts";
import type { Lab } from "../../src/experiments/lab/lab.ts";
import type { Variant } from "../../src/experiments/lab/trials.ts";
import { publicData } from "../../src/experiments/paper/published.ts";
import { augru, base, dien, din } from "../../src/experiments/paper/variants.ts";
import { differenceTable, leaderSentence, metricsTable, overviewTable } from "../../src/experiments/results/blocks.ts";
import { repeatCommands, seedsFlag } from "../../src/experiments/results/commands.ts";
import { DatasetResults, type Result } from "../../src/experiments/results/results.ts";
import { summaryRows } from "../../src/experiments/results/rows.ts";
import { auc } from "../../src/statistics/auc.ts";
import { calibrationOf } from "../../src/statistics/calibration.ts";
import { placementsOf } from "../../src/statistics/placements.ts";
import { spreadOf } from "../../src/statistics/spread.ts";
import { Random } from "../../src/tensor/random.ts";
import type { TrainOptions } from "../../src/training/train.ts";
import { dien as command } from "../cli/harness.ts";

const SAMPLES = 2000;
const label = Float32Array.from({ length: SAMPLES }, (_, i) => i % 2);
const dataset = {
  name: "Beauty 5",
  slug: "beauty-5",
  folder: "data/Beauty 5",
  test: { label, user: Int32Array.from({ length: SAMPLES }, (_, i) => i >> 1) },
} as unknown as LabDataset;

/** Three seeds of a variant whose scores know the label as well as `strength` says. */
function resultOf(variant: Variant, strength: number): Result {
  const scores = [1, 2, 3].map((seed) => {
    const random = new Random(seed);
    return Float32Array.from(label, (y) => 1 / (1 + Math.exp(-(strength * (y - 0.5) + random.normal()))));
  });
  const aucs = scores.map((score) => auc(label, score));
  const runs = aucs.map((value, i) => ({
    dataset,
    variant,
    seed: i + 1,
    folder: "",
    summary: { best_epoch: i + 1, test: { auc: value, gauc: value, logloss: 0.5 } },
  }));
  return {
    dataset,
    variant,
    runs: runs as unknown as Result["runs"],
    scores,
    auc: spreadOf(aucs),
    gauc: spreadOf(aucs),
    logloss: spreadOf([0.5]),
    ece: spreadOf(scores.map((score) => calibrationOf(label, score).ece)),
    placements: placementsOf(label, scores),
  };
}

const results = [resultOf(base, 0.5), resultOf(dien, 1), resultOf(din, 0.9)];
const own = new DatasetResults(results);
const [ofBase, ofDien, ofDin] = results.map((result) => result.auc.mean);
const cells = (row: readonly unknown[]) => row.map((cell) => (cell as { text?: string } | null)?.text ?? cell);

describe("tables", () => {
  it("of metrics have the distance to base, RelaImpr, and the runner-up for the leader, the leader for the others", () => {
    const table = metricsTable(own);
    if (table.kind !== "table") throw new Error("no table");
    const [, ofTheLeader, ofTheSecond] = table.rows.map(cells);
    const at = (name: string) => table.head.indexOf(name);
    expect(table.rows[0][at("RelaImpr")]).toBeNull();
    expect(ofTheLeader[at("RelaImpr")]).toBe(`+${(100 * ((ofDien - 0.5) / (ofBase - 0.5) - 1)).toFixed(2)} %`);
    expect(ofTheLeader[at("difference to BaseModel")]).toMatch(
      new RegExp(`^\\+${(ofDien - ofBase).toFixed(4)} \\(p [<=] 0`),
    );
    expect(ofTheLeader[at("difference to the best other")]).toMatch(/^\+0\.\d{4} \(p .*\)$/);
    expect(ofTheSecond[at("difference to the best other")]).toMatch(/^-0\.\d{4} \(p .*\)$/);
    const notes = table.rows.map((row) => (row[at("difference to the best other")] as { note: string }).note);
    expect(notes).toEqual(["DIEN", "DIN", "DIEN"]);
  });

  it("of metrics show known candidates apart where there are others", () => {
    const known = Uint8Array.from(label, (_, i) => Number(i > 2));
    const some = {
      ...results[1],
      dataset: { ...dataset, test: { ...dataset.test, known } },
      knownAuc: spreadOf([0.75]),
    };
    const table = metricsTable(new DatasetResults([some]));
    if (table.kind !== "table") throw new Error("no table");
    expect(table.rows[0][table.head.indexOf("AUC, known candidates")]).toBe("0.7500");
    const counts = [SAMPLES - 3, SAMPLES].map((count) => count.toLocaleString("en"));
    expect(table.caption).toContain(`knows the candidates of ${counts[0]} of the ${counts[1]} samples.`);
    expect(summaryRows([some])[0]).toMatchObject({ auc_known_mean: 0.75 });
    const other = metricsTable(own);
    expect(other.kind === "table" && other.head).not.toContain("AUC, known candidates");
  });

  it("of the paper mark the best of each dataset and have the paper's figures beside it", () => {
    const table = overviewTable([own], [base, din, dien], publicData);
    if (table.kind !== "table") throw new Error("no table");
    expect(table.rows.map(([, cell]) => (cell as { strong: boolean }).strong)).toEqual([false, false, true]);
    expect(table.rows[2].slice(2)).toEqual(["0.7792 ± 0.0024", "0.8453 ± 0.0048"]);
  });

  it("of differences answer each question on each dataset", () => {
    const table = differenceTable("pairs", "", [own], [{ question: "asked", a: dien, b: din }]);
    if (table.kind !== "table") throw new Error("no table");
    expect(table.rows[0].slice(0, 2)).toEqual(["asked", "DIEN minus DIN"]);
    expect(table.rows[0][2]).toMatch(new RegExp(`^\\+${(ofDien - ofDin).toFixed(4)} `));
  });
});

it("the lead names leader, runner-up and the distance", () => {
  expect(leaderSentence(own)).toMatch(
    new RegExp(
      `^Beauty 5: DIEN leads with a test AUC of ${ofDien.toFixed(4)}, ${(ofDien - ofDin).toFixed(4)} above DIN \\(p`,
    ),
  );
  expect(leaderSentence(new DatasetResults([results[0]]))).toMatch(
    /^Beauty 5: BaseModel leads with a test AUC of [\d.]+\.$/,
  );
});

describe("the commands that repeat an experiment", () => {
  const settings = { "model.head.layers": [8, 4], "model.attention.form": "mlp", "train.epochs": 2 };
  const lab = { options: { data: ["data/Beauty 5"], out: "my out", seeds: 3, settings } } as unknown as Lab;
  const trials = [base, augru].flatMap((variant) => [1, 2].map((seed) => ({ dataset, variant, seed })));
  const lines = repeatCommands(lab, "table4", trials, [...seedsFlag(lab), "--user", "it's"]);

  /** The words of a line as a POSIX shell reads them. */
  const words = (line: string) =>
    [...line.matchAll(/(?:'[^']*'|\\'|[^\s'\\])+/g)].map(([word]) => word.replace(/'([^']*)'|\\(.)/g, "$1$2"));

  it("are understood by the command line, and mean what was done", async () => {
    const asked: TrainOptions[] = [];
    const train = async (options: TrainOptions) => {
      asked.push(options);
      return { interrupted: true, epoch: 1, step: 0 };
    };
    const runs = lines.filter((line) => line.startsWith("npx dien train"));
    expect(runs).toHaveLength(2);
    for (const line of runs) {
      const { code, stderr } = await command(words(line).slice(2), { jobs: { train: train as never } });
      expect([code, stderr]).toEqual([130, expect.any(String)]);
    }
    expect(asked.map(({ data }) => data)).toEqual(["data/Beauty 5", "data/Beauty 5"]);
    const [first, second] = asked.map(({ config }) => config);
    expect(first.model).toMatchObject({ name: "base", head: { layers: [8, 4] } });
    expect(second.model).toMatchObject({ evolution: "augru", auxiliary: { weight: 0 }, attention: { form: "mlp" } });
    expect(second.train).toMatchObject({ seed: 1, epochs: 2 });
  });

  it("begin where they were given, quote what a shell would read otherwise, and leave the first results alone", () => {
    expect(words(lines[0])).toEqual(["cd", process.cwd()]);
    const whole = words(lines.find((line) => line.startsWith("npx dien experiment"))!);
    expect(whole.slice(0, 8)).toEqual([
      "npx",
      "dien",
      "experiment",
      "table4",
      "--data",
      "data/Beauty 5",
      "--seeds",
      "3",
    ]);
    expect(whole).toContain("it's");
    for (const line of lines.slice(1)) if (!line.startsWith("#")) expect(words(line).at(-1)).toMatch(/^my out-again/);
  });
});
