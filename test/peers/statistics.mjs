/**
 * The statistics of experiments against GrowthBook's (gbstats of PyPI), and where that has no counterpart against numpy, on
 * random arms of users.
 *
 *   node test/peers/statistics.mjs [--python python3.11] [--cases 200]
 *
 * Needs `npm run build` before, Python 3.8 to 3.11 (for gbstats), and packages from PyPI, in an environment beside this file.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { sampleRatioP } from "../../dist/statistics/chi-square.js";
import { effect, readAnyTime, readOnce } from "../../dist/statistics/effect.js";
import { adjusted, estimate } from "../../dist/statistics/estimate.js";
import { sumsOf } from "../../dist/statistics/sums.js";
import { Random } from "../../dist/tensor/random.js";

const { values: options } = parseArgs({
  options: { python: { type: "string", default: "python3" }, cases: { type: "string", default: "200" } },
});
const here = dirname(fileURLToPath(import.meta.url));
const environment = join(here, ".venv-statistics");
const bin = join(environment, "bin");
const show = { stdio: ["ignore", "inherit", "inherit"] };
if (!existsSync(bin)) {
  execFileSync(options.python, ["-m", "venv", environment], show);
  execFileSync(
    join(bin, "pip"),
    ["install", "--quiet", "--requirement", join(here, "statistics-requirements.txt")],
    show,
  );
}

const QUANTITIES = ["clicks", "impressions", "clicks before", "impressions before"];
const [CLICKS, IMPRESSIONS, CLICKS_BEFORE, IMPRESSIONS_BEFORE] = QUANTITIES.keys();
const CTR = { of: CLICKS, per: IMPRESSIONS };
const random = new Random(1);
const cases = Array.from({ length: Number(options.cases) }, () => {
  const users = [0, 1].map(() => armOf(100 + random.integer(3000)));
  const tuning = 500 + random.integer(20_000);
  return { users, tuning, ours: readingsOf(users, tuning) };
});
execFileSync(join(bin, "python"), [join(here, "statistics.py")], {
  input: JSON.stringify(cases),
  stdio: ["pipe", "inherit", "inherit"],
});

/** Users with a taste for clicking, in the experiment and before it. */
function armOf(n) {
  const lift = 1 + 0.3 * random.uniform();
  return Array.from({ length: n }, () => {
    const taste = 0.02 + 0.2 * random.uniform() ** 2;
    const seen = [0, 1].map(() => 1 + Math.floor(30 * random.uniform() ** 3));
    const clicks = seen.map((count, i) => times(count, () => Number(random.uniform() < taste * (i === 0 ? lift : 1))));
    return [clicks[0], seen[0], clicks[1], seen[1]];
  });
}

function times(count, draw) {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += draw();
  return sum;
}

function readingsOf(users, tuning) {
  const arms = users.map((arm) => sumsOf(arm, QUANTITIES.length));
  const read = ([control, treatment], kind, sequential) => {
    const found = effect(control, treatment, kind);
    return { value: found.value, ...(sequential ? readAnyTime(found, tuning) : readOnce(found)) };
  };
  const mean = arms.map((arm) => estimate(arm, { of: CLICKS }));
  const ratio = arms.map((arm) => estimate(arm, CTR));
  const cuped = adjusted(arms, { of: CLICKS }, { of: CLICKS_BEFORE });
  const cupedRatio = adjusted(arms, CTR, { of: CLICKS_BEFORE, per: IMPRESSIONS_BEFORE });
  return {
    mean: read(mean, "absolute", false),
    meanRelative: read(mean, "relative", false),
    ratio: read(ratio, "absolute", false),
    ratioRelative: read(ratio, "relative", false),
    sequential: read(mean, "absolute", true),
    sequentialRatio: read(ratio, "relative", true),
    cuped: read(cuped.arms, "absolute", false),
    cupedRelative: read(cuped.arms, "relative", false),
    cupedRatio: read(cupedRatio.arms, "absolute", false),
    cupedRatioRelative: read(cupedRatio.arms, "relative", false),
    sampleRatio: sampleRatioP(
      arms.map(({ n }) => n),
      [0.5, 0.5],
    ),
  };
}
