/** The client, asking a server in the same process. */
import { describe, expect, it } from "vitest";
import { createClient, DienError } from "../../src/client/client.ts";
import { fakeModel, fakeModels, scoreOf, serverOf } from "../serving/support.ts";

const url = "http://localhost";
const candidates = ["a", "bbb", { item: "c" }];
const request = { user: "u", history: ["x"], candidates };

/** A client whose requests are answered by a function, and what they were. */
function clientOf(answer: (request: Request, times: number) => Response | Promise<Response>, options = {}) {
  const asked: Request[] = [];
  const fetch = async (request: Request) => {
    asked.push(request);
    return await answer(request, asked.length);
  };
  return { asked, client: createClient({ url, fetch, ...options }) };
}

const busy = (seconds: string | null = "0") =>
  Response.json(
    { error: { code: "serving.overloaded", message: "full" }, request_id: "r" },
    { status: 503, ...(seconds === null ? {} : { headers: { "retry-after": seconds } }) },
  );
const empty = () => Response.json({ models: [], request_id: "r" });

describe("asks for", () => {
  it("scores, rankings and models", async () => {
    const model = fakeModel("m");
    const client = createClient({ url, fetch: (await serverOf({ models: fakeModels(model) })).fetch });
    const { probabilities, version, request_id } = await client.score(request, { requestId: "mine" });
    expect(probabilities).toEqual(candidates.map((candidate) => Math.fround(scoreOf(candidate))));
    expect({ version, request_id }).toEqual({ version: "m-sha", request_id: "mine" });
    const { ranking } = await client.rank({ ...request, top: 1 });
    expect(ranking).toHaveLength(1);
    expect(ranking[0].probability).toBe(Math.max(...probabilities));
    expect((await client.models()).models).toMatchObject([{ model: "m", version: "m-sha" }]);
    const { candidates: _, ...ofUser } = request;
    expect((await client.explain({ ...ofUser, candidate: "a" })).probability).toBe(scoreOf("a"));
  });

  it("behaviours: adds, reads and erases them", async () => {
    const client = createClient({ url, fetch: (await serverOf()).fetch });
    const user = "a user/with? signs#%";
    const events = [1, 2, 3].map((id) => ({ id, user, item: `i${id}`, time: 1_700_000_000 + id }));
    expect(await client.events(events)).toMatchObject({ added: 3, known: 0 });
    expect(await client.events(events)).toMatchObject({ added: 0, known: 3 });
    const { behaviours } = await client.history(user);
    expect(behaviours.map(({ item }) => item)).toEqual(["i1", "i2", "i3"]);
    expect((await client.history(user, { most: 1 })).behaviours).toEqual(behaviours.slice(-1));
    expect(await client.erase(user)).toMatchObject({ erased: 3 });
    expect((await client.history(user)).behaviours).toEqual([]);
  });

  it("another version of a model, or the one before; the latter once, however busy the server is", async () => {
    const { asked, client } = clientOf((_, times) => (times === 3 ? busy() : empty()), { retries: 5 });
    await client.load("a b");
    await client.load("a b", { run: "runs/next", timeout: 600_000 });
    await expect(client.rollback("a b")).rejects.toMatchObject({ status: 503 });
    const parts = await Promise.all(
      asked.map(async (one) => [one.method, new URL(one.url).pathname, await one.json()]),
    );
    expect(parts).toEqual([
      ["POST", "/v1/models/a%20b/load", {}],
      ["POST", "/v1/models/a%20b/load", { run: "runs/next" }],
      ["POST", "/v1/models/a%20b/rollback", {}],
    ]);
  });

  it("brings the token, on any path that a proxy adds", async () => {
    const { asked, client } = clientOf(empty, { url: "https://shop.example/ranking/", token: "secret" });
    await client.models();
    expect(asked[0].url).toBe("https://shop.example/ranking/v1/models");
    expect(asked[0].headers.get("authorization")).toBe("Bearer secret");
    expect(asked[0].headers.has("content-type")).toBe(false);
  });

  it.each<[object, string]>([
    [{ url: "shop" }, 'url: expected an address such as https://shop.example, found "shop"'],
    [{ url: "shop.example:8080" }, "url: expected an address such as https://shop.example, found one that begins with"],
    [{ url: "https://me:secret@shop.example" }, "found one with a name or a password in it"],
    [{ url: "me:secret@:x:y//" }, "url: expected an address such as https://shop.example, found"],
    [{ url: "https://shop.example/?a=1" }, "found something behind a ? or a #"],
    [{ url, token: "secret\n" }, "token: expected letters, digits and signs"],
    [{ url, timeout: Number.NaN }, "timeout: expected milliseconds above 0, found NaN"],
    [{ url, timeout: -1 }, "timeout: expected milliseconds above 0, found -1"],
  ])("nothing with %j, which it says at once", (options, message) => {
    let error: unknown;
    try {
      createClient(options as Parameters<typeof createClient>[0]);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(DienError);
    expect(error).toMatchObject({ code: "client.invalid", message: expect.stringContaining(message) });
    expect(String(error)).not.toContain("secret");
  });

  it("nothing with a time that is none, which it says before", async () => {
    const { asked, client } = clientOf(empty);
    await expect(client.models({ timeout: 0 })).rejects.toMatchObject({ code: "client.invalid" });
    expect(asked).toEqual([]);
  });
});

describe("errors have", () => {
  it("code, status, field and request id of the server's", async () => {
    const client = createClient({ url, fetch: (await serverOf()).fetch });
    const error = await client.score({ ...request, candidates: [] }, { requestId: "mine" }).catch((error) => error);
    expect(error).toBeInstanceOf(DienError);
    expect(error).toMatchObject({ code: "request.invalid", status: 400, field: "candidates", requestId: "mine" });
    expect(error.message).toMatch(/^candidates: /);
    const guarded = createClient({ url, fetch: (await serverOf({ token: "t".repeat(16) })).fetch });
    await expect(guarded.models()).rejects.toMatchObject({ code: "serving.unauthorized", status: 401 });
  });

  it("codes of their own where no server answers, or another one", async () => {
    const unreachable = createClient({ url: "http://127.0.0.1:9" });
    await expect(unreachable.models()).rejects.toMatchObject({ code: "client.unreachable", status: undefined });
    for (const response of [new Response("<html>", { status: 502 }), new Response("hello"), Response.json(null)]) {
      const { client } = clientOf(() => response);
      await expect(client.models()).rejects.toMatchObject({ code: "client.not-ours", status: response.status });
    }
  });
});

describe("time", () => {
  it("is told to the server, what is left of it", async () => {
    const { asked, client } = clientOf(empty, { timeout: 4000 });
    await client.models();
    await client.models({ timeout: 50.5 });
    const [all, less] = asked.map(({ headers }) => Number(headers.get("x-request-timeout-ms")));
    expect(all).toBeGreaterThan(50);
    expect(all).toBeLessThanOrEqual(4000);
    expect([all, less].every(Number.isInteger)).toBe(true);
    expect(less).toBeLessThanOrEqual(51);
  });

  it("ends a call whose answer does not come, and so does a signal, with its reason", async () => {
    const never = ({ signal }: Request) =>
      new Promise<Response>((_, fail) => signal.addEventListener("abort", () => fail(signal.reason)));
    const { client } = clientOf(never);
    await expect(client.models({ timeout: 20 })).rejects.toMatchObject({ code: "client.timeout", status: undefined });
    const leaving = new AbortController();
    const call = client.models({ signal: leaving.signal });
    leaving.abort(new Error("the page was left"));
    await expect(call).rejects.toThrow("the page was left");
  });

  it("that the server refuses for is an error of the server's", async () => {
    const model = fakeModel("m", () => new Promise(() => {}));
    const client = createClient({ url, fetch: (await serverOf({ models: fakeModels(model) })).fetch });
    const call = client.score(request, { timeout: 20 });
    await expect(call).rejects.toMatchObject({ code: "serving.late", status: 504, field: "x-request-timeout-ms" });
  });
});

describe("a busy server", () => {
  it("is asked again only by who wants that, as often as is wanted", async () => {
    const { asked, client } = clientOf((_, times) => (times < 3 ? busy() : empty()));
    await expect(client.models()).rejects.toMatchObject({ code: "serving.overloaded", status: 503 });
    expect(asked).toHaveLength(1);
    await expect(client.models({ retries: 1 })).resolves.toMatchObject({ models: [] });
    expect(asked).toHaveLength(3);
    const always = clientOf(() => busy());
    await expect(always.client.models({ retries: 2 })).rejects.toMatchObject({ status: 503 });
    expect(always.asked).toHaveLength(3);
  });

  it("is asked again with the whole request", async () => {
    const { asked, client } = clientOf((_, times) => (times === 1 ? busy() : empty()), { retries: 1 });
    await client.score(request);
    expect(await Promise.all(asked.map((one) => one.json()))).toEqual([request, request]);
  });

  it("is left alone for as long as it says, or for good", async () => {
    const waits = clientOf((_, times) => (times === 1 ? busy("1") : empty()), { retries: 1 });
    const start = performance.now();
    await waits.client.models();
    expect(performance.now() - start).toBeGreaterThan(990);
    for (const [answer, options] of [
      [busy(null), {}],
      [busy("Thu, 26 Nov 2026 00:00:00 GMT"), {}],
      [busy("60"), { timeout: 1000 }],
      [Response.json({ error: { code: "serving.late", message: "" } }, { status: 504 }), {}],
    ] as const) {
      const { asked, client } = clientOf(() => answer.clone(), { retries: 3, ...options });
      await expect(client.models()).rejects.toBeInstanceOf(DienError);
      expect(asked).toHaveLength(1);
    }
    const { client } = clientOf(() => busy("60"), { retries: 1 });
    await expect(client.models({ signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ name: "TimeoutError" });
  });
});
