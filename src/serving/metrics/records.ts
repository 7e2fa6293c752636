/** What is recorded of an experiment, and what becomes of its files. */
import { Counter, type Registry } from "prom-client";
import type { RecordCounts, Records } from "../../ab/records/records.ts";

/** Of each count its metric and what it is there. */
const COUNTED: Readonly<Record<keyof RecordCounts, readonly [metric: string, result: string]>> = {
  exposures: ["exposures", "added"],
  knownExposures: ["exposures", "known"],
  added: ["outcomes", "added"],
  known: ["outcomes", "known"],
  unattributed: ["outcomes", "unattributed"],
  torn: ["record_lines", "torn"],
  rotated: ["record_files", "rotated"],
  rotationsFailed: ["record_files", "failed"],
};

const HELP: Readonly<Record<string, string>> = {
  exposures: "Exposures that were recorded, or known already.",
  outcomes: "Outcomes that were recorded, or known already; and of the new ones those that no impression explains.",
  record_lines: "Lines of records that a kill left unfinished, and that were taken away at the start.",
  record_files: "Files of records that became Parquet, and attempts of that which failed.",
};

/** Returns what brings the metrics up to date. */
export function recordMetrics(registry: Registry, records: Records): () => void {
  const counter = (name: string) =>
    new Counter({ name: `dien_${name}_total`, help: HELP[name], labelNames: ["result"], registers: [registry] });
  const counters = new Map(Object.keys(HELP).map((name) => [name, counter(name)]));
  return () => {
    for (const one of counters.values()) one.reset();
    for (const [key, count] of Object.entries(records.counts())) {
      const [name, result] = COUNTED[key as keyof RecordCounts];
      counters.get(name)!.inc({ result }, count);
    }
  };
}
