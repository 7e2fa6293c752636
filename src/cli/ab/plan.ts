/** `dien ab plan`: how many users and days an experiment takes, and what it can see. */
import type { Command } from "commander";
import { z } from "zod";
import { counted } from "../../ab/analysis/words.ts";
import { type Baseline, baselineOf, type Rates } from "../../ab/plan/baseline.ts";
import { planExperiment } from "../../ab/plan/plan.ts";
import { clusteringSentence, PLAN_HEAD, planCells } from "../../ab/plan/words.ts";
import { failure } from "../../errors/failure.ts";
import { count, percent, share } from "../../format.ts";
import { text } from "../../options/pieces.ts";
import { shellWord } from "../../report/text.ts";
import type { Context } from "../context.ts";
import { addOptions } from "../options.ts";
import { print, printJson } from "../output.ts";
import { table } from "../table.ts";

const rate = z.number().gt(0).lt(1);
const positive = z.number().gt(0);

export const planFlags = z.strictObject({
  log: text("path", "what users do now: a dataset, a folder of records, or a file (CSV, NDJSON, Parquet)").optional(),
  logDays: positive.optional().describe("days that the log is of, where its rows have no times"),
  ctr: rate.optional().describe("in place of a log: clicks per impression"),
  impressionsPerUser: z.number().min(1).optional().describe("impressions of a user"),
  usersPerDay: positive.optional().describe("new users a day"),
  ppc: positive.optional().describe("mean revenue of a click, for metrics of revenue"),
  priceSpread: z.number().min(0).default(1).describe("standard deviation of a click's revenue over its mean"),
  activitySpread: z.number().min(0).default(1).describe("standard deviation of a user's impressions over their mean"),
  clustering: positive.default(1).describe("variance of CTR over that of independent clicks; a log tells it"),
  lift: positive.default(0.05).describe("the smallest gain worth seeing: 0.05 is 5 % more"),
  days: z.int().min(1).max(3650).default(14).describe("a duration, for which the smallest lift is told"),
  arms: z.int().min(2).max(100).default(2).describe("models, control included, of equal weights"),
  share: z.number().gt(0).max(1).default(1).describe("part of all users that takes part"),
  power: rate.default(0.8).describe("probability with which the lift is to be seen"),
  alpha: rate.default(0.05).describe("false alarms that are allowed, in all comparisons together"),
  out: text("folder", "also write a report with power curves there").optional(),
});
type PlanFlags = z.output<typeof planFlags>;

export function addPlan(parent: Command, context: Context): void {
  const command = parent
    .command("plan")
    .summary("how many users and days an experiment takes")
    .description("Says how many users an experiment needs, how long it takes and the smallest lift that it can see.");
  const read = addOptions(command, planFlags);
  command
    .addHelpText(
      "after",
      `
Examples:
  dien ab plan --ctr 0.04 --impressions-per-user 20 --users-per-day 5000
  dien ab plan --log data/shop --lift 0.02 --arms 3 --out plan
  dien ab plan --log users.csv --log-days 14

A log is better than rates: it tells how much users differ, and how many different ones come within some days. A file has
a column user and clicks (or click); where a row is more than one impression, impressions; optionally revenue and time.

A fixed reading is one look, at the end. A sequential one may be looked at on any day, and stops when it is certain; its
intervals are narrowest at the users of --days.`,
    )
    .action(async () => {
      const { options, json } = await read();
      const baseline = await baselineFor(context, options);
      const { lift, days, arms, share: part, power, alpha, out } = options;
      const plan = planExperiment(baseline, { lift, days, arms, share: part, power, alpha });
      if (out !== undefined) {
        await context.jobs.writePlan(out, plan, baseline, commandOf(options));
        print(context.stderr, [`report in ${out}`]);
      }
      if (json) return printJson(context.stdout, plan);
      print(context.stdout, [
        `${count(plan.users)} users take part in ${counted(days, "day")}, in ${arms} arms; from ${plan.source}`,
        `users and days for a lift of ${percent(lift)}, and the smallest lift in ${counted(days, "day")}, seen with probability ${share(power)}`,
        "",
        ...table(
          PLAN_HEAD,
          planCells(plan).map((row) => row.map((cell) => cell ?? "-")),
        ),
        "",
        "with fewer than the least users, intervals do not hold what they promise",
        clusteringSentence(plan),
        `to read it on any day: dien ab report --sequential --tuning ${plan.tuning}`,
      ]);
    });
}

/** Of the log, or of the rates in its place. @throws UserError unless one of both is given, and whole */
async function baselineFor({ jobs }: Context, options: PlanFlags): Promise<Baseline> {
  const { log, logDays, ctr, impressionsPerUser, usersPerDay, ppc, priceSpread, activitySpread, clustering } = options;
  const rates = {
    "--ctr <number>": ctr,
    "--impressions-per-user <number>": impressionsPerUser,
    "--users-per-day <number>": usersPerDay,
  };
  if (log !== undefined) {
    for (const [option, given] of Object.entries({ ...rates, "--ppc <number>": ppc })) {
      if (given !== undefined) throw failure("usage.contradiction", { option, other: "--log <path>" });
    }
    return await jobs.readBaseline(log, logDays);
  }
  if (logDays !== undefined)
    throw failure("usage.lone-option", { option: "--log-days <number>", needed: "--log <path>" });
  for (const [option, given] of Object.entries(rates)) {
    if (given === undefined) throw failure("usage.missing-option", { option, instead: "--log <path>" });
  }
  return baselineOf({ ctr, impressionsPerUser, usersPerDay, ppc, priceSpread, activitySpread, clustering } as Rates);
}

/** The command line that says the same. */
function commandOf(options: PlanFlags): string {
  const flags = Object.entries(options).flatMap(([key, value]) => {
    const name = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    return value === undefined ? [] : [`--${name} ${shellWord(String(value))}`];
  });
  return ["dien ab plan", ...flags].join(" ");
}
