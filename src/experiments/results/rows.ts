/** Results as the rows of a report's data files. */
import type { DataRow } from "../../report/csv.ts";
import type { DatasetResults, Result } from "./results.ts";

/** One row for each run. */
export function runRows(results: readonly Result[]): DataRow[] {
  return results.flatMap(({ dataset, variant, runs }) =>
    runs.map(({ seed, summary: { best_epoch, parameters, valid, test, epochs, weights_sha256 } }) => ({
      dataset: dataset.name,
      variant: variant.name,
      seed,
      parameters,
      best_epoch,
      valid_auc: valid.auc,
      test_auc: test.auc,
      test_gauc: test.gauc,
      test_logloss: test.logloss,
      ...(test.known && { test_auc_known: test.known.auc }),
      seconds: epochs.reduce((sum, { seconds }) => sum + seconds, 0),
      weights_sha256,
    })),
  );
}

/** One row for each variant on each dataset. */
export function summaryRows(results: readonly Result[]): DataRow[] {
  return results.map(({ dataset, variant, runs, auc, gauc, logloss, ece, knownAuc }) => ({
    dataset: dataset.name,
    variant: variant.name,
    seeds: runs.length,
    auc_mean: auc.mean,
    auc_deviation: auc.deviation,
    auc_low: auc.low,
    auc_high: auc.high,
    gauc_mean: gauc.mean,
    gauc_deviation: gauc.deviation,
    logloss_mean: logloss.mean,
    logloss_deviation: logloss.deviation,
    ece_mean: ece.mean,
    ...(knownAuc && { auc_known_mean: knownAuc.mean, auc_known_deviation: knownAuc.deviation }),
  }));
}

/** One row for each ordered pair of variants on each dataset. */
export function differenceRows(datasets: readonly DatasetResults[]): DataRow[] {
  return datasets.flatMap((own) =>
    own.results.flatMap((a) =>
      own.results
        .filter((b) => b !== a)
        .map((b) => {
          const { difference, deviation, low, high, p } = own.difference(a, b);
          const pair = { dataset: own.dataset.name, variant: a.variant.name, other: b.variant.name };
          return { ...pair, difference, deviation, low, high, p };
        }),
    ),
  );
}
