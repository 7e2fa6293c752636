/** Bodies of requests and answers, as schemas: what is checked, typed and documented. */
import { z } from "zod";
import { newOutcomeSchema } from "../ab/records/rows.ts";
import { withoutNul } from "../options/pieces.ts";
import { postedEventSchema } from "../scoring/behaviours.ts";
import { predictRequestSchema, rankRequestSchema } from "../scoring/request.ts";
import { storedEventSchema } from "../store/event.ts";

const { user, history, context, time, candidates } = rankRequestSchema.shape;

const ofUser = {
  user: user.describe(
    "values of user fields by name, or the value of the first one; the key of the user, where it is no field, as `user` beside them",
  ),
  history: history
    .describe("behaviours, oldest first, each as a candidate, perhaps with its `time` (default: those stored)")
    .optional(),
  context: context.describe("values of context fields by name"),
  time: time.describe("of the impression: ISO 8601, or a number of seconds, milliseconds or microseconds"),
  model: z.string().min(1).describe("a name of GET /v1/models (default: the one that is listed as default)").optional(),
};

const forCandidates = {
  candidates: candidates.min(1).describe("each the key of an item, or an object of its key and of item fields"),
  ...ofUser,
};

export const scoreBody = z.strictObject(forCandidates).meta({ id: "ScoreRequest" });

const bids = z
  .array(z.number().min(0))
  .describe("what each candidate's advertiser pays for a click at most: ranks by probability x bid, and prices clicks");

export const rankBody = z
  .strictObject({
    ...forCandidates,
    bids: bids.optional(),
    top: z.int().min(1).describe("how many (default: all)").optional(),
  })
  .refine(({ candidates, bids }) => bids === undefined || bids.length === candidates.length, {
    path: ["bids"],
    error: "expected one for each candidate",
  })
  .meta({ id: "RankRequest" });

export const explainBody = z
  .strictObject({
    candidate: predictRequestSchema.shape.candidate.describe("the key of an item, or an object of its key and fields"),
    ...ofUser,
  })
  .meta({ id: "ExplainRequest" });

const probability = z.number().min(0).max(1).describe("of a click");

/** The part that a request takes in the experiment that is run; absent where it takes none. */
const part = {
  experiment: z
    .strictObject({ name: z.string(), arm: z.string().describe("whose model scored") })
    .describe("of the experiment in which the user takes part")
    .optional(),
};

/** Who scored. */
const by = {
  model: z.string().describe("its name"),
  version: z.string().describe("SHA-256 of its weights"),
  calibration: z
    .string()
    .describe("SHA-256 of the calibration of its probabilities; absent where they are the model's own")
    .exactOptional(),
};

export const scoresAnswer = z
  .strictObject({ ...by, ...part, probabilities: z.array(probability).describe("in the order of the candidates") })
  .meta({ id: "Scores" });

const rankedCandidate = z.strictObject({
  candidate: candidates.element.describe("as it was given"),
  index: z.int().min(0).describe("its place among the candidates given"),
  probability,
  impression: z.string().describe("its id, which outcomes name: of users who take part in an experiment").optional(),
  price: z.number().min(0).describe("of a click, where there are bids: by second price").optional(),
});

export const rankingAnswer = z
  .strictObject({ ...by, ...part, ranking: z.array(rankedCandidate) })
  .meta({ id: "Ranking" });

export const explanationAnswer = z
  .strictObject({
    ...by,
    probability,
    attention: z
      .array(z.number())
      .describe("the candidate's attention to each behaviour that counts, oldest first; adds up to 1"),
    states: z.array(z.array(z.number())).describe("the model's state after each of these behaviours"),
  })
  .meta({ id: "Explanation" });

export const eventsBody = z.strictObject({ events: z.array(postedEventSchema).min(1) }).meta({ id: "EventsRequest" });

export const addedAnswer = z
  .strictObject({
    added: z.int().min(0).describe("events that are new"),
    known: z.int().min(0).describe("events whose ids were known; they are left as they were"),
    dropped: z.int().min(0).describe("events that fell out, new or old: the oldest of users with more than are kept"),
    unknown: z.int().min(0).describe("events of items that no model knows; they are stored all the same"),
    unlikely: z.int().min(0).describe("events of before 1990, or of the future; they are stored all the same"),
    ignored: z.int().min(0).describe("events of types that no model takes for behaviours; they are not stored"),
  })
  .meta({ id: "Added" });

const { id: outcomeId, type: outcomeType, impression, value: earned } = newOutcomeSchema.shape;
const outcome = z.strictObject({
  id: outcomeId.describe("the client's own: the same id again is the same outcome"),
  user: postedEventSchema.shape.user.describe("the key of the user"),
  type: outcomeType.describe("`click`, `order`, or a word of your own"),
  impression: impression.describe("the id of an impression, as /v1/rank gives it; of /v1/score the request_id"),
  time: postedEventSchema.shape.time
    .describe("ISO 8601, or a number of seconds, milliseconds or microseconds (default: now)")
    .optional(),
  value: earned
    .describe("what it brought, all in one currency: of a click its price, of an order its revenue")
    .optional(),
});
export const outcomesBody = z.strictObject({ outcomes: z.array(outcome).min(1) }).meta({ id: "OutcomesRequest" });

export const recordedAnswer = z
  .strictObject({
    added: z.int().min(0).describe("outcomes that are new"),
    known: z.int().min(0).describe("outcomes whose ids were known; they are left as they were"),
    unattributed: z
      .int()
      .min(0)
      .describe("of the new ones those that no impression of their user within the window explains; they are kept"),
  })
  .meta({ id: "Recorded" });

export const userParameters = z.object({
  user: z.string().min(1).max(1000).check(withoutNul).describe("the user's key, as events have it"),
});

/** A query is text; one that is no number stays what it is, for the error to show. */
const asNumber = (given: unknown) => (Number.isNaN(Number(given)) ? given : Number(given));

export const historyParameters = z.strictObject({
  most: z.preprocess(asNumber, z.int().min(1).max(10_000).default(100)).describe("how many behaviours"),
});

const { id, item, type, time: moment } = storedEventSchema.shape;
const behaviour = z.strictObject({
  ...{ id, time: moment.describe("milliseconds since 1970"), item },
  type: type.unwrap().optional(),
});

export const historyAnswer = z.strictObject({ behaviours: z.array(behaviour) }).meta({ id: "History" });

export const erasedAnswer = z
  .strictObject({ erased: z.int().min(0).describe("how many behaviours there were") })
  .meta({ id: "Erased" });

export const modelParameters = z.object({ model: z.string().min(1).describe("a name of GET /v1/models") });

export const loadBody = z
  .strictObject({
    run: z
      .string()
      .min(1)
      .check(withoutNul)
      .describe("path of a run in the folder whose runs may be loaded (default: where the model was loaded from)")
      .optional(),
  })
  .meta({ id: "LoadRequest" });

export const rollbackBody = z.strictObject({}).meta({ id: "RollbackRequest" });

const served = { ...by, since: z.iso.datetime().describe("when it began to answer") };
export const modelAnswer = z.strictObject(served).meta({ id: "Model" });

const listed = z.strictObject({ ...served, default: z.boolean().describe("whether requests that name none get it") });
export const modelsAnswer = z.strictObject({ models: z.array(listed) }).meta({ id: "Models" });

const instant = z.iso.datetime();
export const experimentAnswer = z
  .strictObject({
    name: z.string(),
    policy: z.enum(["fixed", "thompson"]).describe("whether weights are given, or found by a bandit"),
    since: instant.describe("when its definition began to count"),
    start: instant.optional(),
    end: instant.optional(),
    arms: z.array(
      z.strictObject({
        name: z.string(),
        model: z.string(),
        share: z.number().min(0).max(1).describe("of all users, before namespace, holdout and conditions"),
      }),
    ),
  })
  .meta({ id: "Experiment" });
export const loadExperimentBody = z.strictObject({}).meta({ id: "LoadExperimentRequest" });

export const indexAnswer = z
  .strictObject({
    name: z.literal("dien"),
    version: z.string().describe("of the program"),
    docs: z.string().describe("path of the page that describes all routes"),
    routes: z.array(z.string()).describe("those beside the Open Inference Protocol, which is at /v2"),
  })
  .meta({ id: "Index" });

export const liveAnswer = z.strictObject({ live: z.literal(true) }).meta({ id: "Live" });
export const readyAnswer = z.strictObject({ ready: z.literal(true) }).meta({ id: "Ready" });
