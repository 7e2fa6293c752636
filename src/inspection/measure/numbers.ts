/** What is counted of a dataset, the ground of all warnings. */
import type { Manifest } from "../../dataset/manifest.ts";
import type { Cold } from "./cold.ts";
import type { SplitCounts } from "./counts.ts";
import type { DominantUser } from "./dominant.ts";
import type { FieldNumbers } from "./fields.ts";
import type { Lengths } from "./histories.ts";
import type { Leaks } from "./leaks.ts";
import type { Returns } from "./returns.ts";
import type { Timeline } from "./timeline.ts";

/** Shares and rates without anything to count are NaN. */
export interface DatasetNumbers
  extends Pick<Manifest, "importer" | "protocol" | "maxHistory" | "window" | "timeFormat"> {
  readonly counts: Pick<Manifest["counts"], "users" | "sequences" | "items" | "behaviours" | "trainingBehaviours">;
  /** Of train, valid and test. */
  readonly splits: readonly SplitCounts[];
  /** Of sequences, train, valid and test. */
  readonly histories: readonly Lengths[];
  /** User, item and context fields. */
  readonly fields: readonly FieldNumbers[];
  /** null where all samples have the same time. */
  readonly timeline: Timeline | null;
  readonly cold: Cold;
  /** Of train, valid and test. */
  readonly returns: readonly Returns[];
  readonly dominant: readonly DominantUser[];
  readonly leaks: Leaks;
}
