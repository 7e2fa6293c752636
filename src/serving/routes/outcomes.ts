/** What came of impressions: into the records of the experiment. */
import type { z } from "zod";
import { type NewOutcome, newOutcomeSchema } from "../../ab/records/rows.ts";
import { readTime } from "../../dataset/time-format.ts";
import type { Code } from "../../errors/catalogue/catalogue.ts";
import { failure, UserError, within } from "../../errors/failure.ts";
import { problemsOf, sentence } from "../../options/problems.ts";
import { nameOf, refuseTime } from "../../scoring/values.ts";
import { addRoute } from "../add-route.ts";
import type { App } from "../exchange.ts";
import { outcomesBody as body, recordedAnswer } from "../schemas.ts";
import type { Services } from "../services.ts";
import { timed } from "../stages.ts";

const refusals: readonly Code[] = [
  ...(["ab.none", "request.wrong-value", "records.unavailable"] as const),
  ...(["file.disk-full", "file.denied", "file.unusable"] as const),
];

export function addOutcomes(app: App, services: Services): void {
  addRoute(
    app,
    services,
    {
      ...{ method: "post", path: "/v1/outcomes", group: "experiments", name: "addOutcomes" },
      summary: "Records what users did after impressions: clicks, orders, and what they brought",
      description:
        "An outcome whose id is known is left as it was, so a request may be repeated. What is recorded is on the disk when it " +
        "is answered. An outcome is put down to its impression where that was the same user's and lies no longer back than " +
        "the experiment's window; others are kept, and counted as unattributed.",
      ...{ body, most: { outcomes: "maxEvents" } as const, answer: recordedAnswer, refusals },
    },
    async ({ body: { outcomes }, onStage }) => {
      const { experiment } = services;
      if (experiment === undefined) throw failure("ab.none", { name: "/v1/outcomes" });
      const now = experiment.clock();
      const rows = outcomes.map((outcome, index) => {
        try {
          return rowOf(outcome, now);
        } catch (error) {
          throw error instanceof UserError ? within(`outcomes.${index}`, error) : error;
        }
      });
      return await timed(onStage, "record", () => experiment.records.outcome(rows));
    },
  );
}

/** An outcome as it is recorded. @throws UserError where its user or its time is none */
function rowOf(outcome: z.output<typeof body>["outcomes"][number], now: number): NewOutcome {
  const { id, type, impression, time = now, value = null } = outcome;
  const isTime = time !== null && time !== "" && typeof time !== "boolean";
  const moment = (isTime ? readTime(time, null, 0) : null) ?? refuseTime("time", time);
  const row = { id, time: moment, user: nameOf("user", outcome.user), type, impression, value };
  const checked = newOutcomeSchema.safeParse(row);
  if (checked.success) return checked.data;
  const [problem] = problemsOf(newOutcomeSchema, row);
  throw failure("request.invalid", { field: problem.path.join("."), problem: sentence(problem) });
}
