/** The package as people install it: what its `exports` lead to, and what that needs beside itself. */
import { execFile } from "node:child_process";
import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, it } from "vitest";
import { temporaryFolder } from "../support/source.ts";

const run = promisify(execFile);
const folder = temporaryFolder();
const inside = { cwd: folder };
const installed = join(folder, "node_modules/dien");

beforeAll(async () => {
  await run("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder]);
  const [tarball] = await readdir(folder);
  await mkdir(installed, { recursive: true });
  await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", installed], inside);
});

it("dien/client runs with no other package beside it, and loads no module but its own", async () => {
  const program = `
    import { register } from "node:module";
    const hooks = "export const load = async (url, context, next) => (console.log(url), next(url, context));";
    register("data:text/javascript," + encodeURIComponent(hooks));
    const { createClient } = await import("dien/client");
    const answer = () => Response.json({ models: [], request_id: "r" });
    console.log(JSON.stringify(await createClient({ url: "http://shop.example", fetch: answer }).models()));`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", program], inside);
  const lines = stdout.trim().split("\n");
  // The hooks have a thread of their own, whose lines may come behind the answer.
  const [answers, loaded] = [true, false].map((isAnswer) => lines.filter((line) => line.startsWith("{") === isAnswer));
  expect(answers).toEqual(['{"models":[],"request_id":"r"}']);
  expect(loaded.length).toBeGreaterThan(0);
  for (const line of loaded) expect(line).toMatch(/\/node_modules\/dien\/dist\/client\/\w+\.js$/);
});

it("its types are those of requests and answers, without the types of Node", async () => {
  for (const name of ["zod", "hono"]) await symlink(resolve("node_modules", name), join(folder, "node_modules", name));
  const page = `
    import { createClient, DienError } from "dien/client";
    const client = createClient({ url: "http://shop.example" });
    const { ranking } = await client.rank({ user: 1, history: [{ item: "a", time: 1 }], candidates: ["b"], top: 3 });
    const place: number = ranking[0].index;
    // @ts-expect-error a place is no text
    const text: string = ranking[0].index;
    // @ts-expect-error nobody to rank for
    await client.rank({ candidates: ["b"] });
    // @ts-expect-error no such code
    export const isLate = (error: unknown) => error instanceof DienError && error.code === "serving.latte";
    export { place, text };`;
  await writeFile(join(folder, "page.mts"), page);
  const options = ["--module", "nodenext", "--target", "es2023", "--lib", "es2023,dom", "--types", "", "--noEmit"];
  const tsc = resolve("node_modules/typescript/bin/tsc");
  const { stdout } = await run(
    process.execPath,
    [tsc, "--strict", "--skipLibCheck", ...options, "page.mts"],
    inside,
  ).catch((error) => error);
  expect(stdout).toBe("");
});
