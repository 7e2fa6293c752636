/** Errors of logs that a dataset should be made of, and of the `features.yaml` that describes them. */
import { didYouMean } from "../../suggest.ts";
import type { Entries } from "../entry.ts";

export const logs = {
  "log.unknown-type": {
    status: 422,
    meaning: "A type of events is named that no row of the log has.",
    message: ({ key, types, known, more }: UnknownType) =>
      `${key}: no row has the type ${types.join(" or ")}; there are ${known.join(", ") || "none"}` +
      `${more ? ", ..." : ""}${didYouMean(types[0], known)}`,
  },
  "log.no-impressions": {
    status: 422,
    meaning: "No row of the events is an impression, so there is nothing to predict.",
    message: ({ keys }: { keys: string }) => `no row of the events is an impression: see ${keys}`,
  },
  "log.no-dataset": {
    status: 422,
    meaning: "A split would have no samples, or training only one label.",
    message: ({ problem, rule, keys }: { problem: string; rule: string; keys: string }) =>
      `the log makes no dataset: ${problem}; ${rule}: see ${keys}`,
  },
  "features.invalid": {
    status: 422,
    exitCode: 2,
    meaning: "A key of features.yaml is unknown or missing, or its value cannot be.",
    message: ({ path, problem }: { path: string; problem: string }) => `${path}: ${problem}`,
  },
  "features.conflict": {
    status: 422,
    exitCode: 2,
    meaning: "Keys of features.yaml, each sound by itself, do not fit together.",
    message: ({ path, field, problem }: { path: string; field: string; problem: string }) =>
      `${path}: ${field}: ${problem}`,
  },
  "features.no-table": {
    status: 422,
    exitCode: 2,
    meaning: "A field of features.yaml comes from a table of users or items that is not given.",
    message: ({ path, field, table }: { path: string; field: string; table: string }) =>
      `${path}: ${field}: it comes from the table of ${table}, which is not given`,
  },
} satisfies Entries<"log" | "features">;

export interface UnknownType {
  /** The key of features.yaml that names them. */
  readonly key: string;
  readonly types: readonly string[];
  /** The most frequent ones of the log; `more` where there are others. */
  readonly known: readonly string[];
  readonly more: boolean;
}
