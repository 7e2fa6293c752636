/** Bodies of requests and answers, as schemas: what is checked, typed and documented. */
import { z } from "zod";
import { rankRequestSchema } from "../scoring/request.ts";

const { user, history, context, time, candidates } = rankRequestSchema.shape;

/** Which model: one of GET /v1/models. */
const model = z.string().min(1).describe("a name of GET /v1/models (default: the first)").optional();

const request = {
  user: user.describe("values of user fields by name, or the value of the first one"),
  candidates: candidates
    .min(1)
    .describe("each the key of an item, or an object of its key (`item`) and of item fields"),
  history: history
    .describe("behaviours, oldest first, each as a candidate, perhaps with its `time` (default: those stored)")
    .optional(),
  context: context.describe("values of context fields by name"),
  time: time.describe("of the impression: ISO 8601, or a number of seconds, milliseconds or microseconds"),
  model,
};

export const scoreBody = z.strictObject(request).meta({ id: "ScoreRequest" });

export const rankBody = z
  .strictObject({ ...request, top: z.int().min(1).describe("how many (default: all)").optional() })
  .meta({ id: "RankRequest" });

const probability = z.number().min(0).max(1).describe("of a click");

/** Who scored. */
const by = {
  model: z.string().describe("its name"),
  version: z.string().describe("SHA-256 of its weights"),
};

export const scoresAnswer = z
  .strictObject({ ...by, probabilities: z.array(probability).describe("in the order of the candidates") })
  .meta({ id: "Scores" });

export const rankingAnswer = z
  .strictObject({
    ...by,
    ranking: z.array(
      z.strictObject({
        candidate: candidates.element.describe("as it was given"),
        index: z.int().min(0).describe("its place among the candidates given"),
        probability,
      }),
    ),
  })
  .meta({ id: "Ranking" });

export const modelsAnswer = z
  .strictObject({
    models: z.array(
      z.strictObject({ ...by, since: z.iso.datetime().describe("when it was loaded"), default: z.boolean() }),
    ),
  })
  .meta({ id: "Models" });

export const liveAnswer = z.strictObject({ live: z.literal(true) }).meta({ id: "Live" });
export const readyAnswer = z.strictObject({ ready: z.literal(true) }).meta({ id: "Ready" });
