/** Whatever is thrown becomes one line of the catalogue; where it came from is there for those who ask. */
import { readFile } from "node:fs/promises";
import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { asUserError } from "../../src/cli/failures.ts";
import { failure } from "../../src/errors/failure.ts";
import { dien } from "./harness.ts";

/** What `work` throws. */
async function thrown(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

async function failingQuery(): Promise<void> {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run("SELECT * FROM nowhere");
}

const systemError = (code: string, errno: number, more: object) =>
  Object.assign(new Error(code), { code, errno, ...more });

describe("what is thrown", () => {
  it.each<[string, () => unknown, string, RegExp]>([
    ["the catalogue's", () => Promise.reject(failure("file.empty", { path: "x" })), "file.empty", /^x is empty$/],
    [
      "a known failure of a file",
      () => readFile("/nowhere/x"),
      "file.absent",
      /^cannot open \/nowhere\/x: no such file/,
    ],
    [
      "one of another number",
      () => Promise.reject(systemError("ENOTCONN", -107, { syscall: "read", path: "x" })),
      "file.unusable",
      /^cannot read x: socket is not connected$/,
    ],
    [
      "a current folder that is gone",
      () => Promise.reject(systemError("ENOENT", -2, { syscall: "uv_cwd" })),
      "file.absent",
      /^cannot use the current folder: no such file or folder$/,
    ],
    [
      "a refused call",
      () => Promise.reject(systemError("EAGAIN", -11, { syscall: "spawn" })),
      "system.refused",
      /^the system refused spawn: resource temporarily unavailable$/,
    ],
    ["an allocation", () => new ArrayBuffer(2 ** 53 - 1), "system.no-memory", /^there is not enough memory: /],
    ["zod's", () => z.string().parse(5), "system.library", /^ZodError gave up: /],
    ["yaml's", () => parse("{"), "system.library", /^yaml gave up: Flow map/],
    ["DuckDB's", failingQuery, "system.library", /^a native library gave up: Catalog Error: Table with name nowhere/],
    [
      "Node's",
      () => AbortSignal.abort().throwIfAborted(),
      "system.library",
      /^Node gave up: This operation was aborted$/,
    ],
    [
      "a wrong call",
      () => (undefined as unknown as () => void)(),
      "system.defect",
      /^internal error, please report it: TypeError: /,
    ],
    [
      "our own defect",
      () => Promise.reject(new Error("odd")),
      "system.defect",
      /^internal error, please report it: Error: odd$/,
    ],
    ["no error at all", () => Promise.reject("odd"), "system.defect", /^internal error, please report it: Error: odd$/],
  ])("%s", async (_, work, code, message) => {
    const error = asUserError(await thrown(work));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain("\n");
  });
});

describe("a report", () => {
  async function inspectDataset(): Promise<never> {
    throw failure("file.unusable", { action: "read", path: "d", reason: "odd" }, new Error("first\nsecond\x1b[2J"));
  }

  it("is one line", async () => {
    const { code, stdout, stderr } = await dien(["inspect", "--data", "d"], { jobs: { inspectDataset } });
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: "", stderr: "error: cannot read d: odd\n" });
  });

  it.each([[["--verbose", "inspect", "--data", "d"]], [["inspect", "--data", "d", "--verbose"]]])(
    "goes on to the causes after %j",
    async (argv) => {
      const { code, stderr } = await dien(argv, { jobs: { inspectDataset } });
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /^error: cannot read d: odd\n {2}UserError: .*(?:\n {6}at .*)*\n {6}at .*failures\.test\.ts/,
      );
      expect(stderr).toMatch(/\n {2}Error: first\n {2}second \[2J(?:\n {6}at .*)*\n {6}at .*failures\.test\.ts/);
    },
  );
});
