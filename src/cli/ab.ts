/** `dien ab`: which of two models earns more. One file a subcommand, in `ab/`. */
import type { Command } from "commander";
import { addErase } from "./ab/erase.ts";
import { addLoad } from "./ab/load.ts";
import { addPlan } from "./ab/plan.ts";
import { addReplay } from "./ab/replay.ts";
import { addReport } from "./ab/report.ts";
import { addSimulate } from "./ab/simulate.ts";
import type { Context } from "./context.ts";

export function addAb(program: Command, context: Context): void {
  const ab = program
    .command("ab")
    .summary("online experiments: plan, simulate, read and replay them")
    .description("Compares models by what their users do: A/B tests, live and simulated (docs/ab.md).");
  addPlan(ab, context);
  addSimulate(ab, context);
  addReport(ab, context);
  addReplay(ab, context);
  addLoad(ab, context);
  addErase(ab, context);
}
