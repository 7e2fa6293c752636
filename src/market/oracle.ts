/** A model that knows the true probabilities: nobody can earn more by ranking, so it says what there was to be gained. */
import { failure } from "../errors/failure.ts";
import type { RankRequest } from "../scoring/request.ts";
import { CountSums } from "../scoring/request-cells.ts";
import type { Models, ServedModel } from "../serving/models/models.ts";

export const ORACLE = "oracle";

/** The true probability of a click for each candidate of a request, of ads in the first slot. */
export type Truth = (request: RankRequest) => Float32Array;

/** Models with the oracle beside them, under the name `oracle`, as the last one. */
export function withOracle(models: Models, truth: Truth): Models {
  const since = new Date(0);
  const oracle = (): ServedModel => ({
    ...{ name: ORACLE, version: ORACLE, since },
    // It reads requests as the first model does.
    description: models.get().description,
    knowsItem: (item) => models.get().knowsItem(item),
    async score(request) {
      const counts = new CountSums();
      counts.candidates = request.candidates.length;
      return { probabilities: truth(request), counts, version: ORACLE };
    },
    async explain() {
      throw failure("request.nothing-exposed", { model: ORACLE, field: "attention" });
    },
  });
  return {
    engine: models.engine,
    list: () => [...models.list(), oracle()],
    get: (name) => (name === ORACLE ? oracle() : models.get(name)),
    load: (name, run) => models.load(name, run),
    rollback: (name) => models.rollback(name),
    onEvent: (listener) => models.onEvent(listener),
    get queue() {
      return models.queue;
    },
    close: () => models.close(),
  };
}
