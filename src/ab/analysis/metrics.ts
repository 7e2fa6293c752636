/** The metrics of plans and reports: those of table 5 of the DIEN paper, and two that no model can raise by showing less. */
import type { Metric } from "../../statistics/estimate.ts";
import { QUANTITIES } from "./sums.ts";

export const METRICS = ["ctr", "ppc", "ecpm", "clicks_per_user", "revenue_per_user"] as const;
export type AbMetric = (typeof METRICS)[number];

interface MetricWords {
  /** As columns call it. */
  readonly title: string;
  readonly of: (typeof QUANTITIES)[number];
  readonly per?: (typeof QUANTITIES)[number];
  /** What its ratio is multiplied with to be read. */
  readonly factor: number;
  /** As sentences call more of it: "12 % more clicks per impression". */
  readonly noun: string;
  /** Whether a fall of it speaks against an arm that wins by another metric; a lower price per click comes with more clicks. */
  readonly guards: boolean;
}

export const DESCRIBED: Readonly<Record<AbMetric, MetricWords>> = {
  ctr: { title: "CTR", of: "clicks", per: "impressions", factor: 1, noun: "clicks per impression", guards: true },
  ppc: { title: "PPC", of: "revenue", per: "clicks", factor: 1, noun: "revenue per click", guards: false },
  ecpm: {
    ...{ title: "eCPM", of: "revenue", per: "impressions", factor: 1000 },
    ...{ noun: "revenue per thousand impressions", guards: true },
  },
  clicks_per_user: { title: "clicks per user", of: "clicks", factor: 1, noun: "clicks per user", guards: true },
  revenue_per_user: { title: "revenue per user", of: "revenue", factor: 1, noun: "revenue per user", guards: true },
};

const place = (name: (typeof QUANTITIES)[number]) => QUANTITIES.indexOf(name);

/** The metric as a function of `Sums`. */
export function metricOf(name: AbMetric): Metric {
  const { of, per } = DESCRIBED[name];
  return { of: place(of), ...(per !== undefined && { per: place(per) }) };
}

/** The same of the time before the experiment. */
export function beforeOf(name: AbMetric): Metric {
  const { of, per } = metricOf(name);
  const shift = QUANTITIES.length;
  return { of: of + shift, ...(per !== undefined && { per: per + shift }) };
}
