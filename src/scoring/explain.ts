/**
 * Looking inside a trained model: what it attends to in a history, and how its state moves (figure 3 of
 * https://arxiv.org/abs/1809.03672).
 */
import { z } from "zod";
import { failure } from "../errors/failure.ts";
import { path } from "../options/pieces.ts";
import { checkOptions } from "../options/problems.ts";
import { type RunConfig, resolveConfig } from "../run/config.ts";
import type { CodedRequest } from "./coded-request.ts";
import { type Exposed, lackingIn, readExposed } from "./exposed.ts";
import type { PredictRequest } from "./request.ts";
import { openModel } from "./request-model.ts";

/**
 * Other values for groups of the model's configuration, for instance `{attention: {form: "uniform"}}`: the same model
 * without attention. Only what needs no other parameters than the run's can be changed.
 */
export type Overrides = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const group = z.record(z.string(), z.unknown(), "expected settings by key");
const explainerArguments = z.object({
  run: path,
  overrides: z.record(z.string(), group, "expected groups of settings by name"),
});

/** What happens in a model for one request; T behaviours of its history count, oldest first. */
export interface Explanation extends Exposed {
  /** Probability of a click. */
  readonly score: number;
}

/** A trained model, ready to be looked into. */
export interface Explainer {
  explain(request: PredictRequest): Explanation;
  /** The same for a request in ids of the dataset. */
  explainCoded(request: CodedRequest): Explanation;
}

/**
 * Opens the model of a run for looking inside.
 * @throws UserError where there is none, it has no attention or no states, or `overrides` do not fit it
 */
export async function loadExplainer(run: string, overrides: Overrides = {}): Promise<Explainer> {
  checkOptions("loadExplainer", explainerArguments, { run, overrides });
  const model = await openModel(run, { configure: (config) => overridden(config, overrides) });
  const { workspace, inspected } = model;
  const lacking = lackingIn(inspected);
  if (lacking !== undefined) {
    throw failure("request.nothing-exposed", { model: workspace.options.config.model.name, field: lacking });
  }
  const seen = (score: number): Explanation => ({ score, ...readExposed(inspected, workspace) });
  return {
    explain: (request) => seen(model.inspect(request)),
    explainCoded: (request) => seen(model.inspectCoded(request)),
  };
}

function overridden(config: RunConfig, overrides: Overrides): RunConfig {
  const model: Record<string, unknown> = { ...config.model };
  for (const [group, values] of Object.entries(overrides)) model[group] = { ...(model[group] as object), ...values };
  return resolveConfig({ ...config, model });
}
