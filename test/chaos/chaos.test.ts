/** A few trials of the chaos, always the same ones; `npm run chaos -- --minutes N` makes others for as long as it is told. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, it } from "vitest";
import { Chance } from "./faults.ts";
import { makeScenes } from "./scenes.ts";

const workshop = mkdtempSync(join(tmpdir(), "dien-chaos-"));
afterAll(() => rmSync(workshop, { recursive: true }));

const scenes = await makeScenes(workshop, false);

describe("whatever happens to a command, nothing is lost and nothing is left", () => {
  it.each(scenes)("$name", { timeout: 180_000 }, async (scene) => {
    const folder = join(workshop, `trial of ${scene.name}`);
    mkdirSync(folder);
    await scene.trial(folder, new Chance(7), { commands: 0, kills: 0, signals: 0, refusals: 0 });
  });
});
