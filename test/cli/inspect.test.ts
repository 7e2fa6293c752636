/** `dien inspect` on a real dataset: what it prints, writes and ends with. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseHTML } from "linkedom";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { prepareSynthetic } from "../../src/importers/synthetic/prepare.ts";
import { type DatasetInspection, inspectDataset } from "../../src/inspection/measure/inspect.ts";
import { type Warning, warningsOf } from "../../src/inspection/measure/warnings.ts";
import { writeInspection } from "../../src/inspection/show/inspection-page.ts";
import { dien } from "./harness.ts";

let folder: string;
let data: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dien-inspect-cli-"));
  data = join(folder, "shop");
  await prepareSynthetic({ out: data, users: 200, seed: 3 });
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const jobs = { inspectDataset, writeInspection };
const HOSTILE = "<script>`alert(1)`</script>\u0000\u001b[31m\nnext";

/** The shop's inspection with other warnings, and with values that somebody means ill with. */
async function spoilt(warnings: readonly Warning[]): Promise<typeof inspectDataset> {
  const inspection = await inspectDataset(data);
  const fields = inspection.fields.map((field) => ({
    ...field,
    top: field.top.map((value, i) => (i === 0 ? { ...value, value: HOSTILE } : value)),
  }));
  return async () => ({ ...inspection, fields, warnings });
}

const grave: Warning = { level: "grave", kind: "label-copy", message: "field x alone predicts the click" };
const note: Warning = { level: "note", kind: "overlap", message: "the split is not by time" };

describe("inspect", () => {
  it("prints plain tables that are not overlong, and the warnings last", async () => {
    const { code, stdout, stderr } = await dien(["inspect", "--data", data], { jobs });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toMatch(
      /^200 users, 960 items, [\d,]+ behaviours \(.*\); importer synthetic, protocol impressions\.$/,
    );
    expect(lines.length).toBeLessThan(80);
    expect(stdout).toMatch(/^train +1,600 +\d\d\.\d % +200 +2013-/m);
    expect(stdout).toMatch(/^segment +user +8 +0\.0 % +0\.0 % +0\.0\d\d +0\.\d{4}$/m);
    expect(stdout).toMatch(/^segment +\d +\d+ +\d\d\.\d % +\d+ +\d\d\.\d %$/m);
    expect(stdout).toMatch(/^Samples and click rates by \d+ days \(UTC\)\.$/m);
    expect(lines.at(-2)).toMatch(
      /^note: {4}[\d,]+ of 1,600 train samples \(\d+\.\d %\) are later than the earliest test/,
    );
    expect(lines.at(-1)).toMatch(/^inspected in \d/);
  });

  it("says so when there is nothing to warn of", async () => {
    const { stdout } = await dien(["inspect", "--data", data], { jobs: { inspectDataset: await spoilt([]) } });
    expect(stdout).toMatch(/\nno warnings\ninspected in/);
  });

  it("gives everything as JSON, rates without samples as null", async () => {
    const { code, stdout } = await dien(["inspect", "--data", data, "--json"], { jobs });
    expect(code).toBe(0);
    expect(stdout.match(/\n/g)).toHaveLength(1);
    const document: DatasetInspection = JSON.parse(stdout);
    const { seconds: _, ...expected } = JSON.parse(JSON.stringify(await inspectDataset(data)));
    expect(document).toMatchObject(expected);
    expect(document.fields[0].unknown.test).toEqual({ samples: 0, clicks: 0, rate: null });
    expect(document.warnings.map(({ kind }) => kind)).toContain("overlap");
  });

  it.each<[readonly Warning[], readonly string[], number]>([
    [[grave, note], [], 0],
    [[grave, note], ["--strict"], 1],
    [[note], ["--strict"], 0],
    [[grave], ["--strict", "--json"], 1],
  ])("with %j and %j ends with %i", async (warnings, flags, expected) => {
    const world = { jobs: { inspectDataset: await spoilt(warnings) } };
    const { code, stdout, stderr } = await dien(["inspect", "--data", data, ...flags], world);
    expect({ code, stderr }).toEqual({ code: expected, stderr: "" });
    const lines = warnings.map(({ level, message }) => `${level === "grave" ? "GRAVE:   " : "note:    "}${message}\n`);
    if (!flags.includes("--json")) expect(stdout).toContain(`\n\n${lines.join("")}inspected in`);
  });

  it("writes one page that needs nothing else, and shows other people's names as text", async () => {
    const file = join(folder, "page.html");
    const world = { jobs: { writeInspection, inspectDataset: await spoilt([grave, note]) } };
    const { code, stdout, stderr } = await dien(["inspect", "--data", data, "--html", file], world);
    expect({ code, stderr }).toEqual({ code: 0, stderr: `page in ${file}\n` });
    for (const control of ["\u0000", "\u001b"]) expect(stdout).not.toContain(control);
    expect(readdirSync(folder).sort()).toEqual(["page.html", "shop"]);
    const text = readFileSync(file, "utf8");
    const { document } = parseHTML(text);
    expect(document.querySelectorAll("script, a, img, link, code script")).toHaveLength(0);
    expect(text).not.toContain("\u0000");
    expect([...document.querySelectorAll("#warnings tbody th")].map((cell) => cell.textContent)).toEqual([
      grave.message,
      note.message,
    ]);
    expect(document.querySelector("#warnings strong")?.textContent).toBe("grave");
    for (const name of ["splits", "timeline", "histories", "fields", "values", "cold"]) {
      expect(document.querySelectorAll(`#${name} tbody tr`).length, name).toBeGreaterThan(0);
    }
    for (const name of ["timeline", "histories", "drift", "rates"]) {
      expect(document.querySelectorAll(`#${name}-figure svg`), name).toHaveLength(1);
    }
    // Training never saw some items of so small a shop.
    expect(document.querySelectorAll("#unknown-figure svg")).toHaveLength(1);
  });

  it("reports a folder that is no dataset, and a page that cannot be written", async () => {
    const nowhere = await dien(["inspect", "--data", join(folder, "nowhere")], { jobs });
    expect(nowhere.code).toBe(1);
    expect(nowhere.stderr).toMatch(/^error: .*nowhere is no dataset: [^\n]*\n$/);
    const page = await dien(["inspect", "--data", data, "--html", join(folder, "missing", "page.html")], { jobs });
    expect(page.code).toBe(1);
    expect(page.stderr).toMatch(/^error: cannot write .*page\.html: no such file or folder\n$/);
    expect(page.stdout).toContain("inspected in");
  });
});

describe("warnings", () => {
  it("do not come of numbers that are not defined", async () => {
    const numbers = await inspectDataset(data);
    const fields = numbers.fields.map((field) => ({ ...field, auc: Number.NaN, psi: Number.NaN }));
    expect(warningsOf({ ...numbers, fields })).toEqual(numbers.warnings);
  });

  it("name the most shifted fields, and say that there are more", async () => {
    const numbers = await inspectDataset(data);
    const fields = Array.from({ length: 7 }, (_, i) => ({ ...numbers.fields[1], name: `f${i}`, psi: 0.2 + i / 10 }));
    const drift = warningsOf({ ...numbers, fields }).find(({ kind }) => kind === "drift");
    expect(drift).toEqual({
      level: "note",
      kind: "drift",
      message:
        "6 of 7 fields (85.7 %) shift from train to test (PSI: f6 0.80, f5 0.70, f4 0.60, f3 0.50, f2 0.40, ...)",
    });
  });
});
