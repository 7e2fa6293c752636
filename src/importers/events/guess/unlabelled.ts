/** Logs without labels: each behaviour is predicted, against a sampled negative of the same user and moment. */
import type { GuessedLists } from "./item-lists.ts";
import type { Roles } from "./roles.ts";

/** Whether no column says what was clicked of what was shown. */
export function isUnlabelled({ columns, lists }: { readonly columns: Roles; readonly lists: GuessedLists }): boolean {
  return columns.label === undefined && lists.shown === undefined;
}

/** Why the user's own id and what is of the moment are no fields then: a model can but learn by heart which pairs there were. */
export const SHARED = "without a label, the same in a sample and its negative: tells nothing by itself";
