/**
 * What makes a result wrong, or less than it seems. Each check is a function of what was counted; grave findings stop the
 * verdict. The bounds stand together here and in docs/ab.md.
 */
import type { ArmFacts, Facts } from "./facts.ts";
import { type AbMetric, DESCRIBED } from "./metrics.ts";
import type { CheckName, Finding } from "./result.ts";
import type { LoadedRows } from "./sources.ts";
import type { Attribution, Counts } from "./tables.ts";
import type { Trend } from "./trend.ts";
import { counted, points } from "./words.ts";

export const BOUNDS = {
  /** P-values below which chance is no explanation of users that do not fit weights (Fabijan et al., KDD 2019), or of starts. */
  sampleRatioP: 0.001,
  startP: 0.001,
  /** An arm that misses more of the time than this is no fair comparison. */
  lateStart: 0.05,
  /** Shares above which something is grave. */
  mixedUsers: 0.01,
  badRows: 0.01,
  strayOutcomes: 0.05,
  /** An arm of fewer users, or with fewer who clicked, has no normal mean. */
  users: 100,
  clickers: 10,
  /** Shares of an arm's clicks or revenue that one user has. */
  dominance: 0.1,
  graveDominance: 0.5,
  noveltyP: 0.01,
} as const;

export interface Checked {
  readonly counts: Counts;
  readonly facts: Facts;
  readonly rows: { readonly exposures: LoadedRows; readonly outcomes: LoadedRows; readonly before: LoadedRows | null };
  /** `needed`: how many users the metric's intervals take to be right; Infinity where it is not defined. */
  readonly arms: readonly { readonly arm: string; readonly users: number; readonly needed: number }[];
  readonly metric: AbMetric;
  readonly click: string;
  readonly attribution: Attribution;
  /** Shares of users by arm; equal ones where nobody has said any, null where none are fixed. */
  readonly weights: readonly number[] | null;
  readonly areWeightsGiven: boolean;
  readonly sampleRatioP: number | null;
  readonly trends: readonly { readonly arm: string; readonly trend: Trend }[];
  /** Where it is read once: the end that was planned, milliseconds since 1970. */
  readonly end: number | undefined;
  /** Types of outcomes whose values are revenue; undefined where nobody has chosen some, and all are added up. */
  readonly revenue: readonly string[] | undefined;
  /** Whether arms were chosen by what they had earned so far; `perhaps` where propensities say so and nothing else does. */
  readonly bandit: "no" | "perhaps" | "yes";
}

type Severity = Finding["level"];

/** Grave findings first, then warnings, then notes; in each the order of the checks. */
export function findingsOf(given: Checked): Finding[] {
  const all = CHECKS.flatMap(([check, find]) =>
    find(given).map(([level, message]): Finding => ({ check, level, message })),
  );
  return LEVELS.flatMap((level) => all.filter((finding) => finding.level === level));
}

const LEVELS: readonly Severity[] = ["grave", "warning", "note"];

type Judgements = readonly (readonly [Severity, string])[];
const NOTHING: Judgements = [];

const CHECKS: readonly (readonly [CheckName, (given: Checked) => Judgements])[] = [
  ["bandit", bandit],
  ["sample-ratio", sampleRatio],
  ["mixed-users", mixedUsers],
  ["early-outcomes", earlyOutcomes],
  ["lost-outcomes", lostOutcomes],
  ["few-users", fewUsers],
  ["dominance", dominance],
  ["start", starts],
  ["rows", badRows],
  ["repeated-ids", repeatedIds],
  ["novelty", novelty],
  ["unfinished", unfinished],
  ["values", values],
  ["other-rows", otherRows],
  ["late-outcomes", lateOutcomes],
  ["attribution", attribution],
];

function bandit({ bandit }: Checked): Judgements {
  if (bandit === "no") return NOTHING;
  const why =
    bandit === "yes"
      ? "a bandit chose the arms by what they had earned, so that plain means are biased"
      : "chance chose what was shown (propensities below 1): if it was a bandit that chose arms, plain means are biased";
  return [["grave", why]];
}

/** Grave above a share of the whole, a lesser level where there are any. */
function graded(part: number, whole: number, bound: number, message: string, lesser: Severity = "warning"): Judgements {
  return part === 0 ? NOTHING : [[part > bound * whole ? "grave" : lesser, message]];
}

function sampleRatio({ arms, weights, areWeightsGiven, sampleRatioP: p }: Checked): Judgements {
  if (weights === null)
    return [["note", "the arms had no fixed weights by which the number of their users could be checked"]];
  if (p === null || !(p < BOUNDS.sampleRatioP)) return NOTHING;
  const total = arms.reduce((sum, { users }) => sum + users, 0);
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const parts = arms.map(({ arm, users }, index) => {
    return `${arm} has ${points(users / total)} of the users instead of ${points(weights[index] / whole)}`;
  });
  const meant = areWeightsGiven ? "" : "; equal weights were taken, since none are given";
  const chance = p < 1e-9 ? "never" : `with p = ${p.toPrecision(1)}`;
  return [
    [
      "grave",
      `the arms have not the users that their weights give them: ${parts.join(", ")}, which chance does ${chance}${meant}`,
    ],
  ];
}

function mixedUsers({ counts: { mixedUsers, users } }: Checked): Judgements {
  const message = `${counted(mixedUsers, "user")} of ${users.toLocaleString("en-US")} saw more than one arm and are left out`;
  return graded(mixedUsers, users, BOUNDS.mixedUsers, message);
}

/** Outcomes that belong to the experiment, wherever they fall. */
const ofExperiment = ({ outcomes }: Counts) =>
  outcomes.counted + outcomes.early + outcomes.late + outcomes.lost + outcomes.mixed;

function earlyOutcomes({ counts }: Checked): Judgements {
  const { early } = counts.outcomes;
  const message = `${counted(early, "outcome")} came before the impression: clocks differ, or times mean something else`;
  return graded(early, ofExperiment(counts), BOUNDS.strayOutcomes, message);
}

function lostOutcomes({ counts }: Checked): Judgements {
  const { counted: used, lost, foreign } = counts.outcomes;
  if (used === 0 && lost + foreign > 0) {
    return [["grave", `none of ${counted(lost + foreign, "outcome")} follows an impression of this experiment`]];
  }
  const message = `${counted(lost, "outcome")} of users in the experiment belong to no impression`;
  const others = `${counted(foreign, "outcome")} of users who are in no arm are left out`;
  return [
    ...graded(lost, ofExperiment(counts), BOUNDS.strayOutcomes, message),
    ...(foreign > 0 ? [["note", others] as const] : []),
  ];
}

function fewUsers({ arms, facts, click, metric }: Checked): Judgements {
  return arms.flatMap(({ arm, users, needed }): Judgements => {
    const { clickers } = facts.arms.find((one) => one.arm === arm)!;
    if (users < BOUNDS.users) {
      return [["grave", `${arm} has ${counted(users, "user")}, and less than ${BOUNDS.users} tell nothing`]];
    }
    if (clickers < BOUNDS.clickers) {
      const types = facts.types.includes(click) ? "" : ` (no outcome is a "${click}"; ${typesAre(facts.types)})`;
      const few = `${counted(clickers, "user")} of ${arm} clicked, and less than ${BOUNDS.clickers} tell nothing${types}`;
      return [["grave", few]];
    }
    if (users >= needed) return NOTHING;
    const { title } = DESCRIBED[metric];
    const message = Number.isFinite(needed)
      ? `${arm} has ${counted(users, "user")}, and intervals of ${title} are right from ${counted(needed, "user")} on`
      : `${arm} has no ${title} that could be compared`;
    return [["warning", message]];
  });
}

const typesAre = (types: readonly string[]) => `types are: ${types.join(", ") || "none"}`;

function dominance({ facts }: Checked): Judgements {
  const most = (arm: ArmFacts, what: "clicks" | "revenue"): Judgements => {
    const { user, share } = what === "clicks" ? arm.topClicks : arm.topRevenue;
    const level = share >= BOUNDS.graveDominance ? "grave" : "warning";
    return share < BOUNDS.dominance
      ? NOTHING
      : [[level, `one user (${user}) has ${points(share)} of the ${what} of ${arm.arm}`]];
  };
  return facts.arms.flatMap((arm) => [...most(arm, "clicks"), ...most(arm, "revenue")]);
}

function starts({ facts, arms, weights }: Checked): Judgements {
  const users = arms.map((one) => one.users);
  const shares = weights ?? users;
  const whole = shares.reduce((sum, value) => sum + value, 0);
  return facts.arms.flatMap(({ arm, first, earlier }, index): Judgements => {
    // That so many came, one after the other, and none of them into this arm.
    if (Number.isNaN(first) || (1 - shares[index] / whole) ** earlier >= BOUNDS.startP) return NOTHING;
    const missed = (first - facts.from) / (facts.to - facts.from);
    const hours = ((first - facts.from) / 3_600_000).toFixed(1);
    const message = `${arm} began ${hours} hours after the first arm, ${points(missed)} of the time`;
    return [[missed > BOUNDS.lateStart ? "grave" : "warning", message]];
  });
}

function badRows({ rows }: Checked): Judgements {
  const tables = Object.entries(rows).flatMap(([name, table]) => (table === null ? [] : [[name, table] as const]));
  return tables.flatMap(([name, { read, bad, examples, warnings }]): Judgements => {
    const message = `${counted(bad, "row")} of ${name} cannot be used, of ${read.toLocaleString("en-US")}: ${examples[0]}`;
    return [...graded(bad, read, BOUNDS.badRows, message), ...warnings.map((text) => ["warning", text] as const)];
  });
}

function repeatedIds({ counts }: Checked): Judgements {
  const { impressions, repeated, conflicting, outcomes } = counts;
  const again = [
    ...(repeated - conflicting > 0 ? [`${counted(repeated - conflicting, "row")} of impressions`] : []),
    ...(outcomes.repeated > 0 ? [`${counted(outcomes.repeated, "row")} of outcomes`] : []),
  ];
  const message = `${counted(conflicting, "row")} of impressions have the id of another user's or arm's: ids must be unlike`;
  return [
    ...graded(conflicting, impressions, BOUNDS.badRows, message),
    ...(again.length > 0 ? [["note", `${again.join(" and ")} repeat an id and are counted once`] as const] : []),
  ];
}

function novelty({ trends, metric }: Checked): Judgements {
  return trends.flatMap(({ arm, trend }): Judgements => {
    if (!(trend.p < BOUNDS.noveltyP)) return NOTHING;
    const { first, last } = trend;
    const verb = Math.abs(last) < Math.abs(first) ? "fades" : "grows";
    const lift = (value: number) => `${value < 0 ? "-" : "+"}${points(Math.abs(value))}`;
    return [
      [
        "warning",
        `the effect of ${arm} on ${DESCRIBED[metric].title} ${verb} day by day, from ${lift(first)} to ${lift(last)}: its mean is not what will last`,
      ],
    ];
  });
}

function unfinished({ end, facts }: Checked): Judgements {
  if (end === undefined || facts.to >= end - 86_400_000) return NOTHING;
  const when = new Date(end).toISOString().slice(0, 10);
  return [["warning", `the experiment ends ${when}, and intervals for one reading at the end are too narrow before`]];
}

function values({ facts: { valued, types }, revenue }: Checked): Judgements {
  if (revenue !== undefined) {
    const absent = revenue.filter((type) => !types.includes(type));
    return absent.map((type) => [
      "warning",
      `no outcome is a "${type}", of which revenue should be; ${typesAre(types)}`,
    ]);
  }
  if (valued.length < 2) return NOTHING;
  return [
    ["warning", `revenue adds up the values of ${valued.join(" and ")}, and an order may be paid for with its click`],
  ];
}

function otherRows({ counts: { otherExperiments, otherArms, outcomes } }: Checked): Judgements {
  const others = otherExperiments + outcomes.otherExperiments;
  return [
    ...(otherArms > 0
      ? [["warning", `${counted(otherArms, "impression")} of arms that are not compared are left out`] as const]
      : []),
    ...(others > 0 ? [["note", `${counted(others, "row")} of other experiments are left out`] as const] : []),
  ];
}

function lateOutcomes({ counts: { outcomes } }: Checked): Judgements {
  if (outcomes.late === 0) return NOTHING;
  return [["note", `${counted(outcomes.late, "outcome")} came after the window of attribution and are left out`]];
}

function attribution({ attribution }: Checked): Judgements {
  if (attribution === "impression") return NOTHING;
  return [["note", "outcomes name no impressions: each is put down to the latest one of its user before it"]];
}
