/**
 * Control characters in the data of others, from one log to every command that reads it or what was made of it: none
 * reaches the terminal, where they could set its title, clear its screen or forge lines.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { runExperiment } from "dien";
import fc from "fast-check";
import { expect, it } from "vitest";
import { jobs } from "../../src/cli/jobs.ts";
import { print } from "../../src/cli/output.ts";
import { table } from "../../src/cli/table.ts";
import { printable } from "../../src/errors/printable.ts";
import { temporaryFolder } from "../support/source.ts";
import { dien } from "./harness.ts";

const folder = temporaryFolder();
const at = (name: string) => join(folder, name);

/** Sets the title, clears the screen, colours; the same as one C1 character; turns the order around; forges a line. */
const ESCAPES = ["\x1b]0;OWNED\x07", "\x1b[2J", "\x9b31m", "\u202e", "\u2066", "\x7f"];
const FORBIDDEN = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

const mark = (text: string, i: number) => `${ESCAPES[i % ESCAPES.length]}${text}`;

function writeLog(): void {
  const rows = Array.from({ length: 600 }, (_, i) => {
    const [user, item] = [mark(`u${i % 30}`, i % 30), mark(`i${(i * 7) % 20}`, i)];
    return [
      user,
      item,
      1_500_000_000 + i * 60,
      (i * 13) % 3 === 0 ? 1 : 0,
      mark(`c${i % 4}`, i),
      mark("dev", i),
    ].join();
  });
  writeFileSync(at("log.csv"), `user,item,time,label,cat,d\x1b[31mev\n${rows.join("\n")}\n`);
  const features = {
    columns: { user: "user", item: "item", time: "time", label: "label" },
    fields: {
      user: [],
      item: [{ name: "category", column: "cat" }],
      context: [{ name: "dev", column: "d\x1b[31mev" }],
    },
  };
  writeFileSync(at("features.yaml"), JSON.stringify(features));
}

it("stays out of everything that is printed of a log, from init to the figures", async () => {
  writeLog();
  const data = at("da\x1b[2Jta");
  const small = ["train.epochs=1", "train.batch_size=64", "model.embedding.size=4", "model.head.layers=[8,4]"];
  const inspectDataset: typeof jobs.inspectDataset = async (...all) => ({
    ...(await jobs.inspectDataset(...all)),
    importer: "x\x1b]0;OWNED\x07\nGRAVE: forged",
  });
  const lines = [
    ["init", "--events", at("log.csv"), "--out", at("guess.yaml")],
    ["prepare", "events", "--events", at("log.csv"), "--config", at("features.yaml"), "--out", data],
    ["inspect", "--data", data],
    ["experiment", "figure3", "--data", data, "--out", at("out"), "--set", ...small],
    ["train", "--data", data, "--out", data],
    ["experiment", "figure3", "--data", data, "--out", at("out"), "--user", "no\x1b[2Jbody", "--set", ...small],
  ];
  for (const argv of lines) {
    const { code, stdout, stderr } = await dien(argv, { jobs: { ...jobs, inspectDataset, runExperiment } });
    expect(code, stderr).toBe(stdout === "" ? 1 : 0);
    for (const line of [...stdout.split("\n"), ...stderr.split("\n")]) expect(line).not.toMatch(FORBIDDEN);
    expect(stdout).not.toMatch(/^GRAVE: forged/m);
  }
});

it("takes passwords of addresses out of lines", async () => {
  const address = "postgres://u:p@ss/w@h/d?table=t&password=p2";
  const { stderr } = await dien(["inspect", "--data", "d"], {
    jobs: { inspectDataset: () => Promise.reject(new Error(`${address} is none`)) },
  });
  expect(stderr).toContain(" postgres://u:***@h/d?table=t&password=*** is none");
});

it("stays out of lines and tables, whatever the texts are", () => {
  const texts = fc.array(fc.string({ unit: fc.oneof(fc.constantFrom(...ESCAPES, "\n", "\r", "\t"), fc.string()) }), {
    minLength: 1,
  });
  fc.assert(
    fc.property(texts, (values) => {
      let printed = "";
      const stream = new Writable({
        write(chunk, _, done) {
          printed += chunk;
          done();
        },
      });
      print(stream, values);
      const lines = printed.split("\n");
      expect(lines.pop()).toBe("");
      expect(lines).toEqual(values.map(printable));
      for (const line of lines) expect(line).not.toMatch(FORBIDDEN);
      expect(table(values, [values])).toHaveLength(2);
    }),
  );
});
