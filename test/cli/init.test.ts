import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { guessFeatures } from "../../src/importers/events/guess/guess.ts";
import { temporaryFolder } from "../support/source.ts";
import { dien } from "./harness.ts";

const folder = temporaryFolder();

function log(name: string, header: string): string {
  const path = join(folder, name);
  writeFileSync(path, `${header}\nu1,i1,1700000000,1\nu2,i2,1700003600,0\nu1,i2,1700007200,0\n`);
  return path;
}

const init = (...argv: string[]) => dien(["init", ...argv], { jobs: { guessFeatures } });

describe("dien init", () => {
  it("writes features.yaml, reports what it found and what comes next", async () => {
    const out = join(folder, "features.yaml");
    const events = log("it's a log.csv", "user_id,item_id,ts,click");
    const { code, stdout, stderr } = await init("--events", events, "--out", out);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^3 rows looked at\ncolumn +is taken for +why\nuser_id +user +by its name/);
    expect(stdout).not.toContain("TODO");
    expect(stdout).not.toContain("No label");
    const quoted = `'${folder}/it'\\''s a log.csv'`;
    expect(stdout).toContain(`Then:\n  dien prepare events --config ${out} --events ${quoted} --out data/events\n`);
    expect(readFileSync(out, "utf8")).toContain("\n  user: user_id\n");
  });

  it("replaces nothing that came while it looked", async () => {
    const out = join(folder, "late.yaml");
    const meanwhile = async (...given: Parameters<typeof guessFeatures>) => {
      writeFileSync(out, "mine");
      return await guessFeatures(...given);
    };
    const argv = ["init", "--events", log("late.csv", "user_id,item_id,ts,click"), "--out", out];
    expect(await dien(argv, { jobs: { guessFeatures: meanwhile } })).toMatchObject({ code: 1, stdout: "" });
    expect(readFileSync(out, "utf8")).toBe("mine");
  });

  it("says what is left to do", async () => {
    const out = join(folder, "todo.yaml");
    const { code, stdout } = await init("--events", log("b.csv", "who,item_id,ts,click"), "--out", out);
    expect(code).toBe(0);
    expect(stdout).toContain(`TODO: no column seems to be the user; write it into ${out}.\n`);
    expect(readFileSync(out, "utf8")).toContain("\n  user: TODO\n");
  });

  it("says what it means that there is no label", async () => {
    const out = join(folder, "behaviours.yaml");
    const { stdout } = await init("--events", log("d.csv", "user_id,item_id,ts,page"), "--out", out);
    expect(stdout).toContain("No label was found: each behaviour would be predicted");
  });

  it("prints the guesses as JSON", async () => {
    const argv = ["--events", log("c.csv", "user_id,item_id,ts,click"), "--out", join(folder, "c.yaml"), "--json"];
    const { stdout } = await init(...argv);
    expect(JSON.parse(stdout)).toMatchObject({ rows: 3, columns: { user: { column: "user_id" } }, todo: [] });
  });

  it.each([
    "postgres://me:secret@host/db?table=log&password=secret",
    "postgres://me:x@secret@host/db?table=log",
    "postgresql://me:x:secret@host/db?password=secret&table=log",
  ])("prints %s without the password", async (events) => {
    const guess = await guessFeatures({ events: log("e.csv", "user_id,item_id,ts,click") });
    for (const flags of [[], ["--json"]]) {
      const argv = ["init", "--events", events, "--out", join(folder, "e.yaml"), "--force", ...flags];
      const { stdout } = await dien(argv, { jobs: { guessFeatures: async () => guess } });
      expect(stdout).toMatch(/--events 'postgres(ql)?:\/\/me@host\/db\?table=log' --out/);
      expect(stdout).not.toContain("secret");
    }
  });

  it("replaces a file only with --force, and writes none where the log cannot be read", async () => {
    const out = join(folder, "kept.yaml");
    writeFileSync(out, "mine");
    const events = log("d.csv", "user_id,item_id,ts,click");
    const refused = await init("--events", events, "--out", out);
    expect(refused.stderr).toBe(`error: ${out} exists; choose another --out, or --force to replace it\n`);
    expect(refused.code).toBe(1);
    expect(readFileSync(out, "utf8")).toBe("mine");
    expect((await init("--events", events, "--out", out, "--force")).code).toBe(0);
    expect(readFileSync(out, "utf8")).toContain("user: user_id");
    const none = join(folder, "none.yaml");
    expect((await init("--events", join(folder, "absent.csv"), "--out", none)).code).toBe(1);
    expect(existsSync(none)).toBe(false);
  });
});
