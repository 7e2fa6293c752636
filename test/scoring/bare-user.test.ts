/** A request to a model that has no user fields. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadScorer, prepareEvents, resolveConfig, train } from "dien";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();

test("may say whose it is, which is no field and changes nothing", async () => {
  const [events, data, run] = ["log.csv", "data", "run"].map((name) => join(folder, name));
  const rows = Array.from({ length: 72 }, (_, i) => `u${i % 6},i${i % 9},${1_700_000_000 + i},${i % 5 < 2 ? 1 : 0}`);
  writeFileSync(events, `user,item,time,click\n${rows.join("\n")}\n`);
  const columns = { user: "user", item: "item", time: "time", label: "click" };
  await prepareEvents({ features: { columns, fields: {} }, featuresPath: "features.yaml", events, out: data });
  const config = resolveConfig({
    model: { name: "base", embedding: { size: 2 }, head: { layers: [4] } },
    train: { epochs: 1 },
  });
  await train({ data, out: run, config, threads: 1 });
  const scorer = await loadScorer(run);
  const request = { candidate: "i1", history: ["i2"] };
  const [bare, beside, none] = scorer.score([
    { ...request, user: "u1" },
    { ...request, user: { user: "u1" } },
    { ...request, user: {} },
  ]);
  expect([bare, beside]).toEqual([none, none]);
  expect(() => scorer.score([{ ...request, user: { visitor: "u1" } }])).toThrow('unknown user field "visitor"');
});
