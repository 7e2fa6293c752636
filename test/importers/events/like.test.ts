/** Numbers of a new day as an earlier dataset has them, so that a model of that one can go on. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { prepareEvents, resolveConfig, train } from "dien";
import { beforeAll, describe, expect, it } from "vitest";
import { readManifest } from "../../../src/dataset/manifest.ts";
import { temporaryFolder } from "../../support/source.ts";

const folder = temporaryFolder();
const dataOf = (name: string) => join(folder, name);

/** A log of a day on which everything costs `level` more. */
function prepare(name: string, level: number, like?: string, fields: object = {}) {
  const rows = Array.from({ length: 600 }, (_, i) =>
    [`u${i % 30}`, `i${(i * 7) % 50}`, 1_700_000_000 + i * 60, (i * 13) % 7 < 3 ? 1 : 0, level + (i % 90)].join(),
  );
  const events = join(folder, `${name}.csv`);
  writeFileSync(events, `user,item,time,clicked,price\n${rows.join("\n")}\n`);
  const context = [
    { name: "bucket", column: "price", kind: "number", buckets: 4 },
    { name: "amount", column: "price", kind: "value" },
    { name: "hour", kind: "hour" },
  ];
  const columns = { user: "user", item: "item", time: "time", label: "clicked" };
  const features = { columns, fields: { user: ["user"], context, ...fields } };
  return prepareEvents({ features, events, out: dataOf(name), ...(like !== undefined && { like: dataOf(like) }) });
}

const transforms = async (name: string) =>
  (await readManifest(dataOf(name))).fields.context.map(({ transform }) => transform);

const config = resolveConfig({ model: { name: "base", head: { layers: [4] } }, train: { epochs: 1 } });
const goOn = (data: string) =>
  train({ data: dataOf(data), out: dataOf(`run-${data}`), config, from: dataOf("run"), threads: 1 });

beforeAll(async () => {
  await prepare("monday", 0);
  await prepare("tuesday", 1000);
  await prepare("alike", 1000, "monday");
  await train({ data: dataOf("monday"), out: dataOf("run"), config, threads: 1 });
});

describe("prepareEvents({like})", () => {
  it("takes over edges, mean and deviation, which a day would learn anew", async () => {
    const [monday, tuesday, alike] = await Promise.all(["monday", "tuesday", "alike"].map(transforms));
    expect(alike).toEqual(monday);
    expect(tuesday[0]).not.toEqual(monday[0]);
    expect(tuesday[1]).not.toEqual(monday[1]);
  });

  it("refuses a number that is something else there, and lets new ones learn their own", async () => {
    const context = (field: object) => ({ context: [{ column: "price", ...field }] });
    await expect(
      prepare("scaled", 0, "monday", context({ name: "amount", kind: "value", scale: "log1p" })),
    ).rejects.toThrow(/^features: field amount: expected kind: value, scale: standard, as in .*monday$/);
    await expect(prepare("swapped", 0, "monday", context({ name: "amount", kind: "number" }))).rejects.toThrow(
      "field amount: expected kind: value, scale: standard",
    );
    await expect(prepare("bare", 0, "monday", context({ name: "bucket", kind: "value" }))).rejects.toThrow(
      "field bucket: expected kind: number",
    );
    await prepare("more", 0, "monday", context({ name: "other", kind: "value" }));
    expect(await transforms("more")).toMatchObject([{ kind: "value", scale: "standard" }]);
  });

  it("lets a model of that dataset go on, which refuses others", async () => {
    await expect(goOn("tuesday")).rejects.toThrow(/tuesday reads field bucket in another way than .*run: its buckets/);
    expect(existsSync(join(dataOf("run-tuesday"), "config.yaml"))).toBe(false);
    expect(await goOn("alike")).toMatchObject({ from: { run: dataOf("run") } });
  });
});

it("a model refuses other fields", async () => {
  await prepare("fewer", 0, "monday", { user: [] });
  await expect(goOn("fewer")).rejects.toThrow(/fewer has other user fields than .*run: expected user; found none/);
});
