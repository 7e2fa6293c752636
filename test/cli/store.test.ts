/** `dien store`: in and out again, from all there is, with a reason where something cannot be taken. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { jobs } from "../../src/cli/jobs.ts";
import { openDataset } from "../../src/dataset/read.ts";
import { prepareEvents } from "../../src/importers/events/prepare.ts";
import { openStore } from "../../src/store/open.ts";
import { temporaryFolder } from "../support/source.ts";
import { dien } from "./harness.ts";

const folder = temporaryFolder();
let names = 0;
const next = (ending = "") => join(folder, `${names++}${ending}`);
const write = (ending: string, text: string) => {
  const path = next(ending);
  writeFileSync(path, text);
  return path;
};
const store = (...argv: string[]) => dien(["store", ...argv], { jobs });
const last = (stdout: string) => JSON.parse(stdout.trimEnd().split("\n").at(-1)!);

async function everything(address: string) {
  const opened = await openStore(address, { most: 1, mustExist: true });
  const all: object[] = [];
  for await (const events of opened.all()) all.push(...events);
  await opened.close();
  return all;
}

const kept = `file:${next()}`;

const lines = [
  { user: "b", id: "2", time: 2000, item: "i2", type: "buy" },
  { user: "a", id: "1", time: 3000, item: { item: "i1", price: "3" } },
  { user: "a", id: "0", time: 1000, item: 'i"3\u2028' },
];
const exported = lines.map((line) => `${JSON.stringify(line)}\n`).join("");

describe("an export", () => {
  it("comes by user, and goes in again as it was", async () => {
    const [first, second] = [`file:${next()}`, `file:${next()}`];
    const input = write(".ndjson", exported);
    const taken = await store("import", "--store", first, "--input", input);
    expect(taken).toMatchObject({ code: 0, stderr: "" });
    expect(taken.stdout).toBe(
      "added 3 behaviours; 0 were there already, 0 fell out as too old\nthe store has 3 behaviours of 2 users\n",
    );
    const again = await store("import", "--store", first, "--input", input, "--json");
    expect(last(again.stdout)).toMatchObject({ added: 0, known: 3, dropped: 0, users: 2, events: 3 });
    const out = await store("export", "--store", first);
    expect(out).toMatchObject({ code: 0, stderr: "3 behaviours of 2 users\n" });
    expect(out.stdout.split("\n")).toEqual(
      [lines[2], lines[1], lines[0]].map((line) => JSON.stringify(line)).concat(""),
    );
    const file = next(".ndjson");
    expect(await store("export", "--store", first, "--out", file, "--json")).toMatchObject({
      stdout: '{"users":2,"events":3}\n',
    });
    expect(readFileSync(file, "utf8")).toBe(out.stdout);
    await dien(["store", "import", "--store", second, "--input", "-"], { jobs, stdin: out.stdout });
    expect(await everything(second)).toEqual(await everything(first));
    const fewer = await store("import", "--store", `file:${next()}`, "--input", input, "--most", "1", "--json");
    expect(last(fewer.stdout)).toMatchObject({ added: 3, dropped: 1, events: 2 });
  });

  it.each<[string, string]>([
    ["{", "line 2: not JSON"],
    ['{"user": "a", "id": "1", "item": "i"}', "line 2: time is missing"],
    ['{"user": "a", "id": "1", "item": "i", "time": 1, "when": 2}', "line 2: unknown key 'when'"],
    ['{"user": "a", "id": "1", "item": 3, "time": 1}', "line 2: item: expected the key of an item"],
  ])("with the line %s is taken up to it", async (line, problem) => {
    const address = `file:${next()}`;
    const input = write(".ndjson", `${JSON.stringify(lines[0])}\n${line}\n${JSON.stringify(lines[1])}\n`);
    const { code, stderr } = await store("import", "--store", address, "--input", input);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .*\n$/);
    expect(stderr).toContain(`${input}: ${problem}`);
    expect(stderr).toContain("; before, 1 behaviours were added, and 0 were there already\n");
    expect(await everything(address)).toEqual([lines[0]]);
    const skipped = await store("import", "--store", address, "--input", input, "--skip-bad-rows", "--json");
    expect(last(skipped.stdout)).toMatchObject({ added: 1, known: 1, badRows: 1 });
    expect(skipped.stderr).toContain(problem);
  });
});

describe("a log", () => {
  const rows = [
    ["u2", "i1", "2026-05-01T12:00", "view"],
    ["u1", "i2", "2026-05-01T12:00+00:00", "buy"],
    ["u1", "i2", "2026-05-01T14:00+02:00", "buy"],
    ["u1", "i3", "1777593600", "look"],
    ["NA", "i3", "2026-05-01T13:00Z", "buy"],
  ];
  const csv = (all: readonly (readonly string[])[]) =>
    `who,what,at,kind\n${all.map((row) => row.join(",")).join("\n")}\n`;
  const features = (more = "") =>
    write(".yaml", `columns: {user: who, item: what, time: at, type: kind}\nutc_offset: "+02:00"\nfields: {}\n${more}`);

  it("gives what prepare would take as behaviours, and who did one thing alone", async () => {
    const address = `file:${next()}`;
    const zoned = rows.map(([user, item, time, type]) => [
      user,
      item,
      /[Z+]|^\d+$/.test(time) ? time : `${time}+02:00`,
      type,
    ]);
    const log = write(".csv", csv(zoned));
    const config = features('missing: ["NA"]\nanonymous: keep\nbehaviours: {types: [view, buy]}\n');
    const { stdout, stderr, code } = await store("import", "--store", address, "--events", log, "--config", config);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("added 2 behaviours");
    expect(stdout).toContain("left out 2 rows that are no behaviours");
    expect(await everything(address)).toMatchObject([
      { user: "u1", item: "i2", time: Date.UTC(2026, 4, 1, 12), type: "buy" },
      { user: "u2", item: "i1", time: Date.UTC(2026, 4, 1, 10), type: "view" },
    ]);
    const again = await store("import", "--store", address, "--events", log, "--config", config, "--json");
    expect(last(again.stdout)).toMatchObject({ added: 0, known: 2 });
  });

  it("is refused without times, and with one line where a row is bad", async () => {
    const bad = write(".csv", csv([rows[0], ["u1", "i1", "soon", "buy"]]));
    const address = `file:${next()}`;
    const refused = await store("import", "--store", address, "--events", bad, "--config", features());
    expect(refused.stderr).toMatch(/: row 2: column at: expected a time, found "soon"\n$/);
    const timeless = write(".yaml", "columns: {user: who, item: what, time: row}\nfields: {}\n");
    expect((await store("import", "--store", address, "--events", bad, "--config", timeless)).stderr).toBe(
      `error: ${bad} cannot be imported: its times are the order of its rows\n`,
    );
  });

  it("and the dataset that is made of it give the same store", async () => {
    const many = Array.from({ length: 300 }, (_, i) => [
      `u${i % 20}`,
      `i${(i * 7) % 13}`,
      `${1_700_000_000 + i}`,
      "buy",
    ]);
    const events = write(".csv", csv(many));
    const data = next();
    const columns = { user: "who", item: "what", time: "at", type: "kind" };
    await prepareEvents({ events, out: data, features: { columns, fields: {}, behaviours: { types: ["buy"] } } });
    const [ofLog, ofData] = [`file:${next()}`, `file:${next()}`];
    await store("import", "--store", ofLog, "--events", events, "--config", features("behaviours: {types: [buy]}\n"));
    const taken = await store("import", "--store", ofData, "--data", data, "--json");
    expect(last(taken.stdout)).toMatchObject({ added: 300, known: 0 });
    expect(await everything(ofData)).toEqual(await everything(ofLog));
    expect((await openDataset(data)).manifest.behaviourTypes).toEqual(["buy"]);
    expect((await openDataset(data)).manifest.typesLost).toBeUndefined();
    // The log tells the types that are in histories apart, the dataset does not: there a behaviour would be another one.
    const mixed = next();
    const log = write(".csv", csv([...many, ["u1", "i1", "1700000500", "view"]]));
    await prepareEvents({ events: log, out: mixed, features: { columns, fields: {} } });
    const { code, stderr } = await store("import", "--store", ofData, "--data", mixed);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `error: ${mixed} cannot be imported: it does not say which of its behaviours are of which type, as its log does\n`,
    });
  });
});

it("leaves nothing of what fell out on the disk", async () => {
  const place = next();
  const opened = await openStore(`file:${place}`, { most: 9 });
  await opened.append([{ user: "gone", id: "gone-1", time: 1, item: "gone-item" }]);
  await opened.append([{ user: "here", id: "here-1", time: 1, item: "here-item" }]);
  await opened.erase("gone");
  await opened.close();
  const { code, stdout } = await store("compact", "--store", `file:${place}`);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^1 behaviours of 1 users: [\d,]+ bytes before, [\d,]+ now\n$/);
  const { stdout: json } = await store("compact", "--store", `file:${place}`, "--json");
  expect(last(json)).toMatchObject({ users: 1, events: 1, bytes: { after: expect.any(Number) } });
});

it.each<[string[], string, number]>([
  [
    ["import", "--store", "memory:", "--input", "x"],
    `option '--store <url>': expected file:FOLDER or redis://HOST:PORT, found "memory:"`,
    2,
  ],
  [["import", "--store", kept], "option '--input <file>' is missing; '--data <folder>' may stand in its place", 2],
  [["import", "--store", kept, "--input", "x", "--data", "y"], "'--input <file>' and '--data <folder>' contradict", 2],
  [["import", "--store", kept, "--events", "x.csv"], "option '--config <file>' is missing", 2],
  [["import", "--store", kept, "--input", "x", "--memory", "1GB"], "'--memory <size>' needs '--events <files>'", 2],
  [["import", "--store", kept, "--data", "x", "--skip-bad-rows"], "'--skip-bad-rows' needs '--events <files>'", 2],
  [["export", "--store", "redis://h/0?prefx=a"], "expected nothing behind its ? but prefix=NAME", 2],
  [["export", "--store", "redis://secret@:x:y"], "no store is called redis://...: expected redis://", 2],
  [["import", "--store", "nowhere", "--input", "x"], "no store is called nowhere: expected memory:, file:FOLDER", 2],
  [["import", "--store", kept, "--input", join(folder, "absent")], "cannot read", 1],
  [["export", "--store", `file:${join(folder, "absent")}`], "holds no store: there is no such folder", 1],
  [["compact", "--store", `file:${join(folder, "absent")}`], "holds no store: there is no such folder", 1],
])("%j is one line", async (argv, problem, expected) => {
  const { code, stderr } = await store(...argv);
  expect(code).toBe(expected);
  expect(stderr).toContain(problem);
  expect(stderr).toMatch(/^error: [^\n]*\n$/);
  expect(existsSync(join(folder, "absent"))).toBe(false);
});
