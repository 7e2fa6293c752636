/** The server on a socket: clients that are slow, large, rude or gone, and its end. */
import { once } from "node:events";
import { request as requestSecurely } from "node:https";
import { setTimeout } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { logger } from "../../src/serving/log.ts";
import type { Server, ServerAddress, ServerOptions } from "../../src/serving/server.ts";
import { CERTIFICATE, KEY } from "./certificate.ts";
import { bytesOf, lineTo } from "./socket.ts";
import { fakeModel, fakeModels, serverOf } from "./support.ts";
import { scrape } from "./watched.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function listening(options: Partial<ServerOptions> = {}, where: ServerAddress = {}) {
  const server = await serverOf(options);
  servers.push(server);
  return { server, ...(await server.listen(where)) };
}

/** The same, and what it has logged. */
async function logging(options: Partial<ServerOptions> = {}, where: ServerAddress = {}) {
  const lines: string[] = [];
  const listeners = [logger((line) => lines.push(line), false)];
  return {
    ...(await listening({ ...options, listeners }, where)),
    logged: () => lines.map((line) => JSON.parse(line)),
  };
}

const score = JSON.stringify({ user: "u", history: [], candidates: ["a", "b"] });
const patient = { maxSeconds: 0.3 };
/** Where others are answered meanwhile: a machine that is busy is slow with them, too. */
const patientWithOthers = { maxSeconds: 1.5 };

/** A model whose scores come when the test says so. */
function heldModel() {
  const { promise: held, resolve: release } = deferred();
  const { promise: begun, resolve: begin } = deferred();
  const model = fakeModel("held", async () => {
    begin();
    await held;
  });
  return { model, release, begun };
}

function deferred() {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

describe("a client that", () => {
  it("does not go on with its headers is cut off with 408, and others are answered meanwhile", async () => {
    const { url } = await listening({ limits: patientWithOthers });
    const slow = await Promise.all(Array.from({ length: 20 }, () => lineTo(url)));
    for (const { socket } of slow) socket.write("POST /v1/score HTTP/1.1\r\nhost: localhost\r\nx-");
    const answer = await fetch(`${url}/livez`);
    expect(answer.status).toBe(200);
    await Promise.all(slow.map(({ ended }) => ended));
    for (const { text } of slow) expect(text()).toMatch(/^HTTP\/1.1 408 .*"code":"serving.slow-client"/s);
  });

  it("does not go on with its body is cut off with 408, and takes no place from others", async () => {
    const { url } = await listening({ limits: { ...patientWithOthers, maxRequests: 1 } });
    const slow = await lineTo(url);
    slow.socket.write(bytesOf("POST", "/v1/score", score).slice(0, -5));
    const answer = await fetch(`${url}/v1/models`);
    expect(answer.status).toBe(200);
    await slow.ended;
    expect(slow.text()).toMatch(/^HTTP\/1.1 408 /);
  });

  it("announces more than the server takes is refused before it sends it, and told that the connection ends", async () => {
    const { url } = await listening();
    const line = await lineTo(url);
    line.socket.write(bytesOf("POST", "/v1/score", "{", { "content-length": "10000000" }));
    expect(await line.until(/\}\}?$/)).toMatch(/^HTTP\/1.1 413 .*connection: close.*"code":"serving.too-large"/is);
    await line.ended;
  });

  it("sends more than the server takes, without saying how much, is refused meanwhile", async () => {
    const { url } = await listening({ limits: { maxBody: 4096 } });
    const line = await lineTo(url);
    line.socket.write(
      bytesOf("POST", "/v1/score", "", { "content-type": "application/json", "transfer-encoding": "chunked" }),
    );
    const chunk = `${(1024).toString(16)}\r\n${" ".repeat(1024)}\r\n`;
    for (let i = 0; i < 6; i++) line.socket.write(chunk);
    expect(await line.until(/\}$/)).toMatch(/^HTTP\/1.1 413 .*"code":"serving.too-large"/s);
    line.socket.destroy();
  });

  it.each([
    ["has long headers", bytesOf("GET", "/livez", "", { "x-long": "x".repeat(20_000) }), 431, "serving.long-header"],
    ["speaks no HTTP", "HELO localhost\r\n\r\n", 400, "serving.not-http"],
    ["names no host", "GET /livez HTTP/1.0\r\n\r\n", 400, "serving.not-http"],
    [
      "names a host that is none",
      bytesOf("GET", "/livez", "", { host: "a b", connection: "close" }),
      400,
      "serving.not-http",
    ],
  ])("%s is refused, logged and counted", async (_, bytes, status, code) => {
    const { server, url, logged } = await logging();
    const line = await lineTo(url);
    line.socket.write(bytes);
    await line.ended;
    expect(line.text()).toMatch(new RegExp(`^HTTP/1.1 ${status} .*"code":"${code}"`, "s"));
    const [, id] = /"request_id":"([^"]+)"/.exec(line.text())!;
    expect(logged()).toEqual([
      expect.objectContaining({ level: "warn", request_id: id, method: "none", route: null, status, code }),
    ]);
    expect((await scrape(server)).value("dien_http_errors_total", { route: "none", code })).toBe(1);
  });

  it("sends requests without waiting for answers gets them in order", async () => {
    const { url } = await listening();
    const line = await lineTo(url);
    const ids = Array.from({ length: 8 }, (_, i) => `pipelined-${i}`);
    const bytes = ids.map((id, i) =>
      i % 2 === 0
        ? bytesOf("POST", "/v1/score", score, { "x-request-id": id })
        : bytesOf("GET", "/livez", "", { "x-request-id": id }),
    );
    line.socket.write(bytes.join(""));
    const text = await line.until(/"pipelined-7"\}$/);
    expect([...text.matchAll(/"request_id":"([^"]+)"/g)].map(([, id]) => id)).toEqual(ids);
    line.socket.destroy();
  });

  it("does not read its answers is cut off", async () => {
    const statuses: number[] = [];
    const { url } = await listening({ limits: patient, listeners: [({ status }) => statuses.push(status)] });
    const line = await lineTo(url);
    const large = JSON.stringify({ user: "u", history: [], candidates: Array(20).fill("x".repeat(50_000)) });
    line.socket.pause();
    for (let i = 0; i < 16; i++) line.socket.write(bytesOf("POST", "/v1/rank", large));
    await setTimeout(1500);
    line.socket.resume();
    await line.ended;
    expect(statuses[0]).toBe(200);
    expect(line.text().length).toBeLessThan(16 * large.length);
  });

  it("leaves while it is answered is noticed, and the next one is answered", async () => {
    const { model, release, begun } = heldModel();
    const seen: (string | undefined)[] = [];
    const { url } = await listening({
      models: fakeModels(model),
      listeners: [({ route, status }) => seen.push(`${route} ${status}`)],
    });
    const line = await lineTo(url);
    line.socket.write(bytesOf("POST", "/v1/score", score));
    await begun;
    line.socket.destroy();
    await line.ended;
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    release();
  });

  it("leaves before its body is whole is no defect", async () => {
    let code: unknown;
    const told = new Promise<void>((done) => {
      void listening({
        listeners: [
          ({ error }) => {
            code = (error as { code?: string }).code;
            done();
          },
        ],
      }).then(async ({ url }) => {
        const line = await lineTo(url);
        line.socket.write(bytesOf("POST", "/v1/score", score).slice(0, -5));
        await setTimeout(50);
        line.socket.destroy();
      });
    });
    await told;
    expect(code).toBe("serving.cut-off");
  });

  it("means another host is refused where there is no token, and answered where there is one", async () => {
    const { url } = await listening();
    const { url: guarded } = await listening({ token: "0123456789abcdef" });
    for (const [to, status] of [
      [url, 421],
      [guarded, 401],
    ] as const) {
      const line = await lineTo(to);
      line.socket.write(bytesOf("GET", "/v1/models", "", { host: "shop.example" }));
      expect(await line.until(/\}$/)).toContain(`HTTP/1.1 ${status} `);
      line.socket.destroy();
    }
  });
});

it("connections beyond the limit are closed and counted, the others go on", async () => {
  const { server, url, logged } = await logging({ limits: { maxConnections: 2 } });
  const lines = [await lineTo(url), await lineTo(url)];
  const third = await lineTo(url);
  await third.ended;
  expect(third.text()).toBe("");
  lines[0].socket.write(bytesOf("GET", "/livez"));
  await lines[0].until(/"live":true/);
  for (const { socket } of lines) socket.destroy();
  const code = "serving.too-many-connections";
  expect(logged()[0]).toMatchObject({ level: "warn", method: "none", status: 0, code });
  expect((await scrape(server)).value("dien_http_errors_total", { route: "none", code })).toBe(1);
});

it("at its end it answers what it has, is not ready, and takes nothing more", async () => {
  const { model, release, begun } = heldModel();
  const { server, url } = await listening({ models: fakeModels(model) });
  const line = await lineTo(url);
  const kept = await lineTo(url);
  kept.socket.write("GET /readyz HTTP/1.1\r\nhost: loc");
  line.socket.write(bytesOf("POST", "/v1/score", score));
  await begun;
  const closed = server.close();
  kept.socket.write("alhost\r\n\r\n");
  expect(await kept.until(/\}$/)).toMatch(/^HTTP\/1.1 503 .*retry-after: 1.*"code":"serving.not-ready"/is);
  await kept.ended;
  await vi.waitFor(() => expect(fetch(`${url}/livez`)).rejects.toThrow());
  release();
  expect(await line.until(/\}$/)).toMatch(/^HTTP\/1.1 200 .*connection: close.*"probabilities":\[0/is);
  await closed;
});

it("at its end it answers what is on its way on a connection that looks idle", async () => {
  const { server, url } = await listening();
  const line = await lineTo(url);
  line.socket.write(bytesOf("GET", "/livez"));
  await line.until(/"live":true/);
  const closed = server.close();
  line.socket.write(bytesOf("POST", "/v1/score", score));
  expect(await line.until(/"probabilities":.*\}$/s)).toMatch(/connection: close/i);
  await closed;
});

it("it listens for other machines only with a token, or where that is said", async () => {
  const open = await serverOf();
  servers.push(open);
  await expect(open.listen({ host: "0.0.0.0" })).rejects.toMatchObject({ code: "serving.unguarded" });
  expect((await open.listen({ host: "0.0.0.0", unguarded: true })).url).toMatch(/^http:\/\/0\.0\.0\.0:\d+$/);
  await listening({ token: "0123456789abcdef" }, { host: "0.0.0.0" });
});

it("a port that is taken is named", async () => {
  const { url } = await listening();
  const other = await serverOf();
  servers.push(other);
  const { port } = new URL(url);
  await expect(other.listen({ port: Number(port) })).rejects.toMatchObject({
    code: "serving.no-port",
    message: `cannot listen at 127.0.0.1, port ${port}: another process listens there`,
  });
});

it("with certificate and key it speaks https, not for long with who does not; no other pair is taken", async () => {
  const { server, url, logged } = await logging({ limits: patient }, { tls: { cert: CERTIFICATE, key: KEY } });
  expect(url).toMatch(/^https:/);
  const request = requestSecurely(`${url}/livez`, { ca: CERTIFICATE });
  request.end();
  const [response] = await once(request, "response");
  expect(response.statusCode).toBe(200);
  response.resume();
  const [silent, plain] = [await lineTo(url), await lineTo(url)];
  plain.socket.write(bytesOf("GET", "/livez"));
  await Promise.all([silent.ended, plain.ended]);
  const code = "serving.no-handshake";
  expect(logged().filter((entry) => entry.code === code)).toHaveLength(2);
  expect((await scrape(server)).value("dien_http_errors_total", { route: "none", code })).toBe(2);
  const wrong = await serverOf();
  servers.push(wrong);
  await expect(wrong.listen({ tls: { cert: CERTIFICATE, key: "none" } })).rejects.toMatchObject({
    code: "serving.no-tls",
  });
});
