/** For those who watch over the process: whether it lives, and whether requests should be sent to it. */
import { failure } from "../../errors/failure.ts";
import { addRoute } from "../add-route.ts";
import type { App } from "../exchange.ts";
import { liveAnswer, readyAnswer } from "../schemas.ts";
import type { Services } from "../services.ts";

export function addHealth(app: App, services: Services): void {
  addRoute(
    app,
    services,
    {
      method: "get",
      path: "/livez",
      group: "health",
      name: "live",
      summary: "Whether the process answers",
      answer: liveAnswer,
      open: true,
    },
    async () => ({ live: true as const }),
  );
  addRoute(
    app,
    services,
    {
      method: "get",
      path: "/readyz",
      group: "health",
      name: "ready",
      summary: "Whether requests should be sent here: models are loaded, the store answers, the server is not ending",
      answer: readyAnswer,
      refusals: ["serving.not-ready"],
      open: true,
    },
    async () => {
      await checkReady(services);
      return { ready: true as const };
    },
  );
}

/** @throws UserError that says why no requests should be sent here */
export async function checkReady({ unready, store }: Services): Promise<void> {
  const reason = unready();
  if (reason !== undefined) throw failure("serving.not-ready", { name: "server", reason });
  await store.check();
}
