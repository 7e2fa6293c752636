/** Scores of candidates for a user: in the order given, by falling probability, or of one with a look inside. */
import type { z } from "zod";
import type { Code } from "../../errors/catalogue/catalogue.ts";
import { type Asked, addRoute } from "../add-route.ts";
import type { App, ScoredRequest } from "../exchange.ts";
import { historyFor } from "../histories.ts";
import { ranked } from "../ranking.ts";
import { explainBody, explanationAnswer, rankBody, rankingAnswer, scoreBody, scoresAnswer } from "../schemas.ts";
import type { Services } from "../services.ts";

const refusals: readonly Code[] = [
  ...(["request.unknown-field", "request.time-field", "request.wrong-value", "settings.unknown-model"] as const),
  ...([
    "scoring.overloaded",
    "scoring.deadline",
    "scoring.abandoned",
    "scoring.thread-ended",
    "scoring.closed",
  ] as const),
  ...(["store.unavailable", "store.damaged"] as const),
];
const group = "scores";
const most = { candidates: "maxCandidates", history: "maxHistory" } as const;

export function addScoring(app: App, services: Services): void {
  const { models, store } = services;

  const score = async (
    body: z.output<typeof scoreBody>,
    { exchange, deadline, signal, onStage }: Asked,
  ): Promise<ScoredRequest> => {
    const { model: name, ...request } = body;
    const model = models.get(name);
    const history = await historyFor(request, model.description, store, onStage);
    const scored = {
      model: model.name,
      ...(await model.score({ ...request, history }, { deadline, signal, onStage })),
    };
    exchange.scored = scored;
    return scored;
  };

  addRoute(
    app,
    services,
    {
      ...{ method: "post", path: "/v1/score", group, name: "score" },
      summary: "Probabilities of a click, in the order of the candidates",
      ...{ body: scoreBody, most, answer: scoresAnswer, refusals },
    },
    async ({ body, ...asked }) => {
      const { probabilities, counts: _, ...by } = await score(body, asked);
      return { ...by, probabilities: Array.from(probabilities) };
    },
  );

  addRoute(
    app,
    services,
    {
      ...{ method: "post", path: "/v1/rank", group, name: "rank" },
      summary: "Candidates by falling probability, or probability x bid; equal ones in the order given",
      ...{ body: rankBody, most, answer: rankingAnswer, refusals },
    },
    async ({ body: { top, bids, ...body }, ...asked }) => {
      const { probabilities, counts: _, ...by } = await score(body, asked);
      return { ...by, ranking: ranked(body.candidates, probabilities, bids).slice(0, top) };
    },
  );

  addRoute(
    app,
    services,
    {
      ...{ method: "post", path: "/v1/explain", group, name: "explain" },
      summary: "What a model attends to in a history, and how its state moves",
      description:
        "Of models with attention and states: `din` has no states, `base`, `wide-deep` and `pnn` have neither.",
      ...{ body: explainBody, most: { history: "maxHistory" } as const, answer: explanationAnswer },
      refusals: [...refusals, "request.nothing-exposed"],
    },
    async ({ body: { model: name, ...request }, exchange, deadline, signal, onStage }) => {
      const model = models.get(name);
      const history = await historyFor(request, model.description, store, onStage);
      const { score: probability, ...explained } = await model.explain(
        { ...request, history },
        { deadline, signal, onStage },
      );
      exchange.scored = {
        ...{ model: model.name, version: explained.version },
        ...(explained.calibration && { calibration: explained.calibration }),
        probabilities: Float64Array.of(probability),
      };
      return { model: model.name, probability, ...explained };
    },
  );
}
