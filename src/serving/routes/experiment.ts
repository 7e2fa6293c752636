/** The experiment that is run, and how its definition is loaded anew. */
import { countsOf } from "../../ab/experiment/layout.ts";
import { failure } from "../../errors/failure.ts";
import { addRoute } from "../add-route.ts";
import type { App } from "../exchange.ts";
import type { RunningExperiment } from "../experiments/running.ts";
import { experimentAnswer, loadExperimentBody } from "../schemas.ts";
import type { Services } from "../services.ts";

const group = "experiments";

export function addExperiment(app: App, services: Services): void {
  const running = () => {
    if (services.experiment === undefined) throw failure("ab.none", { name: "/v1/experiment" });
    return services.experiment;
  };

  addRoute(
    app,
    services,
    {
      ...{ method: "get", path: "/v1/experiment", group, name: "getExperiment" },
      summary: "The online experiment that is run, and the share of users that each arm has",
      ...{ answer: experimentAnswer, refusals: ["ab.none"] },
    },
    async () => shown(running()),
  );

  addRoute(
    app,
    services,
    {
      ...{ method: "post", path: "/v1/experiment/load", group, name: "loadExperiment" },
      summary: "Reads the definition of the experiment anew",
      description: "Where it cannot be used, or would move users without need, the one before goes on.",
      ...{ body: loadExperimentBody, answer: experimentAnswer },
      refusals: [
        ...(["ab.none", "ab.invalid", "ab.unserved-arm", "ab.mismatched-arm", "ab.unknown-field"] as const),
        ...(["ab.needless-moves", "ab.other-key", "file.absent", "file.denied", "file.unusable"] as const),
      ],
    },
    async () => {
      await running().load();
      return shown(running());
    },
  );
}

function shown({ definition, since }: RunningExperiment) {
  const { name, arms, layout, policy, start, end } = definition;
  const counts = countsOf(layout, arms.length);
  return {
    ...{ name, policy: policy.kind, since: since.toISOString() },
    ...(start !== undefined && { start: new Date(start).toISOString() }),
    ...(end !== undefined && { end: new Date(end).toISOString() }),
    arms: arms.map(({ name, model }, place) => ({ name, model, share: counts[place] / layout.length })),
  };
}
