/** A few trials of the chaos, always the same ones; `npm run chaos -- --minutes N` makes others for as long as it is told. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { unfinishedIn } from "./compare.ts";
import { Chance } from "./faults.ts";
import { checkTidy, makersOf } from "./scenes.ts";

const workshop = mkdtempSync(join(tmpdir(), "dien-chaos-"));
afterAll(() => rmSync(workshop, { recursive: true }));

const makers = await makersOf(workshop);

describe("whatever happens to a command, nothing is lost and nothing is left", { timeout: 180_000 }, () => {
  it.each(["prepare events", "several prepare", "train", "several train", "experiment", "store"])(
    "%s",
    async (name) => {
      const scene = await makers[name]();
      const folder = join(workshop, `trial of ${name}`);
      mkdirSync(folder);
      const tally = { commands: 0, kills: 0, signals: 0, refusals: 0 };
      await expect(scene.trial(folder, new Chance(7), tally)).resolves.toBeUndefined();
      expect(tally.commands).toBeGreaterThan(0);
    },
  );
});

it("blames a command for what it began, not for what a killed one had left before", () => {
  const folder = join(workshop, "tidy");
  const lock = join(folder, "run", "lock");
  mkdirSync(join(folder, "run"), { recursive: true });
  writeFileSync(lock, '{"id":"e1fc2e9c2266"}\n');
  writeFileSync(join(folder, "run", "state.tmp-e1fc2e9c2266"), "half");
  const before = unfinishedIn(folder);
  const ended = { code: 130, fault: "SIGINT" };
  expect(() => checkTidy(folder, before, ended)).not.toThrow();
  appendFileSync(lock, '{"id":"0a1b2c3d4e5f"}\n');
  expect(() => checkTidy(folder, before, ended)).toThrow(/run\/lock of .*0a1b2c3d4e5f.* was left behind/s);
  expect(() => checkTidy(folder, before, { ...ended, code: null })).not.toThrow();
  rmSync(lock);
  writeFileSync(join(folder, "run", "state.tmp-0a1b2c3d4e5f"), "half");
  expect(() => checkTidy(folder, before, ended)).toThrow("state.tmp-0a1b2c3d4e5f was left behind");
});
