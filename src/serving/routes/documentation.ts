/** What the server says of itself: as a document for programs, as a page for people. */

import type { App } from "../exchange.ts";
import { pageOf } from "../page.ts";
import type { Services } from "../services.ts";

/** Nothing of the page comes from elsewhere, and nothing in it runs. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

export function addDocumentation(app: App, { openApi }: Services): void {
  app.get("/openapi.json", (c) => {
    c.get("exchange").route = "/openapi.json";
    return c.json(openApi.document());
  });
  app.get("/docs", (c) => {
    c.get("exchange").route = "/docs";
    c.header("content-security-policy", POLICY);
    return c.html(pageOf(openApi.document()));
  });
}
