import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { withTemporaryFolder } from "../../src/files/scratch.ts";
import { temporaryFolder } from "../support/source.ts";

const root = temporaryFolder();
beforeEach(() => vi.stubEnv("TMPDIR", root));
afterEach(() => vi.unstubAllEnvs());

it("a temporary folder is gone after the work, also when that fails", async () => {
  const work = async (folder: string) => {
    writeFileSync(join(folder, "a"), "spilled");
    return folder;
  };
  expect(existsSync(await withTemporaryFolder("dien-test", work))).toBe(false);
  await expect(withTemporaryFolder("dien-test", () => Promise.reject(new Error("no luck")))).rejects.toThrow("no luck");
  expect(readdirSync(root)).toEqual([]);
});

it("one that a killed process left is removed, but no other folder", async () => {
  const claim = JSON.stringify({ id: "0123456789ab", pid: 7, host: "elsewhere" });
  const make = (name: string, lock?: string) => {
    mkdirSync(join(root, name));
    writeFileSync(join(root, name, "a"), "spilled");
    if (lock !== undefined) writeFileSync(join(root, name, "lock"), lock);
  };
  make("dien-test-dead", claim);
  make("dien-test-mine");
  make("dien-test-locked", "mine");
  make("dien-test-young", "");
  make("dien-other-dead", claim);
  await withTemporaryFolder("dien-test", () =>
    withTemporaryFolder("dien-test", async () => expect(readdirSync(root)).toHaveLength(6)),
  );
  expect(readdirSync(root)).toEqual(["dien-other-dead", "dien-test-locked", "dien-test-mine", "dien-test-young"]);
});
