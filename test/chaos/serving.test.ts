/** A short form of what `npm run chaos:serve` does for as long as it is told. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { prepareSynthetic, resolveConfig, train } from "dien";
import { beforeAll, expect, it } from "vitest";
import { noRedis } from "../support/redis.ts";
import { temporaryFolder } from "../support/source.ts";
import { Chance } from "./faults.ts";
import { killedRecords } from "./records.ts";
import { awayRedis } from "./redis-away.ts";
import { killedServer, mixedRequests } from "./serving.ts";

const folder = temporaryFolder();
const run = join(folder, "run");
const note = () => {};
const attack = (name: string, times: number) => {
  mkdirSync(join(folder, name));
  return { run, folder: join(folder, name), chance: new Chance(7), times, note };
};

beforeAll(async () => {
  const data = join(folder, "data");
  await prepareSynthetic({ out: data, users: 20 });
  // Small: what is told of a server here does not depend on how long it scores.
  const model = { name: "dien", embedding: { size: 4 }, head: { layers: [8] } };
  await train({ data, out: run, config: resolveConfig({ model, train: { epochs: 1 } }) });
});

it("a server that is killed while events are posted has all that it answered for, once", async () => {
  const report = await killedServer(attack("kills", 1));
  expect(report).toMatchObject({ kills: 1, lost: 0, wrong: 0, torn: 0 });
  expect(report.acknowledged).toBeGreaterThan(0);
  expect(report.unanswered).toBeGreaterThan(0);
});

it.skipIf(noRedis !== undefined)(
  `a server whose Redis was away says so, and is back by itself with all that it answered for ${noRedis ?? ""}`,
  async () => {
    const report = await awayRedis(attack("redis", 2));
    expect(report).toMatchObject({ outages: 2, lost: 0, wrong: 0, torn: 0, unclear: 0 });
    expect(Math.min(report.acknowledged, report.unanswered, report.scored)).toBeGreaterThan(0);
  },
);

it("a server that is killed in an experiment has all that it answered for in its records, once", async () => {
  const report = await killedRecords(attack("records", 1));
  expect(report).toMatchObject({ kills: 1, lost: 0, wrong: 0 });
  expect(report.answered).toBeGreaterThan(0);
});

it("requests of all kinds are answered each with its status", async () => {
  const { wrong, answers } = await mixedRequests(attack("requests", 100));
  expect(wrong, JSON.stringify(answers)).toBe(0);
});
