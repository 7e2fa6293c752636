/** Results as the rows of a report's data files. */
import type { Row } from "../report/csv.ts";
import type { Result, Standings } from "./results.ts";

/** Every run, a row each. */
export function runRows(results: readonly Result[]): Row[] {
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
      seconds: epochs.reduce((sum, { seconds }) => sum + seconds, 0),
      weights_sha256,
    })),
  );
}

/** Every variant, a row each. */
export function summaryRows(results: readonly Result[]): Row[] {
  return results.map(({ dataset, variant, runs, auc, gauc, logloss, ece }) => ({
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
  }));
}

/** Every pair of a dataset's variants, a row each. */
export function differenceRows(standings: readonly Standings[]): Row[] {
  return standings.flatMap((own) =>
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
