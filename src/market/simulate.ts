/** What `dien ab simulate` does: a market between runs, with its shop read from their data. */
import { readExperiment } from "../ab/definition/read.ts";
import { type OnlineExperiment, parseExperiment } from "../ab/experiment/experiment.ts";
import { failure } from "../errors/failure.ts";
import type { Engine } from "../kernels/load.ts";
import { checkOptions } from "../options/problems.ts";
import { namedRuns } from "../serving/serve.ts";
import { type ArmEffects, effectsOf } from "./effects.ts";
import { runMarket } from "./market.ts";
import { type MarketOptions, type MarketSettings, marketOptions } from "./options.ts";
import { ORACLE } from "./oracle.ts";
import { shopOf } from "./shop.ts";

export interface SimulateOptions extends Pick<MarketOptions, "out" | "log" | "threads" | "signal" | "onProgress"> {
  /** Dataset of the synthetic shop. */
  readonly data: string;
  /** `RUN` or `NAME=RUN`. */
  readonly run: readonly string[];
  /** Names of runs whose probabilities are calibrated. */
  readonly calibrated?: readonly string[] | undefined;
  /** Whether there is an arm that knows the truth. */
  readonly oracle: boolean;
  /** ab.yaml; without one each run is an arm. */
  readonly experiment?: string | undefined;
  /** Share of pages whose order is left to chance, in the place of the experiment's policy. */
  readonly explore?: number | undefined;
  readonly settings: MarketSettings;
}

export interface Simulation {
  /** The first is what the others are compared with. */
  readonly arms: readonly ArmEffects[];
  readonly impressions: number;
  readonly seconds: number;
  /** Which kernels computed. */
  readonly engine: Engine;
}

/**
 * Runs a market, and compares its arms.
 * @throws UserError where data, runs, the experiment or `out` cannot be used, or a run is called as the truth is
 */
export async function simulate(options: SimulateOptions): Promise<Simulation> {
  const { data, run, calibrated, oracle, experiment: path, explore, settings, ...rest } = options;
  const shop = await shopOf(data);
  const runs = namedRuns(run, calibrated);
  const names = runs.map(({ name }) => name);
  if (names.includes(ORACLE)) throw failure("serving.taken-name", { name: ORACLE });
  const given = path === undefined ? evenly(names, oracle) : await readExperiment(path);
  const experiment: OnlineExperiment = explore === undefined ? given : { ...given, policy: { kind: "fixed", explore } };
  const market = { ...rest, shop, runs, experiment, settings: checkOptions("simulate", marketOptions, settings) };
  const { arms, ...totals } = await runMarket(market);
  return { arms: effectsOf(arms), ...totals };
}

/** An arm for each model; of one model two, which is an A/A test. */
export function evenly(names: readonly string[], oracle: boolean): OnlineExperiment {
  const models = oracle ? [...names, ORACLE] : names;
  const arms =
    models.length === 1 ? ["A", "B"].map((name) => ({ name, model: models[0] })) : models.map((name) => ({ name }));
  return parseExperiment({ name: "market", arms }, "market");
}
