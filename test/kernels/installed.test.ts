/** What the package does where its native build is absent, damaged, of another version, or runs: a copy of it as installed. */
import { type StdioOptions, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SOURCES } from "../../src/kernels/native/generated/sources.ts";
import { nativeBuild, openFirst } from "../../src/kernels/native/native-kernels.ts";
import { end } from "../cli/child.ts";

const PACKAGE = `@dien/kernels-${process.platform}-${process.arch}`;
const BUILT = resolve("native/build/kernels.node");

describe("of several files", () => {
  const kernels = {};
  const addons: Record<string, object> = {
    right: { sources: SOURCES, vectors: "AVX2", load: () => kernels },
    stale: { sources: "0".repeat(32), vectors: "AVX2", load: () => kernels },
    early: { load: () => kernels },
    old: { sources: SOURCES, vectors: "AVX2", load: () => undefined },
  };
  const open = (...files: string[]) =>
    openFirst(files, (file) => {
      if (file in addons) return addons[file];
      throw new Error(`${file}: file too short\nRequire stack: ...`);
    });

  it("the first that runs here is taken", () => {
    for (const files of [["right"], ["cut", "stale", "right"], ["old", "right"]]) {
      expect(open(...files)).toEqual({ addon: addons.right });
    }
    expect(open()).toBeUndefined();
  });

  it.each([
    ["cut", true, "cut does not load: cut: file too short"],
    ["stale", true, "stale is made of other sources than what loads it (in a clone: npm run build:native)"],
    ["early", true, "early is made of other sources than what loads it (in a clone: npm run build:native)"],
    ["old", false, "this processor has no AVX2"],
  ])("none is taken that does not: %s", (file, isBroken, reason) => {
    expect(open(file, "cut")).toEqual({ lack: { reason, isBroken } });
  });
});

describe("an installed package", () => {
  let folder: string;
  beforeAll(() => {
    mkdirSync("build", { recursive: true });
    // Inside the project, whose packages it uses.
    folder = mkdtempSync(resolve("build/installed-"));
    cpSync("dist", join(folder, "dist"), { recursive: true });
    cpSync("package.json", join(folder, "package.json"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** The package of the platform, with a native build that is a file of these bytes. */
  function install(bytes: Uint8Array): void {
    const platform = join(folder, "node_modules", PACKAGE);
    mkdirSync(platform, { recursive: true });
    writeFileSync(join(platform, "package.json"), JSON.stringify({ name: PACKAGE, main: "kernels.node" }));
    // A file that is mapped into a process is not to be written to.
    rmSync(join(platform, "kernels.node"), { force: true });
    writeFileSync(join(platform, "kernels.node"), bytes);
  }
  const dien = (...argv: string[]) => {
    const stdio: StdioOptions = ["ignore", "pipe", "pipe"];
    return end(spawn(process.execPath, [join(folder, "dist/cli/main.js"), ...argv], { stdio }));
  };
  const predict = (...more: string[]) => dien("predict", "--run", "nowhere", "--input", "nowhere", ...more);

  it("without its native part computes in WebAssembly, and says so where its version is asked for", async () => {
    const [{ stdout }, { stderr }] = await Promise.all([dien("--version"), predict()]);
    expect(stdout).toContain(`(kernels: wasm; no native ones: ${PACKAGE} is not installed,`);
    expect(stderr).toMatch(/^error: [^\n]*nowhere[^\n]+\n$/);
  });

  it("computes in WebAssembly where a bundler has left no package of it", async () => {
    const bundled = join(folder, "bundled");
    cpSync("dist/kernels", join(bundled, "kernels"), { recursive: true });
    writeFileSync(join(bundled, "package.json"), JSON.stringify({ name: "another", type: "module" }));
    const code =
      'const { nativeBuild } = await import("./kernels/native/native-kernels.js"); console.log(nativeBuild())';
    const stdio: StdioOptions = ["ignore", "pipe", "pipe"];
    const script = ["--input-type=module", "--eval", code];
    const { code: status, stdout } = await end(spawn(process.execPath, script, { cwd: bundled, stdio }));
    expect([status, stdout]).toEqual([0, expect.stringContaining(`${PACKAGE} is not installed, and`)]);
  });

  it("with one that does not load says so and goes on without, unless it is asked for", async () => {
    install(Buffer.from("\x7fELF, but no more"));
    const [own, asked] = await Promise.all([predict(), predict("--engine", "native")]);
    expect(own.stderr).toMatch(
      /^note: the slower kernels "wasm" are used: \S+kernels\.node does not load: .+\nerror: .+\n$/,
    );
    expect(asked).toMatchObject({ code: 1, stdout: "" });
    expect(asked.stderr).toMatch(/^error: engine "native": \S+kernels\.node does not load: .+; use --engine wasm\n$/);
  });

  it.runIf(nativeBuild().lack === undefined && existsSync(BUILT))(
    "uses one that is of its sources, and no other",
    async () => {
      const built = readFileSync(BUILT);
      install(built);
      expect((await dien("--version")).stdout).toMatch(/\(kernels: native, /);
      const at = built.indexOf(SOURCES);
      built[at] ^= 1;
      install(built);
      expect((await dien("--version")).stdout).toMatch(
        /\(kernels: wasm; .+ is made of other sources than what loads it \(/,
      );
    },
  );
});
