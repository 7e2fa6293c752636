/** A histogram of scores. There are so many of them that prom-client's own, which looks labels up for each value, takes too long. */
import type { Metric, Registry } from "prom-client";
import type { Probabilities } from "../../calibration/calibrator.ts";

/** Click rates are small: the bounds are finer there. */
const BOUNDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/** Scores of one model: how many up to each bound and above the one before, the last above all. */
interface CountedScores {
  readonly counts: Float64Array;
  sum: number;
}

/** What prom-client writes of a metric. */
interface ScoreSample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

export class ScoreHistogram {
  readonly name = "dien_score";
  readonly help = "Scores of candidates: probabilities of a click.";
  readonly type = "histogram";
  readonly #models = new Map<string, CountedScores>();

  constructor(registry: Registry) {
    // The registry asks a metric for its name, and for `get()`.
    registry.registerMetric(this as unknown as Metric);
  }

  observe(model: string, scores: Probabilities): void {
    const known = this.#models.get(model) ?? this.#add(model);
    const { counts } = known;
    for (let i = 0; i < scores.length; i++) {
      const score = scores[i];
      let bound = 0;
      while (score > BOUNDS[bound]) bound++;
      counts[bound]++;
      known.sum += score;
    }
  }

  async get(): Promise<{ name: string; help: string; type: string; values: ScoreSample[] }> {
    const { name, help, type } = this;
    const values = [...this.#models].flatMap(([model, { counts, sum }]) => {
      let count = 0;
      const buckets = [...BOUNDS, "+Inf"].map((le, bound) => {
        count += counts[bound];
        return { metricName: `${name}_bucket`, labels: { le, model }, value: count };
      });
      const labels = { model };
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: count },
      ];
    });
    return { name, help, type, values };
  }

  #add(model: string): CountedScores {
    const scores = { counts: new Float64Array(BOUNDS.length + 1), sum: 0 };
    this.#models.set(model, scores);
    return scores;
  }
}
