/** Histories of requests: those that they bring, or those of the store. */
import { failure } from "../errors/failure.ts";
import type { ModelDescription } from "../run/model-description.ts";
import { historyOf, historyQuery, userKeyOf } from "../scoring/behaviours.ts";
import type { UserRequest } from "../scoring/request.ts";
import type { BehaviourStore } from "../store/store.ts";
import { type OnStage, timed } from "./stages.ts";

/**
 * The history that a request brings, or what the store has of its user: what the model takes of it, before the time of the
 * request.
 * @throws UserError where the request neither brings one nor says who the user is
 */
export async function historyFor(
  { history, user, time }: Omit<UserRequest, "history"> & { readonly history?: UserRequest["history"] | undefined },
  model: ModelDescription,
  store: BehaviourStore,
  onStage: OnStage,
): Promise<UserRequest["history"]> {
  if (history !== undefined) return history;
  const key = userKeyOf(model, user);
  if (key === null) {
    const problem = "history is missing: expected a list, or the key of a user whose behaviours are stored";
    throw failure("request.invalid", { field: "history", problem });
  }
  return historyOf(model, await timed(onStage, "store", () => store.history(key, historyQuery(model, time))));
}
