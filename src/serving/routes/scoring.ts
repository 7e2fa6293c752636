/** Scores of candidates for a user: in the order given, or by falling probability. */
import type { z } from "zod";
import type { Code } from "../../errors/catalogue/catalogue.ts";
import { type Asked, addRoute } from "../add-route.ts";
import type { App, ScoredRequest } from "../exchange.ts";
import { rankBody, rankingAnswer, scoreBody, scoresAnswer } from "../schemas.ts";
import type { Services } from "../services.ts";

const refusals: readonly Code[] = [
  ...(["request.unknown-field", "request.time-field", "request.wrong-value"] as const),
  ...(["settings.unknown-model"] as const),
];
const most = { candidates: "maxCandidates", history: "maxHistory" } as const;

export function addScoring(app: App, services: Services): void {
  const score = async (body: z.output<typeof scoreBody>, { exchange, deadline }: Asked): Promise<ScoredRequest> => {
    const { model: name, ...request } = body;
    const model = services.models.get(name);
    const { probabilities, counts } = await model.score({ ...request, history: request.history ?? [] }, { deadline });
    exchange.scored = { model: model.name, version: model.version, probabilities, counts };
    return exchange.scored;
  };

  addRoute(
    app,
    services,
    {
      method: "post",
      path: "/v1/score",
      group: "scores",
      name: "score",
      summary: "Probabilities of a click, in the order of the candidates",
      body: scoreBody,
      most,
      answer: scoresAnswer,
      refusals,
    },
    async (given) => {
      const { model, version, probabilities } = await score(given.body, given);
      return { model, version, probabilities: Array.from(probabilities) };
    },
  );

  addRoute(
    app,
    services,
    {
      method: "post",
      path: "/v1/rank",
      group: "scores",
      name: "rank",
      summary: "Candidates by falling probability",
      body: rankBody,
      most,
      answer: rankingAnswer,
      refusals,
    },
    async (given) => {
      const { top, ...body } = given.body;
      const { model, version, probabilities } = await score(body, given);
      return { model, version, ranking: ranked(body.candidates, probabilities).slice(0, top) };
    },
  );
}

/** Candidates by falling probability; equal ones in the order given. */
function ranked<C>(candidates: readonly C[], probabilities: Float32Array) {
  const order = Array.from(candidates, (_, index) => index).sort((a, b) => probabilities[b] - probabilities[a]);
  return order.map((index) => ({ candidate: candidates[index], index, probability: probabilities[index] }));
}
