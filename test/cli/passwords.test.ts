/** Addresses of servers are known in all the forms that tools give them, and no password of one is ever shown. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jobs } from "../../src/cli/jobs.ts";
import { isAddress, withoutAddress } from "../../src/errors/addresses.ts";
import { noPostgres, PostgresServer } from "../support/postgres.ts";
import { temporaryFolder } from "../support/source.ts";
import { dien } from "./harness.ts";

const folder = temporaryFolder();
/** Letters that no message has, on both sides of what may end a password too early. */
const PASSWORDS = ["qzxvwk", ..."@/?#%& '".split("").map((sign) => `qzx${sign}vwk`), "qzx?table=vwk"];
const SECRETS = /qzx|vwk/i;

const forms = (password: string): string[] => [
  `postgres://me:${password}@127.0.0.1:1/shop?table=log`,
  `postgresql://me:${password}@127.0.0.1:1/shop?table=log`,
  `POSTGRES://me:${password}@127.0.0.1:1/shop?table=log`,
  `postgres://127.0.0.1:1/shop?table=log&user=me&password=${password}`,
  `postgres://127.0.0.1:1/shop?user=me&password=${password}`,
  `postgres://me:${password}@127.0.0.1:1/shop`,
  `postgres://me:${password}@/shop?table=log&port=x`,
  ` postgres://me:${password}@127.0.0.1:1/shop?table=log`,
  `"postgres://me:${password}@127.0.0.1:1/shop?table=log"`,
  `postgresql+psycopg2://me:${password}@127.0.0.1:1/shop`,
  `postgres+asyncpg://me:${password}@127.0.0.1:1/shop`,
  `postgre://me:${password}@127.0.0.1:1/shop?table=log`,
  `postgres:/me:${password}@127.0.0.1:1/shop?table=log`,
  `postgres:me:${password}@127.0.0.1:1/shop?table=log`,
  `jdbc:postgresql://127.0.0.1:1/shop?user=me&password=${password}`,
  `jdbc:postgresql://me:${password}@127.0.0.1:1/shop`,
  `host=127.0.0.1 port=1 user=me password=${password} dbname=shop`,
  `dbname=shop user=me password='${password}'`,
  `Server=127.0.0.1;Database=shop;Uid=me;Pwd=${password};`,
  `Driver={PostgreSQL};Server=127.0.0.1;PWD=${password}`,
  `mysql://me:${password}@127.0.0.1/shop`,
  `mongodb+srv://me:${password}@127.0.0.1/shop`,
  `s3://me:${password}@bucket/log.csv`,
  `https://me:${password}@127.0.0.1/log.csv`,
  `//me:${password}@127.0.0.1/shop`,
  `me:${password}@127.0.0.1:1/shop`,
];
const real = {
  prepareEvents: jobs.prepareEvents,
  guessFeatures: jobs.guessFeatures,
  prepareAmazon: jobs.prepareAmazon,
  inspectDataset: jobs.inspectDataset,
  train: jobs.train,
  evaluateRun: jobs.evaluateRun,
  loadScorer: jobs.loadScorer,
  verify: jobs.verify,
};
const features = join(folder, "features.yaml");
writeFileSync(features, "columns: { user: user, item: item, time: time }\nfields: { context: [] }\n");
const run = (...argv: string[]) => dien([...argv, "--verbose"], { jobs: real });
const shown = ({ stdout, stderr }: { stdout: string; stderr: string }) => stdout + stderr;

describe("no password is shown by", () => {
  it("init, whatever the form of the address and the signs of the password", async () => {
    // Of forms that are refused whole, one password is as good as another.
    const sources = PASSWORDS.flatMap((password, i) => forms(password).slice(0, i === 0 ? undefined : 7));
    for (const source of sources) {
      const outcome = await run("init", "--events", source, "--out", join(folder, "never.yaml"));
      expect(outcome.code, source).not.toBe(0);
      expect(shown(outcome), source).not.toMatch(SECRETS);
      expect(outcome.stderr, source).toMatch(/^error: [^\n]+\n/);
    }
  });

  it("prepare, and leaves nothing", async () => {
    const out = join(folder, "out");
    for (const source of forms("qzxvwk").filter((_, i) => i % 3 === 0)) {
      const outcome = await run("prepare", "events", "--config", features, "--events", source, "--out", out);
      expect(outcome.code, source).not.toBe(0);
      expect(shown(outcome), source).not.toMatch(SECRETS);
      expect(existsSync(out)).toBe(false);
    }
  });

  it("importers of files, files of settings and flags that are written wrongly", async () => {
    const config = join(folder, "config.yaml");
    for (const source of forms("qzxvwk")) {
      const quoted = JSON.stringify(source);
      const configs = [
        `events: ${quoted}\n`,
        `events: [${quoted}]\n`,
        `events: { url: ${quoted} }\n`,
        `event: ${quoted}\n`,
        `events: ${source}\n`,
        `behaviours: { files: ${quoted} }\n`,
        `columns: ${quoted}\n`,
      ];
      for (const text of configs) {
        writeFileSync(config, text);
        const outcome = await run("prepare", "events", "--config", config, "--out", join(folder, "out"));
        expect(shown(outcome), text).not.toMatch(SECRETS);
      }
      for (const argv of [
        ["prepare", "amazon", "--reviews", source, "--meta", source, "--out", join(folder, "out")],
        ["prepare", "events", `--event=${source}`],
        ["prepare", "events", "--config", source, "--events", "x", "--out", join(folder, "out")],
        ["prepare", "events", "--events", "x", source],
        ["init", source],
      ]) {
        const outcome = await run(...argv);
        expect(outcome.code).not.toBe(0);
        expect(shown(outcome), argv.join(" ")).not.toMatch(SECRETS);
      }
    }
  });
});

it.each([
  ["a dataset", (address: string) => ["inspect", "--data", address]],
  ["data to train on", (address: string) => ["train", "--data", address, "--out", join(folder, "run")]],
  ["a run", (address: string) => ["predict", "--run", address, "--input", "-"]],
  ["a run to evaluate", (address: string) => ["evaluate", "--run", address, "--data", folder]],
  ["a run to compare with", (address: string) => ["evaluate", "--run", "r", "--data", "d", "--against", address]],
  ["what is verified", (address: string) => ["verify", address]],
  ["a dataset to write", (address: string) => ["prepare", "synthetic", "--out", address]],
  ["a log to write", (address: string) => ["prepare", "synthetic", "--log", address]],
  ["a run to write", (address: string) => ["train", "--data", "d", "--out", address]],
  ["the runs of an experiment", (address: string) => ["experiment", "table2", "--data", "d", "--out", address]],
  ["scores to write", (address: string) => ["predict", "--run", "r", "--input", "-", "--out", address]],
  ["a page to write", (address: string) => ["inspect", "--data", "d", "--html", address]],
  ["a guess to write", (address: string) => ["init", "--events", "e.csv", "--out", address]],
] as const)("no password is shown where an address stands for %s", async (_, argvOf) => {
  for (const source of forms("qzxvwk")) {
    const outcome = await run(...argvOf(source));
    expect(outcome.code, source).not.toBe(0);
    expect(shown(outcome), source).not.toMatch(SECRETS);
    expect(outcome.stderr, source).toMatch(/^error: [^\n]+ expected a path, found the address of a server\n/);
  }
});

describe("what is said of an address", () => {
  it.each([
    ["postgresql+psycopg2://u:p@h/db", "postgresql+psycopg2://..."],
    ["jdbc:postgresql://h/db?user=u", "jdbc:postgresql://..."],
    ["mysql://u:p@h/db", "mysql://..."],
    ["host=h password=p", "the address of a server"],
    ["u:p@h/db", "the address of a server"],
  ])("of %s is that it is %s", async (source, name) => {
    expect(withoutAddress(source)).toBe(name);
    const { stderr } = await run("init", "--events", source, "--out", join(folder, "never.yaml"));
    expect(stderr).toContain(
      `error: ${name}: expected files, a pattern or postgres://USER@HOST:PORT/DATABASE?table=NAME\n`,
    );
  });

  it.each([
    "log.csv",
    "./log/day=2024-05-01/user=5/*.csv.gz",
    "C:\\logs\\a@b.csv",
    "../data/me@home/log.ndjson",
    "log-12:30:00.csv",
    "user=5/part.csv",
  ])("%s is none", (path) => {
    expect(isAddress(path)).toBe(false);
  });

  it("nothing is lost of a file that is called like one", async () => {
    const path = "u:p@h.csv";
    writeFileSync(path, "user,item,time\n");
    try {
      const { stderr } = await run("init", "--events", path, "--out", join(folder, "never.yaml"));
      expect(stderr).toContain("error: u:p@h.csv has no rows");
    } finally {
      rmSync(path);
    }
  });
});

describe.skipIf(noPostgres !== undefined)("of a server", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
    await server.run(
      "CREATE TABLE log AS SELECT 'u' AS user, 'i' AS item, 1700000000 + n AS time FROM generate_series(1, 9) AS n",
    );
  });
  afterAll(async () => await server.stop());

  it("the next command and the guess hold no password, a short one that is in every word neither", async () => {
    const out = join(folder, "guess.yaml");
    const { code, stdout } = await run("init", "--events", server.address({ table: "log" }), "--out", out);
    expect(code).toBe(0);
    expect(stdout).toContain("postgres://test@127.0.0.1:");
    expect(stdout + readFileSync(out, "utf8")).not.toMatch(/pass( |%20)word/);
    const wrong = server.address({ table: "log" }, "e");
    const { stderr } = await run("init", "--events", wrong, "--out", join(folder, "never.yaml"));
    expect(stderr).toMatch(/the server refuses this user with this password\n/);
    expect(stderr).not.toContain("*");
  });
});
