/** What the server says of itself: in short, as a document for programs, as a page for people. */
import { addRoute, addText } from "../add-route.ts";
import type { App } from "../exchange.ts";
import { isInference } from "../inference/protocol.ts";
import { pageOf } from "../page.ts";
import { indexAnswer } from "../schemas.ts";
import type { Services } from "../services.ts";

/** Nothing of the page comes from elsewhere, and nothing in it runs. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

const group = "documentation";

export function addDocumentation(app: App, services: Services): void {
  const { openApi } = services;
  addRoute(
    app,
    services,
    {
      ...{ method: "get", path: "/", group, name: "index" },
      summary: "What this server is, and where to read on",
      answer: indexAnswer,
    },
    async () => {
      const { info, paths } = openApi.document();
      const routes = Object.entries(paths).flatMap(([path, methods]) =>
        isInference(path) ? [] : Object.entries(methods).map(([method, { summary }]) => routeOf(method, path, summary)),
      );
      return { name: "dien" as const, version: info.version, docs: "/docs", routes };
    },
  );
  addText(
    app,
    services,
    {
      ...{ path: "/openapi.json", group, name: "openApi", type: "application/json" },
      summary: "All routes for programs, as an OpenAPI 3.1 document",
    },
    () => JSON.stringify(openApi.document()),
  );
  addText(
    app,
    services,
    {
      ...{ path: "/docs", group, name: "docs", type: "text/html; charset=UTF-8" },
      summary: "All routes as a page for people",
    },
    () => pageOf(openApi.document()),
    { "content-security-policy": POLICY },
  );
}

const routeOf = (method: string, path: string, summary: string) => `${method.toUpperCase()} ${path}: ${summary}`;
