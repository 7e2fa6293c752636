/** A few trials of the chaos, always the same ones; `npm run chaos -- --minutes N` makes others for as long as it is told. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Chance } from "./faults.ts";
import { makersOf } from "./scenes.ts";

const workshop = mkdtempSync(join(tmpdir(), "dien-chaos-"));
afterAll(() => rmSync(workshop, { recursive: true }));

const makers = await makersOf(workshop);

describe("whatever happens to a command, nothing is lost and nothing is left", { timeout: 180_000 }, () => {
  it.each(["prepare events", "several prepare", "train", "several train", "experiment"])("%s", async (name) => {
    const scene = await makers[name]();
    const folder = join(workshop, `trial of ${name}`);
    mkdirSync(folder);
    const tally = { commands: 0, kills: 0, signals: 0, refusals: 0 };
    await expect(scene.trial(folder, new Chance(7), tally)).resolves.toBeUndefined();
    expect(tally.commands).toBeGreaterThan(0);
  });
});
