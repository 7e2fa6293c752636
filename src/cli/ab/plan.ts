/** `dien ab plan`: how many users and days an experiment takes, and what it can see. */
import type { Command } from "commander";
import { z } from "zod";
import { count, percent, share } from "../../format.ts";
import { type Horizon, smallestLift, usersNeeded } from "../../statistics/power.ts";
import type { Context } from "../context.ts";
import { addOptions } from "../options.ts";
import { print, printJson } from "../output.ts";
import { table } from "../table.ts";

const rate = z.number().gt(0).lt(1);

export const planFlags = z.strictObject({
  ctr: rate.describe("clicks per impression, as they are now"),
  impressionsPerUser: z.number().min(1).describe("impressions that a user has during the experiment"),
  usersPerDay: z.number().gt(0).describe("users that come for the first time, a day"),
  lift: z.number().gt(0).default(0.05).describe("the smallest gain worth seeing: 0.05 is 5 % more"),
  days: z.number().gt(0).default(14).describe("a duration, for which the smallest lift is told"),
  arms: z.int().min(2).max(100).default(2).describe("models, control included, of equal weights"),
  power: rate.default(0.8).describe("probability with which the lift is to be seen"),
  alpha: rate.default(0.05).describe("false alarms that are allowed, in all comparisons together"),
});

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
  dien ab plan --ctr 0.04 --impressions-per-user 20 --users-per-day 5000 --lift 0.02 --arms 3`,
    )
    .action(async () => {
      const { options, json } = await read();
      const { ctr, impressionsPerUser, usersPerDay, lift, days, arms, power, alpha } = options;
      // Clicks of a user that are independent of each other: the least that clustering can be.
      const noise = (1 - ctr) / ctr / impressionsPerUser;
      const plans = (["fixed", "sequential"] as Horizon[]).map((horizon) => {
        const design = { noise, shares: [1 / 2, 1 / 2], alpha: alpha / (arms - 1), horizon } as const;
        const pair = usersNeeded(lift, power, design);
        const users = Math.ceil((pair / 2) * arms);
        const pairIn = (usersPerDay * days * 2) / arms;
        return { horizon, users, days: users / usersPerDay, smallestLift: smallestLift(pairIn, power, design) };
      });
      if (json) return printJson(context.stdout, { plans });
      const rows = plans.map((plan) => [
        plan.horizon,
        count(plan.users),
        plan.days.toFixed(1),
        percent(plan.smallestLift),
      ]);
      print(context.stdout, [
        `a lift of ${percent(lift)} in CTR, seen with probability ${share(power)}`,
        "",
        ...table(["reading", "users", "days", `smallest lift in ${days} days`], rows),
      ]);
    });
}
