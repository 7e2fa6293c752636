/** Commands under a limit of the address space, as batch systems set it. Needs `npm run build`. */
import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/source.ts";

const MAIN = resolve("dist/cli/main.js");
const folder = temporaryFolder();
const at = (name: string) => join(folder, name);

/** What a command prints and exits with where its address space is limited to so many GiB. */
function limited(gib: number, argv: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const command = ["-c", `ulimit -v ${gib * 2 ** 20} && exec "$@"`, "sh", process.execPath, MAIN, ...argv];
  const options = { env: { ...process.env, ...env } };
  return new Promise<{ code: number; stderr: string }>((done) => {
    execFile("/bin/sh", command, options, (error, _, stderr) => done({ code: Number(error?.code ?? 0), stderr }));
  });
}

const train = (out: string) => ["train", "--data", at("data"), "--out", at(out), "--model", "base", "--epochs", "1"];

describe.skipIf(process.platform !== "linux")("little address space", () => {
  it("suffices to prepare, which needs none of WebAssembly's", async () => {
    const rows = Array.from(
      { length: 400 },
      (_, i) => `u${i % 20},i${(i * 7) % 30},${1_500_000_000 + i * 60},${i % 2}`,
    );
    writeFileSync(at("log.csv"), `user,item,time,label\n${rows.join("\n")}\n`);
    const columns = { user: "user", item: "item", time: "time", label: "label" };
    writeFileSync(at("features.yaml"), JSON.stringify({ columns, fields: { context: [] } }));
    const argv = ["prepare", "events", "--events", at("log.csv"), "--config", at("features.yaml"), "--out", at("data")];
    expect(await limited(8, argv)).toMatchObject({ code: 0 });
  });

  it("is named as the reason where a run gets no memory, with what helps", async () => {
    const { code, stderr } = await limited(8, train("refused"));
    // Later versions of Node do with less where there is less.
    if (code === 0 && !process.version.startsWith("v20.")) return;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: [^\n]*10 GiB of address space[^\n]*ulimit -v[^\n]*--disable-wasm-trap-handler[^\n]*\n$/,
    );
    expect(await limited(8, train("helped"), { NODE_OPTIONS: "--disable-wasm-trap-handler" })).toMatchObject({
      code: 0,
    });
    expect(existsSync(at("refused/summary.json"))).toBe(false);
  });

  it("of one memory suffices for a run, which plans without any", async () => {
    expect(await limited(14, train("one"))).toMatchObject({ code: 0 });
  });
});
