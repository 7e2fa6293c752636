/** Scores of samples of several users, all of one version of a model. */
import type { ScoringOptions } from "../../scoring/pool/pool.ts";
import { CountSums } from "../../scoring/request-cells.ts";
import type { ScoredRequest } from "../exchange.ts";
import { historyFor } from "../histories.ts";
import type { ServedModel } from "../models/models.ts";
import type { ScoredBy } from "../models/version.ts";
import type { Services } from "../services.ts";
import type { OnStage } from "../stages.ts";
import type { SampleGroup } from "./inputs.ts";

/**
 * Scores groups of samples at once, and puts the probabilities in the order of the samples: as float32, which is what the
 * protocol is told.
 * @param served the version that answers now; asked again where another one has taken its place meanwhile
 */
export async function scoreGroups(
  served: () => ServedModel,
  { store }: Pick<Services, "store">,
  groups: readonly SampleGroup[],
  options: ScoringOptions & { readonly onStage: OnStage },
): Promise<ScoredRequest & { readonly probabilities: Float32Array }> {
  const model = served();
  const parts = await Promise.all(
    groups.map(async ({ request }) => {
      const history = await historyFor(request, model.description, store, options.onStage);
      return await model.score({ ...request, history }, options);
    }),
  );
  const [{ version, calibration }] = parts;
  const isOther = (part: ScoredBy) => part.version !== version || part.calibration !== calibration;
  if (parts.some(isOther)) return await scoreGroups(served, { store }, groups, options);
  const probabilities = new Float32Array(groups.reduce((sum, { rows }) => sum + rows.length, 0));
  const counts = new CountSums();
  parts.forEach((part, g) => {
    counts.add(part.counts);
    groups[g].rows.forEach((row, i) => {
      probabilities[row] = part.probabilities[i];
    });
  });
  return { model: model.name, version, ...(calibration && { calibration }), probabilities, counts };
}
