/** `dien ab report`: what is printed, for people and for machines, and what is left in a folder. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { jobs } from "../../../src/cli/jobs.ts";
import { people, recordsOf, writeRecords } from "../../ab/analysis/records.ts";
import { temporaryFolder } from "../../support/source.ts";
import { dien } from "../harness.ts";

const folder = temporaryFolder();
const records = writeRecords(folder, "records", recordsOf(people(400, 4, 2)));
const world = { jobs: { analyse: jobs.analyse, writeAbReport: jobs.writeAbReport } };
const report = (...more: string[]) => dien(["ab", "report", "--exposures", records, ...more], world);
const SENTENCE =
  "dien shows 100 % more clicks per impression than base (95 % interval 61 to 139 %, 7 days, 800 users): keep dien.";

it("prints arms, effects and findings, and the verdict last", async () => {
  const { code, stdout } = await report("--segment", "country");
  expect(code).toBe(0);
  const lines = stdout.trimEnd().split("\n");
  expect(lines[0]).toMatch(/^Experiment autumn: 800 users and 8,000 impressions, 2026-11-01 to 2026-11-07 \(UTC\)/);
  expect(stdout).toMatch(/^dien +400 +4,000 +400 +400 +0\.1 +1 +100 +1 +1$/m);
  expect(stdout).toMatch(/^CTR +dien +\+100\.00 % +\+60\.69 % to \+139\.31 % +< 0\.0001/m);
  expect(stdout).toMatch(/^country = CN +dien +408/m);
  expect(stdout).toContain("Whoever looks earlier or more often reads always-valid ones");
  expect(lines.at(-1)).toBe(SENTENCE);
});

it("prints all of it as one JSON document, whose keys stay", async () => {
  const { stdout } = await report("--sequential", "--json", "--weights", "base=1,dien=1", "--metric", "ecpm");
  const found = JSON.parse(stdout);
  expect(Object.keys(found)).toEqual([
    ...["verdict", "findings", "experiment", "control", "metric", "reading", "alpha", "tuning", "windowHours"],
    ...["attribution", "from", "to", "days", "users", "effects", "usersBefore", "sampleRatioP", "arms", "upToDay"],
    ...["byDay", "segments", "rows", "counts"],
  ]);
  expect(found).toMatchObject({ metric: "ecpm", reading: "sequential", tuning: 5000, sampleRatioP: 1, segments: [] });
  expect(Object.keys(found.effects[0])).toEqual([
    ...["arm", "metric", "lift", "low", "high", "p", "fixed", "sequential", "smallest", "theta", "adjustedP"],
  ]);
  expect(found.effects.map(({ metric }: { metric: string }) => metric)).toEqual([
    ...["ecpm", "ctr", "ppc", "clicks_per_user", "revenue_per_user"],
  ]);
});

it("leaves a page with figures, the data, and what repeats it", async () => {
  const out = join(folder, "page");
  const { code, stderr } = await report("--segment", "country", "--out", out);
  expect([code, stderr]).toEqual([0, `page in ${out}/report.html\n`]);
  const page = readFileSync(join(out, "report.html"), "utf8");
  expect(page).toContain("Dien shows 100 % more clicks per impression");
  for (const name of ["effects-figure", "up-to-day", "by-day", "segments-figure"])
    expect(page).toContain(`id="${name}"`);
  expect(readdirSync(join(out, "data")).filter((file) => file.endsWith(".csv"))).toEqual([
    ...["arms.csv", "by-day.csv", "effects.csv", "segments.csv", "up-to-day.csv"],
  ]);
  expect(readFileSync(join(out, "data/up-to-day.csv"), "utf8")).toMatch(
    /^arm,day,users,lift,low,high,p\r\ndien,2026-11-01,/,
  );
  const commands = readFileSync(join(out, "commands.sh"), "utf8");
  expect(commands).toContain(`dien ab report --exposures ${records} --segment country --out ${out}`);
  expect(existsSync(join(out, "figures/by-day.svg"))).toBe(true);
});

it("reads ab.yaml, and says what is wrong with it", async () => {
  const path = join(folder, "ab.yaml");
  writeFileSync(path, "name: autumn\narms: [{name: base}, {name: dien}]\nend: 2026-12-01\n");
  const { stdout } = await report("--experiment", path);
  expect(stdout).toMatch(/^warning: the experiment ends 2026-12-01.*; --sequential has intervals that hold now$/m);
  writeFileSync(path, "name: autumn\narms: [{name: base}]\n");
  const { code, stderr } = await report("--experiment", path);
  expect([code, stderr]).toEqual([2, expect.stringContaining(`error: ${path}: arms: expected at least two arms`)]);
});

it("is wrong usage without exposures, or with words where numbers should be", async () => {
  const { code, stderr } = await dien(["ab", "report"], world);
  expect([code, stderr]).toEqual([2, "error: option '--exposures <files>' is missing\n"]);
  const wrong = await report("--weights", "base=half");
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("expected ARM=WEIGHT")]);
});

it("is told of one experiment once, and where outcomes are that lie in no folder of exposures", async () => {
  const twice = await report("--experiment", "ab.yaml", "--name", "autumn");
  expect(twice).toMatchObject({
    code: 2,
    stderr: "error: '--name <name>' and '--experiment <file>' contradict one another\n",
  });
  for (const exposures of [join(records, "exposures-00000001.ndjson"), join(records, "exposures-*")]) {
    const { code, stderr } = await dien(["ab", "report", "--exposures", exposures], world);
    expect([code, stderr]).toEqual([2, "error: option '--outcomes <files>' is missing\n"]);
  }
});
