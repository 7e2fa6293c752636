/** Rows without a user: sessions in their place, samples of nobody. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { SPLITS } from "../../../src/dataset/dataset.ts";
import { openDataset } from "../../../src/dataset/read.ts";
import { prepareEvents } from "../../../src/importers/events/prepare.ts";
import { readUnsealed } from "../../support/sealed.ts";
import { csv, folder, load, refusal, write } from "./support.ts";

const columns = { user: "user", item: "item", time: "time", label: "click" };
const header = ["user", "session", "item", "time", "click"];
/** Every third row is of nobody, every other of those in a session; the last two are equal, and one is no impression. */
const rows = Array.from({ length: 90 }, (_, i) => [
  i % 3 === 0 ? "NA" : `u${i % 5}`,
  i % 2 === 0 ? `s${i % 4}` : "",
  `i${(i * 7) % 9}`,
  `${1_700_000_000 + i}`,
  `${i % 2}`,
]);
const [last] = [["NA", "", "i1", `${1_700_000_100}`, "1"]];
const log = () => write(".csv", csv(header, [...rows, last, last, ["NA", "", "i1", "1700000100", ""]]));

async function prepared(name: string, features: object) {
  const out = join(folder, name);
  const fields = { user: ["user"], item: [] };
  const summary = await prepareEvents({
    events: log(),
    out,
    features: { columns, fields, missing: ["NA"], ...features },
  });
  return { summary, manifest: readUnsealed(join(out, "dataset.json")), dataset: await openDataset(out) };
}

test("nobody's impressions are samples without a history, each of a user of its own", async () => {
  const { summary, manifest, dataset } = await prepared("nobody", { anonymous: "keep" });
  expect(summary.anonymous).toBe(32);
  expect(manifest).toMatchObject({
    settings: { anonymousSamples: 32 },
    dropped: { anonymousBehaviours: 1, duplicateEvents: 0 },
  });
  expect(summary.train + summary.valid + summary.test).toBe(92);
  expect(summary.users).toBe(5 + 32);
  const seen = new Set<number>();
  for (const split of SPLITS) {
    const { count, sequence, length, user } = dataset[split];
    for (let i = 0; i < count; i++) {
      if (sequence[i] < 5) continue;
      expect([length[i], user[0][i]]).toEqual([0, 0]);
      seen.add(sequence[i]);
    }
  }
  expect(seen.size).toBe(32);
});

test("sessions stand in for users, under names of their own", async () => {
  const path = log();
  const given = { user: ["user", "session"], item: "item", time: "time", fields: [] };
  const options = { missing: ["NA"], skipBadRows: true };
  const { table, skipped, examples } = await load(path, given, options);
  expect([...new Set(table.map(([user]) => user))].sort()).toEqual([
    "session=s0",
    "session=s2",
    "u0",
    "u1",
    "u2",
    "u3",
    "u4",
  ]);
  expect(skipped).toBe(15 + 3);
  expect(examples[0]).toBe(`${path}: row 4: column user or session: expected a user, found nothing`);
  const kept = await load(path, { ...given, anonymous: true }, options);
  expect(kept.table.filter(([user]) => user === null)).toHaveLength(18);
  expect(await refusal(path, { ...given, user: ["user", "sid"] })).toContain("sid");
});

test("without being asked for, nobody is a bad row", async () => {
  await expect(prepared("refused", {})).rejects.toThrow('row 1: column user: expected a user, found "NA"');
});
