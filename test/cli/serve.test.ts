/** `dien serve`: what it says, what it refuses before it opens anything, and how it ends. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ServeOptions } from "../../src/serving/serve.ts";
import { createServer } from "../../src/serving/server.ts";
import { openStore } from "../../src/store/open.ts";
import { fakeModel, fakeModels } from "../serving/support.ts";
import { temporaryFolder } from "../support/source.ts";
import { dien } from "./harness.ts";

const folder = temporaryFolder();
const file = (name: string, content: string) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

/** Runs `dien serve` on a model that is none. */
async function serve(argv: readonly string[], signal?: AbortSignal) {
  let asked: ServeOptions | undefined;
  const openServer = async (options: ServeOptions) => {
    asked = options;
    const models = fakeModels(fakeModel("shop"));
    const store = await openStore("memory:", { most: 10 });
    return { server: await createServer({ models, store, ...options.serving }), models };
  };
  const world = { jobs: { openServer }, ...(signal === undefined ? {} : { signal }) };
  return { ...(await dien(["serve", "--run", "shop=runs/a", ...argv], world)), asked };
}

describe("dien serve", () => {
  it("--dry-run says what would be served, and ends", async () => {
    const { code, stdout, stderr, asked } = await serve([
      "--dry-run",
      "--port",
      "0",
      "--watch",
      "--shadow",
      "shop=next",
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^model shop, version shop-sha\nwould listen at http:\/\/127\.0\.0\.1:\d+\n$/);
    expect(asked).toMatchObject({
      ...{ run: ["shop=runs/a"], store: "file:store" },
      scoring: { mostWaiting: 20_000, watch: 2, shadows: { shop: "next" } },
      serving: { limits: { maxBody: 1_048_576, maxSeconds: 10 } },
    });
  });

  it("serves until it is to end, and exits with 0", async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    const { code, stdout, stderr } = await serve(["--port", "0", "--json"], stop.signal);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ engine: "wasm", models: [{ name: "shop", version: "shop-sha" }] });
  });

  it("reads which experiment is run, and looks at its file again with --watch", async () => {
    const of = async (...argv: string[]) => (await serve(["--dry-run", "--port", "0", ...argv])).asked?.experiment;
    expect(await of()).toBeUndefined();
    expect(await of("--experiment", "ab.yaml")).toEqual({ path: "ab.yaml", records: "records" });
    expect(await of("--experiment", "ab.yaml", "--records", "r", "--watch")).toEqual({
      ...{ path: "ab.yaml", records: "r", watch: 2 },
    });
    const lone = await serve(["--records", "r"]);
    expect([lone.code, lone.stderr]).toEqual([2, expect.stringContaining("--experiment")]);
  });

  it("reads the token, and asks for it", async () => {
    const tokenFile = file("token", "0123456789abcdef\n");
    const { asked } = await serve(["--dry-run", "--port", "0", "--token-file", tokenFile]);
    expect(asked?.serving.token).toBe("0123456789abcdef");
  });

  it.each([
    ["5MB", 5 * 2 ** 20],
    ["2048", 2048],
  ])("--max-body %s is a size", async (given, maxBody) => {
    const { asked } = await serve(["--dry-run", "--port", "0", "--max-body", given]);
    expect(asked?.serving.limits?.maxBody).toBe(maxBody);
  });

  it.each([
    [
      "--cors",
      "shop.example",
      `'--cors <origin>': expected an origin, such as https://shop.example, found "shop.example"`,
    ],
    ["--cors", "https://shop.example/", `'--cors <origin>': expected an origin`],
    ["--max-body", "5 apples", `'--max-body <size>': expected a size like "512MB" or "2GB", at least 1KB`],
    ["--max-body", "2GB", `'--max-body <size>': expected at most 1GB`],
    ["--max-seconds", "0", `'--max-seconds <number>': expected a number, 0.1 to 3600`],
    ["--runs", "redis://host", `'--runs <folder>': expected a path, found the address of a server`],
  ])("%s %s is wrong usage, and named by its flag", async (flag, given, problem) => {
    const { code, stderr, asked } = await serve([flag, given]);
    expect({ code, asked }).toEqual({ code: 2, asked: undefined });
    expect(stderr).toContain(`error: option ${problem}`);
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
  });

  it.each([
    ["a short token", ["--token-file", file("short", "abc")], /short has no token: expected one line/],
    ["no token file", ["--token-file", join(folder, "none")], /cannot read .*none/],
    ["half a pair", ["--tls-cert", "cert.pem"], /'--tls-cert' needs '--tls-key'/],
    ["two shadows", ["--shadow", "shop=a", "shop=b"], /'--shadow <name\.\.\.>': model shop has a shadow already, a/],
    ["a shadow of itself", ["--shadow", "shop=shop"], /'--shadow <name\.\.\.>': model shop cannot be its own/],
    ["a shadow of nothing", ["--shadow", "shop"], /'--shadow <name\.\.\.>': expected NAME=OTHER, found "shop"/],
    [
      "other machines",
      ["--host", "0.0.0.0", "--port", "0"],
      /0\.0\.0\.0 is reached by other machines.*; give one with --token-file/,
    ],
  ])("refuses %s in one line", async (_, argv, message) => {
    const { code, stdout, stderr } = await serve(argv);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
    expect(stdout).toBe("");
    expect([1, 2]).toContain(code);
  });
});

it("a port that is taken is refused in one line", async () => {
  const server = await createServer({
    models: fakeModels(fakeModel("a")),
    store: await openStore("memory:", { most: 1 }),
  });
  const { url } = await server.listen();
  const { code, stderr } = await serve(["--port", new URL(url).port]);
  expect({ code, stderr }).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/another process listens there; choose/),
  });
  await server.close();
});
