/** Behaviours of users: into the store, out of it, and away. */
import type { Code } from "../../errors/catalogue/catalogue.ts";
import { behavioursOf, isUnlikely } from "../../scoring/behaviours.ts";
import { addRoute } from "../add-route.ts";
import type { App } from "../exchange.ts";
import { addedAnswer, erasedAnswer, eventsBody, historyAnswer, historyParameters, userParameters } from "../schemas.ts";
import type { Services } from "../services.ts";
import { timed } from "../stages.ts";

const countOf = <T>(all: readonly T[], is: (one: T) => boolean) => all.reduce((sum, one) => sum + Number(is(one)), 0);

const refusals: readonly Code[] = ["store.unavailable", "store.damaged"];
const group = "behaviours";
const path = "/v1/users/{user}/history";

export function addBehaviours(app: App, services: Services): void {
  const { models, store } = services;

  addRoute(
    app,
    services,
    {
      ...{ method: "post", path: "/v1/events", group, name: "addEvents" },
      summary: "Adds behaviours of users: all of a request, or none",
      description:
        "An event whose id is known is left alone, so a request may be repeated. What is added is on the disk when it is answered.",
      ...{ body: eventsBody, most: { events: "maxEvents" } as const, answer: addedAnswer },
      refusals: [...refusals, "request.unknown-field", "request.wrong-value", "store.disk-full"],
    },
    async ({ body: { events }, exchange, onStage }) => {
      const served = models.list();
      const descriptions = served.map(({ description }) => description);
      const { events: behaviours, ignored } = behavioursOf(descriptions, events);
      const now = Date.now();
      const unknown = countOf(behaviours, ({ item }) => served.every((model) => !model.knowsItem(item)));
      const unlikely = countOf(behaviours, ({ time }) => isUnlikely(descriptions[0], time, now));
      const { added, known, dropped } = await timed(onStage, "store", () => store.append(behaviours));
      exchange.odd = { unknown, unlikely };
      return { added, known, dropped, unknown, unlikely, ignored };
    },
  );

  addRoute(
    app,
    services,
    {
      ...{ method: "get", path, group, name: "readHistory" },
      summary: "The latest behaviours of a user, oldest first",
      ...{ params: userParameters, query: historyParameters, answer: historyAnswer, refusals },
    },
    async ({ params: { user }, query, onStage }) => {
      const stored = await timed(onStage, "store", () => store.history(user, query));
      return { behaviours: stored.slice(-query.most).map(({ user: _, ...behaviour }) => behaviour) };
    },
  );

  addRoute(
    app,
    services,
    {
      ...{ method: "delete", path, group, name: "eraseHistory" },
      summary: "Erases all behaviours of a user",
      ...{ params: userParameters, answer: erasedAnswer, refusals: [...refusals, "store.disk-full"] },
    },
    async ({ params: { user }, onStage }) => ({ erased: await timed(onStage, "store", () => store.erase(user)) }),
  );
}
