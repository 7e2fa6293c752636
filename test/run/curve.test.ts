/** Learning curves: where their points lie, what the validation losses are, and what cannot be read. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CurvePoint, readCurve, resolveConfig, train, UserError } from "dien";
import { beforeAll, describe, expect, it } from "vitest";
import { writeSmallDataset } from "../support/dataset.ts";
import { temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();
const data = join(folder, "data");

beforeAll(() => writeSmallDataset(data));

/** Trains two epochs of 19 steps into the folder `name`. */
async function trainInto(name: string, settings: object, model: object = { name: "dien" }): Promise<string> {
  const out = join(folder, name);
  const config = resolveConfig({ model, train: { epochs: 2, batch_size: 32, learning_rate: 0.01, ...settings } });
  await train({ data, out, config, threads: 1 });
  return out;
}

const validation = (points: readonly CurvePoint[]) => points.filter(({ part }) => part === "validation");

describe("the points", () => {
  it("lie at every so many steps and at the end of an epoch, of both parts", async () => {
    const points = await readCurve(await trainInto("places", { curve_steps: 8 }));
    const places = [1, 2].flatMap((epoch) => [8, 16, 19].map((step) => ({ epoch, step })));
    const both = places.flatMap((place) => ["training", "validation"].map((part) => ({ ...place, part })));
    expect(points).toMatchObject(both);
  });

  it("are of training alone without curve_steps", async () => {
    const points = await readCurve(await trainInto("off", {}));
    expect(points).toMatchObject([1, 2].map((epoch) => ({ epoch, step: 19, part: "training" })));
  });

  it("have training losses whose mean over an epoch is the epoch's", async () => {
    const out = await trainInto("means", { curve_steps: 8, epochs: 1 });
    const [a, b, c] = (await readCurve(out)).filter(({ part }) => part === "training");
    const { epochs } = JSON.parse(readFileSync(join(out, "summary.json"), "utf8"));
    expect((8 * a.losses.target + 8 * b.losses.target + 3 * c.losses.target) / 19).toBeCloseTo(
      epochs[0].losses.target,
      12,
    );
    expect((8 * a.losses.auxiliary + 8 * b.losses.auxiliary + 3 * c.losses.auxiliary) / 19).toBeCloseTo(
      epochs[0].losses.auxiliary,
      12,
    );
  });
});

describe("validation losses", () => {
  it.each(["prelu", "dice"])("the target loss is the logloss of scoring; %s", async (activation) => {
    const out = await trainInto(`target-${activation}`, { curve_steps: 100 }, { name: "dien", head: { activation } });
    const lines = readFileSync(join(out, "metrics.jsonl"), "utf8").trim().split("\n");
    const loglosses = lines.map((line) => JSON.parse(line).valid.logloss).filter((logloss) => logloss !== undefined);
    const losses = validation(await readCurve(out)).map(({ losses }) => losses.target);
    expect(losses).toHaveLength(2);
    losses.forEach((loss, i) => {
      expect(loss).toBeCloseTo(loglosses[i], 6);
    });
  });

  it("are a function of the weights: the same where those stay, 2 ln 2 for fresh interests that know nothing", async () => {
    const points = validation(await readCurve(await trainInto("still", { curve_steps: 8, learning_rate: 1e-30 })));
    const [{ losses }] = points;
    for (const point of points) expect(point).toMatchObject({ losses });
    expect(losses.auxiliary).toBeCloseTo(2 * Math.LN2, 2);
  });

  it("fall as the model learns", async () => {
    const points = validation(await readCurve(await trainInto("learns", { curve_steps: 8, epochs: 4 })));
    expect(points.at(-1)!.losses.auxiliary).toBeLessThan(points[0].losses.auxiliary);
    expect(points.at(-1)!.losses.target).toBeLessThan(points[0].losses.target);
  });

  it("have no auxiliary part where the model has none", async () => {
    const points = await readCurve(await trainInto("din", { curve_steps: 8, epochs: 1 }, { name: "din" }));
    for (const { losses, total } of points) expect(losses).toEqual({ target: total });
  });
});

describe("mistakes", () => {
  it("a folder without a log, and lines that are none", async () => {
    const fails = async (run: string, message: RegExp) => {
      const error = await readCurve(run).catch((e) => e);
      expect(error).toBeInstanceOf(UserError);
      expect(error.message).toMatch(message);
    };
    await fails(folder, /holds no log/);
    const out = join(folder, "odd");
    mkdirSync(out);
    const good = '{"epoch":1,"step":2,"losses":{"target":0.5},"total_loss":0.5,"rate":0.1}\n';
    for (const bad of ["{", '{"epoch":1,"step":"two"}', '{"epoch":1,"step":2,"losses":null}', "null"]) {
      writeFileSync(join(out, "metrics.jsonl"), `${good}${bad}\n`);
      await fails(out, /metrics\.jsonl: line 2: expected a line of a training log/);
    }
  });
});
