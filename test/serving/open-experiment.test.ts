/** What `dien serve --experiment` opens: real models, records on the disk, and a bandit that reads them. */
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openServer } from "../../dist/serving/serve.js";
import { openRecords } from "../../src/ab/records/open.ts";
import { earnedIn } from "../../src/serving/experiments/earned.ts";
import { temporaryFolder } from "../support/source.ts";
import { tinyRun } from "../support/tiny-run.ts";
import { post } from "./support.ts";

const folder = temporaryFolder();

async function serve(experiment: object, records: string, dryRun = false) {
  const { run } = await tinyRun("dien");
  const path = join(folder, "ab.yaml");
  writeFileSync(path, JSON.stringify({ name: "trial", arms: [{ name: "a" }, { name: "b" }], ...experiment }));
  return await openServer({
    ...{ run: [`a=${run}`, `b=${run}`], store: "memory:", dryRun, experiment: { path, records } },
    ...{ scoring: { threads: 1 }, serving: {} },
  });
}

const request = (user: string) => ({ user, history: ["item 1"], candidates: ["item 2", "item 3"] });

it("records what was shown, and a bandit that is begun anew goes on with it", async () => {
  const records = join(folder, "records");
  const { server } = await serve({ policy: { kind: "thompson", floor: 0.1 } }, records);
  const shown: { readonly arm: string; readonly impression: string; readonly user: string }[] = [];
  for (let i = 0; i < 40; i++) {
    const user = `user ${i}`;
    const { body } = await post(server, "/v1/rank", request(user));
    shown.push({ user, arm: body.experiment.arm, impression: body.ranking[0].impression });
  }
  // Scores of a request are one impression: whoever asked chooses what is shown.
  const scored = (await post(server, "/v1/score", request("user 0"))).body.experiment.arm;
  const ofB = shown.filter(({ arm }) => arm === "b");
  expect(ofB.length).toBeGreaterThan(5);
  expect(ofB.length).toBeLessThan(35);
  await server.close();

  const kept = await openRecords(records, { window: 86_400_000 });
  const clicks = ofB.map(({ user, impression }) => ({
    id: impression,
    time: Date.now(),
    user,
    type: "click",
    impression,
    value: null,
  }));
  // Twice the same impression, an order, and a click on nothing: one click each at most.
  await kept.outcome([
    ...clicks,
    { ...clicks[0], id: "again" },
    { ...clicks[0], id: "order", type: "order" },
    { ...clicks[0], id: "nothing", impression: "none" },
  ]);
  await kept.close();
  expect([...(await earnedIn(records, "trial"))].sort()).toEqual([
    ["a", { clicks: 0, impressions: 2 * (40 - ofB.length) + Number(scored === "a") }],
    ["b", { clicks: ofB.length, impressions: 2 * ofB.length + Number(scored === "b") }],
  ]);
  expect(await earnedIn(records, "another")).toEqual(new Map());

  const again = await serve({ policy: { kind: "thompson", floor: 0.1 } }, records);
  const { arms, propensities } = again.server.experiment!.definition;
  expect(arms.map(({ name }) => name)).toEqual(["a", "b"]);
  expect(propensities[1]).toBeGreaterThan(0.85);
  await again.server.close();
});

it("a rehearsal checks the experiment and makes nothing", async () => {
  const records = join(folder, "none");
  const { server } = await serve({}, records, true);
  await server.close();
  expect(existsSync(records)).toBe(false);
  await expect(serve({ arms: [{ name: "a" }, { name: "c" }] }, records, true)).rejects.toThrow('arm c gets model "c"');
  expect(readdirSync(folder)).not.toContain("none");
});
