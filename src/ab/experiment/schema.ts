/** ab.yaml: what an experiment is, key by key (docs/ab.md). */
import { z } from "zod";
import { withoutNul } from "../../options/pieces.ts";
import { conditionsSchema } from "./conditions.ts";

const NAME = "expected letters, digits, dots, dashes and underscores, at most 64, a letter or digit first";
/** Names are labels of metrics, columns of files, and parts of answers. */
const name = z.string(NAME).regex(/^[A-Za-z0-9][\w.-]{0,63}$/, NAME);
/** In YAML 2026 is a number. */
const seed = z.union([z.string().min(1).check(withoutNul), z.number()], "expected a text").transform(String);

const WEIGHT = "expected a number, 0 or more";
const weight = z.number(WEIGHT).min(0, WEIGHT).max(1e6);
const SHARE = "expected a share, more than 0 and at most 1";
const share = z.number(SHARE).gt(0, SHARE).max(1, SHARE);

const TIME = 'expected a day or a time with its offset, such as "2026-11-01" or "2026-11-01T09:00:00+08:00"';
/** Milliseconds since 1970 in the end; a day begins at midnight in UTC. */
const moment = z.union([z.iso.date(), z.iso.datetime({ offset: true })], TIME).transform((given) => Date.parse(given));

const RANGE = "expected two shares from 0 to 1, the lower one first";
const range = z
  .tuple([z.number().min(0).max(1), z.number().min(0).max(1)], RANGE)
  .refine(([from, to]) => from < to, RANGE);

const arm = z
  .strictObject({ name, model: z.string().min(1).optional(), weight: weight.default(1) })
  .transform(({ name, model = name, weight }) => ({ name, model, weight }));

const EXPLORE = "expected a share, 0 to 1";
const policy = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("fixed"),
    /**
     * Of rankings, the share in which chance orders the candidates. Exposures then say with which probability they were
     * shown, and what was asked, so that another model can be judged by them.
     */
    explore: z.number(EXPLORE).min(0, EXPLORE).max(1, EXPLORE).default(0),
  }),
  z.strictObject({
    kind: z.literal("thompson"),
    /** The least probability of each arm. */
    floor: z.number().min(0).max(1).default(0.05),
    /** Minutes between two looks at what the arms have earned; until the next one, a user stays in an arm. */
    refresh_minutes: z.number().positive().max(10_080).default(60),
  }),
]);

const isDistinct = (names: readonly string[]) => new Set(names).size === names.length;

export const experimentSchema = z
  .strictObject({
    name,
    /** Decides who gets which arm; by default the name does. */
    seed: seed.optional(),
    arms: z
      .array(arm)
      .min(2, "expected at least two arms")
      .max(100)
      .refine((arms) => isDistinct(arms.map(({ name }) => name)), "expected another name for each arm")
      .refine((arms) => arms.some(({ weight }) => weight > 0), "expected an arm with a weight above 0"),
    /** Of all users. */
    share: share.default(1),
    /** Experiments of one namespace with ranges apart have no user in common. */
    namespace: z.strictObject({ name: seed, range }).optional(),
    /** Users who take part in no experiment that names this holdout. */
    holdout: z.strictObject({ name: seed, share: share.lt(1) }).optional(),
    who: conditionsSchema.default({}),
    start: moment.optional(),
    /** The first moment after it. */
    end: moment.optional(),
    /** Outcomes later after their impression are not attributed to it. */
    window_hours: z.number().positive().max(8784).default(24),
    policy: policy.default({ kind: "fixed", explore: 0 }),
    /** Weights, and shares where they were other ones, that it ran with before, the earliest first. */
    before: z.array(z.strictObject({ weights: z.record(name, weight), share: share.optional() })).default([]),
  })
  .superRefine(({ arms, start, end, policy, before }, context) => {
    const refuse = (path: PropertyKey[], message: string) => context.addIssue({ code: "custom", path, message });
    const known = arms.map(({ name }) => name);
    if (start !== undefined && end !== undefined && start >= end) refuse(["end"], "must be after start");
    if (policy.kind === "thompson") {
      if (policy.floor * arms.length > 1) {
        refuse(["policy", "floor"], `must be at most 1/${arms.length}: that much of each of ${arms.length} arms`);
      }
      const weighted = arms.findIndex(({ weight }) => weight !== 1);
      if (weighted >= 0) refuse(["arms", weighted, "weight"], "is for fixed weights: a bandit finds its own");
      if (before.length > 0) refuse(["before"], "is for fixed weights: a bandit finds its own");
    }
    before.forEach(({ weights }, place) => {
      const path = ["before", place, "weights"];
      const unknown = Object.keys(weights).find((each) => !known.includes(each));
      if (unknown !== undefined) refuse([...path, unknown], `is no arm; the arms are ${known.join(", ")}`);
      if (!Object.values(weights).some((each) => each > 0)) refuse(path, "expected an arm with a weight above 0");
    });
  });

export type ExperimentFile = z.output<typeof experimentSchema>;
export type Arm = ExperimentFile["arms"][number];
