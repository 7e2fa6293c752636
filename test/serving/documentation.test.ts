/** What the server says of itself: where to begin, and every route as a page and as a document. */
import { describe, expect, it } from "vitest";
import { ask, serverOf } from "./support.ts";

const server = await serverOf();
const asked = (path: string, headers: Record<string, string> = {}) =>
  server.fetch(new Request(`http://localhost${path}`, { headers }));
const { paths } = await (await asked("/openapi.json")).json();

it("who asks for nothing is told what is here, and where to read on", async () => {
  const { status, body } = await ask(server, "/");
  expect(status).toBe(200);
  expect(body).toMatchObject({ name: "dien", docs: "/docs" });
  for (const route of ["POST /v1/rank", "POST /v1/events", "GET /v1/models", "GET /readyz", "GET /docs"]) {
    expect(body.routes).toContainEqual(expect.stringMatching(new RegExp(`^${route}: [A-Z]`)));
  }
  expect((await asked(body.docs)).status).toBe(200);
});

it("who asks for what is not here is told where to read on", async () => {
  const { status, body } = await ask(server, "/v1/scores");
  expect([status, body.error.message]).toEqual([404, "nothing is served at /v1/scores: /docs describes what is"]);
});

describe.each([
  ["/metrics", "text/plain"],
  ["/openapi.json", "application/json"],
  ["/docs", "text/html"],
])("%s", (path, type) => {
  it("is documented as the text that it is", async () => {
    const [[documented]] = Object.entries(paths[path].get.responses[200].content);
    const answer = await asked(path);
    expect(answer.headers.get("content-type")).toBe(documented);
    expect(documented).toMatch(new RegExp(`^${type}`));
    expect(await (await asked("/docs")).text()).toContain(`GET ${path}`);
  });

  it("waits as long as its client, as other routes do", async () => {
    const { status } = await asked(path, { "x-request-timeout-ms": "soon" });
    expect([status, Object.keys(paths[path].get.responses)]).toEqual([400, expect.arrayContaining(["400", "504"])]);
  });
});
