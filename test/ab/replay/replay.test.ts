import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { explore } from "../../../src/ab/bandit/explore.ts";
import { lineOf, type NewExposure } from "../../../src/ab/records/rows.ts";
import type { ReplayResult } from "../../../src/ab/replay/result.ts";
import { jobs } from "../../../src/cli/jobs.ts";
import { engineSupported } from "../../../src/kernels/load.ts";
import { loadScorer } from "../../../src/scoring/predict.ts";
import { Random } from "../../../src/tensor/random.ts";
import { dien } from "../../cli/harness.ts";
import { tinyRun } from "../../support/tiny-run.ts";

const SHARE = 0.4;
const PLACES = 3;
const folder = mkdtempSync(join(tmpdir(), "dien-replay-"));
const records = join(folder, "records");
let run: string;
/** By hand: impressions, and sums of the weights and rewards of a replay of the run. */
let byHand: { n: number; w: number; clicks: number; ips: number; dr: number; revenue: number };

/** A log whose rankings are random ones that explore, and the run's worth in it, reckoned row by row. */
beforeAll(async () => {
  ({ run } = await tinyRun("base"));
  const scorer = await loadScorer(run);
  const random = new Random(4);
  const exposures: string[] = [];
  const outcomes: string[] = [];
  byHand = { n: 0, w: 0, clicks: 0, ips: 0, dr: 0, revenue: 0 };
  for (let r = 0; r < 400; r++) {
    const user = `user ${r % 40}`;
    const candidates = Array.from({ length: 5 }, (_, i) => `item ${1 + ((7 * r + 11 * i) % 60)}`);
    const request = { user, candidates, history: [`item ${1 + (r % 60)}`], bids: [1, 2, 1, 3, 1] };
    const probabilities = scorer.rank(request);
    const worth = probabilities.map((p, i) => p * request.bids[i]);
    const chosen = [0, 1, 2, 3, 4].sort((a, b) => worth[b] - worth[a]);
    const logged = Int32Array.from(candidates, (_, i) => i);
    random.shuffle(logged);
    const { order, propensities } = explore([...logged], SHARE, random);
    for (let place = 0; place < PLACES; place++) {
      const id = `r${r}.${place + 1}`;
      const click = random.uniform() < 0.1 + probabilities[order[place]] / 2;
      const row: NewExposure = {
        ...{ id, time: 1000 * r, experiment: "ads", arm: "a", user, model: "m", version: "v", probability: 0.1 },
        ...{ item: candidates[order[place]], position: place + 1, propensity: propensities[place], fields: {} },
        ...(place === 0 && { request: JSON.stringify(request) }),
      };
      exposures.push(lineOf({ ...row, first: true }));
      if (click) {
        const of = { time: 1000 * r + 1, user, impression: id, experiment: "ads", arm: "a", attributed: true };
        outcomes.push(lineOf({ ...of, id: `o${id}`, type: "click", value: 0.5 }));
        outcomes.push(lineOf({ ...of, id: `p${id}`, type: "order", value: 2 }));
      }
      const w = (chosen[place] === order[place] ? 1 : 0) / propensities[place];
      byHand.n++;
      byHand.w += w;
      byHand.clicks += Number(click);
      byHand.ips += w * Number(click);
      byHand.revenue += w * Number(click) * 2.5;
      byHand.dr += probabilities[chosen[place]] + w * (Number(click) - probabilities[order[place]]);
    }
  }
  const late = { id: "late", time: 1, user: "user 1", type: "click", impression: "r0.1", value: 9, experiment: "ads" };
  outcomes.push(lineOf({ ...late, arm: "a", attributed: false }));
  mkdirSync(records);
  writeFileSync(join(records, "exposures-00000001.ndjson"), exposures.join("") + exposures[0]);
  writeFileSync(join(records, "outcomes-00000001.ndjson"), outcomes.join(""));
}, 120_000);

const replayed = async (...flags: string[]) => {
  const world = { jobs: { replay: jobs.replay, writeReplay: jobs.writeReplay } };
  return await dien(["ab", "replay", ...flags], world);
};
const resultOf = async (...flags: string[]): Promise<ReplayResult> => {
  const { stdout, stderr } = await replayed(...flags, "--json");
  expect(stderr).not.toMatch(/error/);
  return JSON.parse(stdout);
};
/** A file of rows for a replay. */
const csv = (name: string, lines: readonly string[]) => {
  const path = join(folder, name);
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
};

describe("dien ab replay", () => {
  it("asks a run what it would have shown, and weighs what was shown by that", async () => {
    const { rewards, weights, impressions, users, unit, leftOut, engine } = await resultOf(
      "--exposures",
      records,
      "--run",
      run,
    );
    const { n, w, clicks, ips, dr, revenue } = byHand;
    expect({ impressions, users, unit }).toEqual({ impressions: n, users: 40, unit: "user" });
    expect(engine).toBe(engineSupported("native") ? "native" : "wasm");
    expect(rewards.map(({ reward, logged }) => [reward, logged.value])).toEqual([
      ["clicks", clicks / n],
      ["revenue", (2.5 * clicks) / n],
    ]);
    const value = (reward: number, estimator: string) =>
      rewards[reward].estimates.find((one) => one.estimator === estimator)?.value;
    expect(value(0, "ips")).toBeCloseTo(ips / n, 12);
    expect(value(0, "snips")).toBeCloseTo(ips / w, 12);
    expect(value(0, "dr")).toBeCloseTo(dr / n, 6);
    expect(value(1, "ips")).toBeCloseTo(revenue / n, 12);
    expect(value(1, "dr")).toBeCloseTo((2.5 * dr) / n, 6);
    expect(weights.mean.value).toBeCloseTo(w / n, 12);
    // The first row stands there twice, and one click came too late.
    expect(leftOut).toMatchObject({ repeated: 1, outcomes: 1, withoutRequest: 0, unknownItems: 0, bad: 0 });
  });

  it("says it in a sentence and tables, and writes a page", async () => {
    const out = join(folder, "page");
    const { code, stdout } = await replayed("--exposures", records, "--run", run, "--out", out);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^(the policy would have|whether the policy)/);
    for (const line of [
      /^CTR /m,
      /^eCPM /m,
      /^the log /m,
      /^inverse propensity /m,
      /^doubly robust /m,
      /^1,200 +40 /m,
    ]) {
      expect(stdout).toMatch(line);
    }
    expect(stdout).toContain("warning: 40 users are few");
    expect(readdirSync(out).sort()).toEqual(["commands.sh", "data", "figures", "report.html"]);
    expect(readFileSync(join(out, "commands.sh"), "utf8")).toContain(
      `dien ab replay --exposures ${records} --run ${run}`,
    );
  });

  it("cuts weights where it is asked to, and says what that took away", async () => {
    const { weights, findings } = await resultOf("--exposures", records, "--run", run, "--clip", "2");
    expect(weights.largest).toBe(2);
    expect(weights.clipped).toBeGreaterThan(0);
    expect(findings.find(({ check }) => check === "clipped")?.message).toMatch(/weights of \d+ impressions were cut/);
  });

  it("reads files with columns of their own, and a policy as a table by place", async () => {
    const exposures = csv("log.csv", [
      "item_id,position,click,propensity_score",
      ...["a,1,1,.5", "b,1,0,.5", "a,2,0,.25", "b,2,1,.75", "b,2,1,.75"],
    ]);
    const policy = csv("policy.csv", [
      "item,position,probability,predicted",
      ...["a,1,.9,.4", "b,1,.1,.2", "a,2,.2,.4", "b,2,.8,.2"],
    ]);
    const columns = ["--columns", "item=item_id,propensity=propensity_score"];
    const { rewards, unit, users } = await resultOf("--exposures", exposures, "--probabilities", policy, ...columns);
    expect({ unit, users }).toEqual({ unit: "impression", users: 5 });
    const w = [1.8, 0.2, 0.8, 0.8 / 0.75, 0.8 / 0.75];
    const [reward, q] = [
      [1, 0, 0, 1, 1],
      [0.4, 0.2, 0.4, 0.2, 0.2],
    ];
    const v = [0.38, 0.38, 0.24, 0.24, 0.24];
    const sum = (of: (i: number) => number) => w.reduce((total, _, i) => total + of(i), 0);
    expect(rewards[0].estimates.map(({ value }) => value)).toEqual([
      expect.closeTo(sum((i) => w[i] * reward[i]) / 5, 12),
      expect.closeTo(sum((i) => w[i] * reward[i]) / sum((i) => w[i]), 12),
      expect.closeTo(sum((i) => v[i] + w[i] * (reward[i] - q[i])) / 5, 12),
    ]);
  });

  it("reads an arm of a bandit as if all had had it", async () => {
    const rows = ["u1,a,.8,1", "u1,b,.3,1", "u2,a,.7,0", "u3,b,.2,0", "u3,b,.3,1"];
    const exposures = csv("bandit.csv", ["user,arm,propensity,click", ...rows]);
    const always = csv("always.csv", ["item,probability", "b,1"]);
    const given = ["--exposures", exposures, "--probabilities", always, "--columns", "item=arm"];
    const { rewards, users } = await resultOf(...given);
    const [, snips] = rewards[0].estimates;
    expect(users).toBe(3);
    expect(snips.value).toBeCloseTo(2 / 0.3 / (2 / 0.3 + 1 / 0.2), 12);
  });

  it("refuses what nothing can be said of", async () => {
    const policy = csv("any.csv", ["item,probability", "a,.5", "b,.5"]);
    const message = async (lines: readonly string[], table = policy) => {
      const { code, stderr } = await replayed("--exposures", csv("bad.csv", lines), "--probabilities", table);
      expect(code).toBe(1);
      return stderr;
    };
    expect(await message(["item,click", "a,1"])).toContain("bad.csv: no impression has a propensity");
    expect(await message(["item,click,propensity", "a,1,", "b,0,"])).toContain("no impression has a propensity");
    expect(await message(["item,click,propensity", "a,1,1", "b,0,1"])).toContain("all propensities are 1");
    expect(await message(["item,click,propensity", "a,1,0", "b,0,1.5"])).toContain("found others in 2 rows");
    expect(await message(["item,propensity", "a,.5"])).toContain("expected a column click, or files of outcomes");
    const halves = csv("halves.csv", ["item,probability", "a,.4", "b,.5"]);
    expect(await message(["item,click,propensity", "a,1,.5"], halves)).toContain("found 0.9");
    const first = csv("first.csv", ["item,position,probability", "a,1,1"]);
    expect(await message(["item,position,click,propensity", "a,2,1,.5"], first)).toContain(
      "nothing is said of the position of 1 impressions",
    );
    const unasked = await replayed("--exposures", csv("bad.csv", ["item,click,propensity", "a,1,.5"]), "--run", run);
    expect(unasked.stderr).toContain("no impression has its request");
    expect((await replayed("--exposures", records)).stderr).toContain("--run");
  });

  it("says that a log lacks what the policy would show", async () => {
    // Never item c, which the policy shows most of the time.
    const rows = Array.from({ length: 300 }, (_, i) => `${"ab"[i % 2]},${i % 5 === 0 ? 1 : 0},.5,u${i}`);
    const policy = csv("unseen.csv", ["item,probability", "a,.1", "b,.2", "c,.7"]);
    const exposures = csv("seen.csv", ["item,click,propensity,user", ...rows]);
    const { verdict, findings } = await resultOf("--exposures", exposures, "--probabilities", policy);
    expect(findings[0]).toMatchObject({ check: "support", level: "grave" });
    expect(verdict).toMatch(/^nothing can be said: the mean weight is 0\.300/);
  });
});
