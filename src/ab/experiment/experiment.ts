/** An experiment as it is asked, of what ab.yaml says. Nothing here knows files, clocks or servers. */
import { failure } from "../../errors/failure.ts";
import { whatIsWrong } from "../../options/problems.ts";
import { BUCKETS } from "./hash.ts";
import { type Buckets, countsOf, layOut, OUT } from "./layout.ts";
import { type Arm, type ExperimentFile, experimentSchema } from "./schema.ts";

const HOUR = 3_600_000;

export interface OnlineExperiment extends Omit<ExperimentFile, "arms" | "window_hours"> {
  /** Where it is defined, for errors. */
  readonly path: string;
  readonly seed: string;
  readonly arms: readonly Arm[];
  /** Milliseconds after an impression within which an outcome is attributed to it. */
  readonly window: number;
  readonly layout: Buckets;
  /** With which probability each arm was chosen, where chance chose weights: of a bandit. Elsewhere 1. */
  readonly propensities: readonly number[];
}

/**
 * Reads what ab.yaml says.
 * @param path of the file, for errors
 * @throws UserError that names the file, and each key with what was expected and found
 */
export function parseExperiment(value: unknown, path: string): OnlineExperiment {
  const parsed = experimentSchema.safeParse(value);
  if (!parsed.success) throw failure("ab.invalid", { path, problem: whatIsWrong(experimentSchema, value) });
  const { window_hours, ...file } = parsed.data;
  const { arms, share, before } = file;
  const stages = before.map((stage) => ({
    weights: arms.map(({ name }) => stage.weights[name] ?? 0),
    share: stage.share ?? share,
  }));
  const now = { weights: arms.map(({ weight }) => weight), share };
  return {
    ...{ ...file, path, seed: file.seed ?? file.name, window: window_hours * HOUR },
    layout: layOut([...stages, now], arms.length),
    propensities: arms.map(() => 1),
  };
}

/**
 * The experiment in a round of a bandit. Each round draws anew who gets which arm, with a seed of its own, so that an arm
 * was chosen with its weight whatever happened in the rounds before; within a round a user stays in an arm.
 * @param round anything that no other round has
 * @param weights of the arms
 */
export function inRound(experiment: OnlineExperiment, round: number, weights: readonly number[]): OnlineExperiment {
  const { seed, arms, share } = experiment;
  const layout = layOut([{ weights, share }], arms.length);
  const counts = countsOf(layout, arms.length).slice(0, arms.length);
  const taking = counts.reduce((sum, count) => sum + count, 0);
  return { ...experiment, seed: `${seed}:${round}`, layout, propensities: counts.map((count) => count / taking) };
}

/** Shares of all users who get another arm than before, or come or go, and the share of those who need not have. */
export interface Moves {
  readonly moved: number;
  readonly needless: number;
}

/**
 * What becomes of users when one definition of an experiment takes the place of another of the same seed. Arms are known
 * by their names.
 */
export function movesBetween(before: OnlineExperiment, after: OnlineExperiment): Moves {
  const names = [...new Set([...before.arms, ...after.arms].map(({ name }) => name))];
  const [from, to] = [before, after].map(({ arms, layout }) =>
    layout.map((arm) => (arm === OUT ? OUT : names.indexOf(arms[arm].name))),
  );
  const [had, has] = [from, to].map((layout) => countsOf(layout, names.length));
  const must = had.reduce((sum, count, arm) => sum + Math.max(0, count - has[arm]), 0);
  const moved = from.reduce((sum, arm, bucket) => sum + Number(arm !== to[bucket]), 0);
  return { moved: moved / BUCKETS, needless: (moved - must) / BUCKETS };
}
