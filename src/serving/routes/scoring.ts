/** Scores of candidates for a user: in the order given, by falling probability, or of one with a look inside. */
import type { z } from "zod";
import type { Code } from "../../errors/catalogue/catalogue.ts";
import { ranked } from "../../scoring/ranking.ts";
import { type Asked, addRoute } from "../add-route.ts";
import type { App, Exchange, ScoredRequest } from "../exchange.ts";
import { exploration } from "../experiments/exploration.ts";
import type { Participation, Shown } from "../experiments/running.ts";
import { historyFor } from "../histories.ts";
import { explainBody, explanationAnswer, rankBody, rankingAnswer, scoreBody, scoresAnswer } from "../schemas.ts";
import type { Services } from "../services.ts";
import { timed } from "../stages.ts";

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

/** A request that was scored. */
interface ScoredForPart {
  readonly scored: ScoredRequest;
  readonly part: Participation | undefined;
  /** What was scored: the request with the history that was used. */
  readonly request: object;
}

export function addScoring(app: App, services: Services): void {
  const { models, store, experiment } = services;

  /** The part of a request in the experiment, if it takes any. */
  const partOf = async (
    { model, user }: z.output<typeof scoreBody>,
    exchange: Exchange,
  ): Promise<Participation | undefined> => {
    if (experiment === undefined) return undefined;
    const { id, isNamed } = exchange;
    const part = model === undefined ? await experiment.part(user, isNamed ? id : undefined) : "model";
    const { name } = experiment.definition;
    exchange.part =
      typeof part === "string" ? { experiment: name, apart: part } : { experiment: name, arm: part.arm.name };
    return typeof part === "string" ? undefined : part;
  };

  const score = async (
    body: z.output<typeof scoreBody>,
    { exchange, deadline, signal, onStage }: Asked,
  ): Promise<ScoredForPart> => {
    const { model: name, ...request } = body;
    const part = await partOf(body, exchange);
    const model = models.get(part?.arm.model ?? name);
    const history = await historyFor(request, model.description, store, onStage);
    const scored = {
      model: model.name,
      ...(await model.score({ ...request, history }, { deadline, signal, onStage })),
    };
    exchange.scored = scored;
    return { scored, part, request: { ...request, history } };
  };

  /** Records what is shown. @returns what the answer says of the experiment */
  const expose = async ({ scored, part }: ScoredForPart, asked: Asked, shown: () => readonly Shown[]) => {
    if (experiment === undefined || part === undefined) return {};
    const isNew = !asked.exchange.isNamed;
    const isRecorded = await timed(asked.onStage, "record", () => experiment.expose(part, scored, shown(), isNew));
    return isRecorded ? { experiment: { name: part.experiment, arm: part.arm.name } } : {};
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
      const answered = await score(body, asked);
      const { probabilities, counts: _, ...by } = answered.scored;
      const { id } = asked.exchange;
      const part = await expose(answered, asked, () =>
        body.candidates.map((candidate, i) => ({ id, position: null, candidate, probability: probabilities[i] })),
      );
      return { ...by, ...part, probabilities: Array.from(probabilities) };
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
      const answered = await score(body, asked);
      const { probabilities, counts: _, ...by } = answered.scored;
      const all = ranked(body.candidates, probabilities, bids);
      const explored = exploration(answered.part, all.length, asked.exchange.id);
      const ranking = (explored?.order.map((rank) => all[rank]) ?? all).slice(0, top);
      const impression = (place: number) => `${asked.exchange.id}.${place + 1}`;
      const part = await expose(answered, asked, () =>
        ranking.map(({ candidate, probability }, place) => ({
          ...{ id: impression(place), position: place + 1, candidate, probability },
          ...(explored && { propensity: explored.propensities[place] }),
          ...(explored && place === 0 && { request: JSON.stringify({ ...answered.request, bids }) }),
        })),
      );
      if (!("experiment" in part)) return { ...by, ranking };
      return {
        ...{ ...by, ...part },
        ranking: ranking.map((one, place) => ({ ...one, impression: impression(place) })),
      };
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
