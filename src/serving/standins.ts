/** What the models will be: an interface of what the routes ask of them. */
import { failure } from "../errors/failure.ts";
import type { ModelDescription } from "../run/model-description.ts";
import { readModelDescription } from "../run/model-folder.ts";
import { type Explanation, loadExplainer } from "../scoring/explain.ts";
import { loadScorer } from "../scoring/predict.ts";
import type { PredictRequest, RankRequest } from "../scoring/request.ts";
import type { RequestCounts } from "../scoring/request-cells.ts";

export interface StandInModels {
  list(): readonly StandInModel[];
  /** The first named is the default. */
  get(name?: string): StandInModel;
  close(): Promise<void>;
}

export interface StandInModel {
  readonly name: string;
  readonly version: string;
  readonly since: Date;
  readonly description: ModelDescription;
  score(
    request: RankRequest,
    options?: { deadline?: number },
  ): Promise<{ probabilities: Float32Array; counts: RequestCounts }>;
  explain(request: PredictRequest): Promise<Explanation>;
}

/** One scorer a model, on the thread that asks. */
export async function openStandIns(runs: ReadonlyMap<string, string>): Promise<StandInModels> {
  const served = new Map<string, StandInModel>();
  for (const [name, run] of runs) {
    const description = await readModelDescription(run);
    const scorer = await loadScorer(run);
    const explainer = await loadExplainer(run);
    served.set(name, {
      ...{ name, version: description.sha256, since: new Date(), description },
      async score(request) {
        return { probabilities: Float32Array.from(scorer.rank(request)), counts: scorer.counts };
      },
      explain: async (request) => explainer.explain(request),
    });
  }
  return {
    list: () => [...served.values()],
    get(name = [...served.keys()][0]) {
      const model = served.get(name);
      if (model === undefined) throw failure("settings.unknown-model", { name, known: [...served.keys()] });
      return model;
    },
    close: async () => {},
  };
}
