/** A calibration of a run: what it is fitted on, where it is kept, whom it is refused by, and who applies it. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  calibrateRun,
  evaluateRun,
  loadScorer,
  openModels,
  type RankRequest,
  scoreRun,
  verify,
  writeCalibrationPage,
} from "dien";
import { afterAll, beforeAll, expect, it } from "vitest";
import { calibrateAll } from "../../dist/calibration/calibrator.js";
import { fitMethod } from "../../dist/calibration/fit.js";
import { sealedJson } from "../../dist/files/sealed.js";
import { readCalibration } from "../../dist/run/calibration.js";
import { runFiles } from "../../dist/run/run-folder.js";
import { readSummary } from "../../dist/run/summary.js";
import { stateOf } from "../../dist/serving/models/watch.js";
import { calibrationOf } from "../../dist/statistics/calibration.js";
import { writeSmallDataset } from "../support/dataset.ts";
import { temporaryFolder } from "../support/source.ts";
import { tinyRun } from "../support/tiny-run.ts";

const folder = temporaryFolder();
const run = join(folder, "run");
const raw = join(folder, "raw");
let data: string;
let weights: string;
const threads = 1;

beforeAll(async () => {
  const made = await tinyRun("din");
  data = made.data;
  for (const copy of [run, raw]) cpSync(made.run, copy, { recursive: true });
  weights = (await readSummary(run))!.weights_sha256;
  await calibrateRun({ run, data, threads, method: "beta" });
});

let copies = 0;
function copyOf(from: string): string {
  const copy = join(folder, `copy-${copies++}`);
  cpSync(from, copy, { recursive: true });
  return copy;
}

const request: RankRequest = {
  user: "user 3",
  candidates: Array.from({ length: 40 }, (_, i) => `item ${1 + i}`),
  history: ["item 5", "item 9", "item 20"],
  context: { hour: "noon" },
};
const orderOf = (scores: readonly number[]) => scores.map((_, i) => i).sort((i, j) => scores[i] - scores[j]);

it("is a fit to the validation samples alone, kept with the weights that it is for", async () => {
  const copy = copyOf(raw);
  const result = await calibrateRun({ run: copy, data, threads });
  const valid = await scoreRun({ run: raw, data, threads, split: "valid" });
  const calibration = await readCalibration(copy, weights);
  expect(calibration).toEqual({
    ...{ sha256: result.sha256, weights_sha256: weights, rate: 1, tried: result.tried },
    fit: fitMethod(result.method, valid),
    ...{ samples: valid.label.length, clicks: valid.label.filter((label) => label > 0).length },
  });
  expect(Math.min(...result.tried.map(({ logloss }) => logloss))).toBe(
    result.tried.find(({ method }) => method === result.method)!.logloss,
  );
});

it("shows on test what came of it: the same order, and probabilities before and after", async () => {
  const result = await calibrateRun({ run: copyOf(raw), data, threads, method: "platt" });
  const { test } = result;
  const before = await evaluateRun({ run: raw, data, threads, calibration: true });
  expect(test).toMatchObject({ samples: before.samples, auc: before.auc });
  expect(test!.before).toEqual({
    ...{ logloss: before.logloss, ece: before.ece, ratio: before.calibration_ratio },
    bins: before.calibration,
  });
  const page = join(folder, "page.html");
  await writeCalibrationPage(page, { run: "<b>run", data }, result);
  const html = readFileSync(page, "utf8");
  expect(html).toContain("&lt;b&gt;run");
  expect(html).toMatch(/<svg[\s\S]*before[\s\S]*after/);
});

it("is applied by evaluate where that is asked for: AUC and GAUC stay to the bit", async () => {
  const [plain, calibrated] = [
    await evaluateRun({ run, data, threads, against: raw }),
    await evaluateRun({ run, data, threads, against: raw, calibrated: true }),
  ];
  const { sha256 } = await readCalibration(run, weights);
  expect(plain.calibrated).toBeUndefined();
  expect(calibrated.calibrated).toEqual({ sha256, method: "beta", rate: 1 });
  const ranks = ({ auc, gauc, against }: typeof plain) => ({ auc, gauc, against });
  expect(ranks(calibrated)).toEqual(ranks(plain));
  expect(calibrated.logloss).not.toBe(plain.logloss);
  const { score, label } = await scoreRun({ run, data, threads, split: "test" });
  const probabilities = calibrateAll(await readCalibration(run, weights), score);
  expect(calibrated.ece).toBe(calibrationOf(label, probabilities).ece);
});

it("of drawn negatives is of the traffic, and so are logloss and ECE", async () => {
  const copy = copyOf(raw);
  const plain = await evaluateRun({ run: raw, data, threads });
  const { rate, test } = await calibrateRun({ run: copy, data, threads, baseRate: 0.01 });
  const { clicks, samples } = await readCalibration(copy, weights);
  expect(rate).toBeCloseTo((0.01 / 0.99) * ((samples - clicks) / clicks), 12);
  const evaluation = await evaluateRun({ run: copy, data, threads, calibrated: true, calibration: true });
  expect(evaluation).toMatchObject({ auc: plain.auc, gauc: plain.gauc, ece: test!.after.ece });
  expect(evaluation.logloss).toBeLessThan(plain.logloss / 3);
  for (const { predicted } of evaluation.calibration!) expect(predicted).toBeLessThan(0.3);
  const given = await calibrateRun({ run: copyOf(raw), data, threads, rate });
  expect({ rate: given.rate, after: given.test!.after }).toEqual({ rate, after: test!.after });
});

it("is applied by a scorer where that is asked for: candidates keep their order, other scorers their bits", async () => {
  const [plain, calibrated, uncalibrated] = [
    await loadScorer(run),
    await loadScorer(run, { calibrated: true }),
    await loadScorer(raw),
  ];
  const scores = plain.rank(request);
  expect(scores).toEqual(uncalibrated.rank(request));
  const calibration = await readCalibration(run, weights);
  const expected = [...calibrateAll(calibration, scores)];
  expect(calibrated.rank(request)).toEqual(expected);
  expect(orderOf(expected)).toEqual(orderOf(scores));
  const { candidates, ...rest } = request;
  const single = { ...rest, candidate: candidates[7] };
  expect(calibrated.score([request, single])).toEqual([expected, expected[7]]);
  expect([plain.calibration, calibrated.calibration]).toEqual([undefined, calibration.sha256]);
});

it("is applied by served models that are to be, explanations included, beside the same model without", async () => {
  const own = copyOf(run);
  const events: number[][] = [];
  const models = await openModels({
    threads,
    runs: [
      { name: "shop", run: own, calibrated: true },
      { name: "raw", run },
    ],
    onEvent: (event) => {
      if (event.kind === "scored" && event.model === "shop") events.push([...event.probabilities]);
    },
  });
  afterAll(() => models.close());
  const expected = (await loadScorer(run, { calibrated: true })).rank(request);
  const { sha256 } = await readCalibration(run, weights);
  const [shop, plain] = [models.get("shop"), models.get("raw")];
  expect([shop.calibration, plain.calibration]).toEqual([sha256, undefined]);
  const scored = await shop.score(request);
  expect({ ...scored, probabilities: [...scored.probabilities] }).toMatchObject({
    ...{ version: weights, calibration: sha256, probabilities: expected },
  });
  expect(events).toEqual([expected]);
  const bare = await plain.score(request);
  expect(bare.calibration).toBeUndefined();
  expect([...bare.probabilities]).toEqual((await loadScorer(raw)).rank(request));
  // Another calibration of the same weights is another version.
  await calibrateRun({ run: own, data, threads, method: "platt" });
  const again = await models.load("shop");
  expect(again).toMatchObject({ version: weights });
  expect(again.calibration).not.toBe(sha256);
  expect((await models.load("raw")).since).toEqual(plain.since);
  expect((await models.rollback("shop")).calibration).toBe(sha256);
});

it("is seen by whoever watches a run", async () => {
  const own = copyOf(raw);
  const before = await stateOf(own);
  expect(await stateOf(own)).toBe(before);
  cpSync(runFiles(run).calibration, runFiles(own).calibration);
  expect(await stateOf(own)).not.toBe(before);
});

it("that is absent is missed", async () => {
  const missing = { code: "run.lacks", message: `${raw} holds no calibration: there is no model/calibration.json` };
  await expect(evaluateRun({ run: raw, data, threads, calibrated: true })).rejects.toMatchObject(missing);
  await expect(loadScorer(raw, { calibrated: true })).rejects.toMatchObject(missing);
  const runs = [{ name: "shop", run: raw, calibrated: true }];
  await expect(openModels({ threads, runs })).rejects.toMatchObject(missing);
});

it("of other weights is refused by all, and verify finds it", async () => {
  const copy = copyOf(raw);
  const other = (await tinyRun("base")).run;
  const foreign = copyOf(other);
  await calibrateRun({ run: foreign, data, threads });
  cpSync(runFiles(foreign).calibration, runFiles(copy).calibration);
  const refused = { code: "run.other-calibration", message: expect.stringContaining(`expected ${weights}`) };
  await expect(evaluateRun({ run: copy, data, threads, calibrated: true })).rejects.toMatchObject(refused);
  await expect(loadScorer(copy, { calibrated: true })).rejects.toMatchObject(refused);
  const runs = [{ name: "shop", run: copy, calibrated: true }];
  await expect(openModels({ threads, runs })).rejects.toMatchObject(refused);
  const problems = async (of: string) => (await verify([of]))[0].files.filter(({ problem }) => problem !== undefined);
  expect(await problems(run)).toEqual([]);
  expect(await problems(copy)).toMatchObject([{ file: join("model", "calibration.json"), problem: refused.message }]);
  // Whoever does not ask for it is not concerned.
  await expect(loadScorer(copy)).resolves.toBeDefined();
});

it.each([
  ["a changed digit", (text: string) => text.replace(/"c": -?\d/, '"c": 7')],
  ["a cut", (text: string) => text.slice(0, -30)],
  ["a slope that turns", (text: string) => sealed(text, (fit) => ({ ...fit, a: -1 }))],
  [
    "knots out of order",
    (text: string) => sealed(text, () => ({ method: "isotonic", scores: [1, 0], clicks: [0, 1] })),
  ],
])("with %s is refused as damaged", async (_, change) => {
  const copy = copyOf(run);
  const { calibration } = runFiles(copy);
  const text = readFileSync(calibration, "utf8");
  const changed = change(text);
  expect(changed).not.toBe(text);
  writeFileSync(calibration, changed);
  await expect(loadScorer(copy, { calibrated: true })).rejects.toMatchObject({ code: "file.damaged" });
  expect((await verify([copy]))[0].files.find(({ problem }) => problem)).toMatchObject({
    problem: expect.stringContaining("calibration.json"),
  });
});

function sealed(text: string, change: (fit: object) => object): string {
  const { sha256: _, fit, ...rest } = JSON.parse(text);
  return sealedJson({ ...rest, fit: change(fit) }, 2);
}

it("needs validation samples with clicks and without", async () => {
  const unclicked = join(folder, "unclicked");
  await writeSmallDataset(unclicked, { validLabel: 0 });
  await expect(calibrateRun({ run: raw, data: unclicked, threads })).rejects.toMatchObject({
    code: "run.uncalibratable",
    message: expect.stringMatching(/found 0 clicks in \d+$/),
  });
});
