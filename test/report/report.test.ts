import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseHTML } from "linkedom";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { calibrationPlot } from "../../src/report/plots/calibration.ts";
import type { Report } from "../../src/report/report.ts";
import { clean, escapeMarkup, shorten } from "../../src/report/text.ts";
import { writePage, writeReport } from "../../src/report/write.ts";

const HOSTILE = `<script>alert("1")</script><img src=x onerror='x'>&\u0000\n`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dien-report-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function sample(name = "dien"): Report {
  const rows = [0.1, 0.5].map((predicted) => ({ series: name, predicted, observed: predicted, count: 3 }));
  const figure = { kind: "figure", caption: `Calibration of ${name}`, svg: calibrationPlot(rows) } as const;
  return {
    name: "table2",
    title: `Table 2: ${name}`,
    lead: `Is ${name} better? Yes.`,
    blocks: [
      { kind: "text", text: `Run with \`train.seed=1\` on ${name}.` },
      {
        kind: "table",
        name: "auc",
        caption: `AUC of ${name}`,
        head: ["model", "AUC", "parameters", "remark"],
        rows: [
          [name, { text: "0.7731", note: "± 0.003", strong: true }, 1234567, "first"],
          ["din", 0.74936, null, name],
        ],
      },
      { ...figure, name: "calibration" },
      { ...figure, name: "again" },
    ],
    data: { calibration: rows, auc: [{ model: name, auc: 0.1 + 0.2 }] },
    commands: ["dien train --data a \\\n  --out b", `echo '${name}'`],
  };
}

const read = (name: string) => readFileSync(join(folder, name), "utf8");
const parsed = () => parseHTML(read("report.html")).document;

describe("writeReport", () => {
  it("writes a page, figures, data and commands, and nothing else", async () => {
    writeFileSync(join(folder, "report.html"), "old");
    await writeReport(folder, sample());
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
    expect(files).toEqual([
      "commands.sh",
      "data",
      "data/auc.csv",
      "data/auc.json",
      "data/calibration.csv",
      "data/calibration.json",
      "figures",
      "figures/again.svg",
      "figures/calibration.svg",
      "report.html",
    ]);
    expect(read("data/auc.csv")).toBe("model,auc\r\ndien,0.30000000000000004\r\n");
    expect(JSON.parse(read("data/auc.json"))).toEqual([{ model: "dien", auc: 0.1 + 0.2 }]);
    expect(read("commands.sh")).toBe("#!/bin/sh\nset -eu\ndien train --data a \\\n  --out b\necho 'dien'\n");
    expect(read("figures/again.svg")).toMatch(/^<svg [^>]*><title>.*<\/title><style>:root\{background:#fff/);
  });

  it("lays the page out in semantic HTML", async () => {
    await writeReport(folder, sample());
    const document = parsed();
    expect(document.querySelector("h1")?.textContent).toBe("Table 2: dien");
    expect(document.querySelector("main > p code")?.textContent).toBe("train.seed=1");
    const headings = [...document.querySelectorAll("#auc th[scope=col]")];
    expect(headings.map((th) => th.className)).toEqual(["", "number", "number", ""]);
    const cells = [...document.querySelectorAll("#auc tbody td")].map((td) => td.innerHTML);
    expect(cells.slice(0, 3)).toEqual(["<strong>0.7731</strong><small>± 0.003</small>", "1,234,567", "first"]);
    expect(cells.slice(3)).toEqual(["0.7494", "–", "dien"]);
    expect(document.querySelectorAll("figure figcaption")).toHaveLength(3);
    expect(document.querySelectorAll("figure svg")).toHaveLength(2);
    expect(document.querySelector("pre code")?.textContent).toBe("dien train --data a \\\n  --out b\necho 'dien'");
    const links = [...document.querySelectorAll("a")].map((link) => link.getAttribute("href") ?? "");
    expect(links).toHaveLength(6);
    for (const link of links) expect(read(link)).not.toBe("");
  });

  it("needs nothing but itself, and lets nothing but its styles work", async () => {
    await writeReport(folder, sample());
    const document = parsed();
    expect(document.querySelectorAll("script, link, img, image, iframe, object, embed, use")).toHaveLength(0);
    expect(read("report.html").replaceAll('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(
      /https?:|url\(|@import/,
    );
    const policy = document.querySelector("meta[http-equiv=Content-Security-Policy]");
    expect(policy?.getAttribute("content")).toContain("default-src 'none'");
    const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("shows names from other people's files as text", async () => {
    await writeReport(folder, sample(HOSTILE));
    const document = parsed();
    expect(document.querySelectorAll("script, img, [onerror]")).toHaveLength(0);
    expect(document.querySelector("#auc tbody th")?.textContent).toBe(clean(HOSTILE));
    for (const file of ["report.html", "figures/calibration.svg"]) {
      expect(read(file)).not.toMatch(/<script|<img/);
      expect(read(file)).not.toContain("\u0000");
      expect(read(file)).toContain("&lt;script&gt;");
    }
    expect(JSON.parse(read("data/auc.json"))[0].model).toBe(HOSTILE);
  });

  it("gives the same bytes for the same report", async () => {
    await writeReport(folder, sample());
    const first = read("report.html") + read("figures/again.svg");
    await writeReport(folder, sample());
    expect(read("report.html") + read("figures/again.svg")).toBe(first);
  });

  it("has no place for names that are paths, or that are used twice", async () => {
    const report = sample();
    const bad = { ...report, data: { "../up": [] } };
    await expect(writeReport(folder, bad)).rejects.toThrow("not a name for a part of a report: ../up");
    const twice = { ...report, blocks: [report.blocks[1], report.blocks[1]] };
    await expect(writeReport(folder, twice)).rejects.toThrow("two parts of report table2 have the same name");
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("writePage", () => {
  it("writes one file that links to no other", async () => {
    const report = sample();
    const blocks = [{ kind: "heading", text: `Part \`one\` of ${HOSTILE}` } as const, ...report.blocks];
    await writePage(join(folder, "page.html"), { ...report, blocks });
    expect(readdirSync(folder)).toEqual(["page.html"]);
    const { document } = parseHTML(read("page.html"));
    expect(document.querySelectorAll("a, script, img")).toHaveLength(0);
    expect(document.querySelectorAll("figure svg")).toHaveLength(2);
    expect(document.querySelector("h2")?.innerHTML).toMatch(/^Part <code>one<\/code> of &lt;script&gt;/);
    expect(document.querySelectorAll("h2")).toHaveLength(2);
  });
});

describe("text", () => {
  it("is escaped, cleaned and shortened by whole characters", () => {
    expect(escapeMarkup(`<a b="c" d='e'>&\u0007`)).toBe("&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp; ");
    expect(clean("a\ud83d\ude00b\ud83dc\uffff")).toBe("a\ud83d\ude00b c ");
    expect(shorten("ab\ud83d\ude00cd", 4)).toBe("ab\ud83d\ude00…");
    expect(shorten("abcd", 4)).toBe("abcd");
  });
});
