import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sealedYaml } from "../../src/files/sealed.ts";
import { temporaryFolder } from "../support/source.ts";
import { train } from "./harness.ts";

const folder = temporaryFolder();

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe("the configuration of a run", () => {
  it("is the schema's default, DIEN, unless something else is said", async () => {
    const { code, asked } = await train("--data", "d", "--out", "o");
    expect(code).toBe(0);
    expect(asked).toMatchObject({ data: "d", out: "o", resume: false });
    expect(asked?.config.model).toMatchObject({ name: "dien", evolution: "augru" });
    expect(asked?.config.train).toMatchObject({ epochs: 3, seed: 1 });
  });

  it("takes --set over flags over the file over defaults", async () => {
    const config = file(
      "all.yaml",
      "data: from-file\nseed: 5\nmodel:\n  name: dien\n  evolution: agru\ntrain:\n  epochs: 9\n  seed: 6\n  patience: 4\n",
    );
    const argv = ["--config", config, "--out", "o", "--data", "from-flag", "--seed", "5"];
    const { asked } = await train(
      ...argv,
      "--set",
      "train.batch_size=64",
      "model.head.layers=[8, 4]",
      "--set",
      "train.epochs=2",
    );
    expect(asked).toMatchObject({ data: "from-flag", out: "o" });
    expect(asked?.config.model).toMatchObject({ name: "dien", evolution: "agru", head: { layers: [8, 4] } });
    expect(asked?.config.train).toMatchObject({ epochs: 2, seed: 5, patience: 4, batch_size: 64 });
  });

  it("takes flags over the file's own set, and adds --set to it", async () => {
    const config = file(
      "set.yaml",
      "data: d\nout: o\nmodel: din\ntrain:\n  patience: 9\nset: [train.epochs=7, train.seed=3, train.patience=4]\n",
    );
    const { asked } = await train("--config", config, "--epochs", "2", "--set", "train.batch_size=64");
    expect(asked?.config.train).toMatchObject({ epochs: 2, seed: 3, patience: 4, batch_size: 64 });
    const other = await train("--config", config, "--set", "train.seed=5");
    expect(other.asked?.config.train).toMatchObject({ epochs: 7, seed: 5 });
  });

  it("takes every flag from the file, a model by its name too", async () => {
    const config = file(
      "flags.yaml",
      "data: d\nout: o\nmodel: din\nepochs: 4\nthreads: 1\njson: true\nset:\n  - train.seed=3\n",
    );
    const { asked, stdout } = await train("--config", config);
    expect(asked?.config.model.name).toBe("din");
    expect(asked?.config.train).toMatchObject({ epochs: 4, seed: 3 });
    expect(asked).toMatchObject({ threads: 1 });
    expect(JSON.parse(stdout)).toMatchObject({ model: "din" });
  });

  it("takes the machine's options from the config.yaml of a run by an earlier build, where they were settings", async () => {
    const train_ = "train:\n  epochs: 4\n  engine: reference\n  threads: 3\n  checkpoint_seconds: 7\n";
    const { asked } = await train("--config", file("earlier.yaml", `data: d\nout: o\n${train_}`), "--threads", "1");
    expect(asked).toMatchObject({ engine: "reference", threads: 1, checkpointSeconds: 7 });
    expect(asked?.config.train.epochs).toBe(4);
    expect(Object.keys(asked!.config.train)).not.toContain("engine");
  });

  it.each<[string, string, number, string]>([
    ["an unknown key", "epoch: 3", 2, "unknown key 'epoch'; did you mean 'epochs'?"],
    ["an unknown section key", "train:\n  epoch: 3", 2, "unknown key 'train.epoch'; did you mean 'train.epochs'?"],
    ["a section that is none", "train: 3", 2, "none.yaml: configuration: train: expected a mapping of settings"],
    ["a wrong setting", "train: {epochs: many}", 2, "wrong setting.yaml: configuration: train.epochs: expected"],
    ["a wrong pair", "set: [train.epochs=many]", 2, "wrong pair.yaml: configuration: train.epochs: expected"],
    ["a model that is none", "model: dein", 2, "is none.yaml: unknown model 'dein'"],
    ["a wrong number", "threads: 0", 2, "wrong number.yaml: threads: expected a whole number, 1 to 64, found 0"],
    ["a wrong switch", 'json: "yes"', 2, 'json: expected true or false, found "yes"'],
    ["a wrong list", "set: train.seed=3", 2, 'set: expected a list, found "train.seed=3"'],
    ["a mapping for a value", "epochs:\n  a: 1", 2, 'epochs: expected a whole number, 1 to 1000000, found {"a":1}'],
    ["a list", "- 1", 2, "expected a mapping of options"],
    ["broken YAML", "a: [", 2, "is not YAML: "],
    ["a value that contains itself", "set: &a [*a]", 2, "is not YAML: a part of it contains itself"],
    ["more than people write", `# ${"a".repeat(2 ** 20)}`, 2, "is not YAML: it is longer than 1048576 characters"],
    ["deep YAML", "[".repeat(50_000), 2, "is not YAML: "],
    ["a NUL in a name", 'set: ["a\\0=b"]', 2, "set.0: expected a text without NUL characters"],
  ])("refuses a file with %s", async (name, content, exitCode, message) => {
    const { code, stderr } = await train("--config", file(`${name}.yaml`, content), "--data", "d", "--out", "o");
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
    expect(code).toBe(exitCode);
  });

  it("is not blamed on a file that is sound by itself", async () => {
    const config = file("sound.yaml", "model: {name: dien, evolution: agru}\n");
    const given = ["--config", config, "--data", "d", "--out", "o"];
    for (const argv of [
      ["--set", "train.epochs=0"],
      ["--model", "din"],
    ]) {
      const { code, stderr } = await train(...given, ...argv);
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/^error: configuration: /) });
    }
  });

  it("is refused where flags and --set contradict one another, and only there", async () => {
    const given = ["--data", "d", "--out", "o", "--epochs", "1", "--seed", "2"];
    expect(await train(...given, "--set", "train.epochs=2")).toMatchObject({
      ...{ code: 2, stderr: "error: '--epochs 1' and '--set train.epochs=2' contradict one another\n" },
    });
    expect((await train(...given, "--set", "train.epochs=1", "train.patience=2")).code).toBe(0);
  });

  it("needs the file to be there, and may be empty", async () => {
    const { code, stderr } = await train("--config", join(folder, "absent.yaml"));
    expect(code).toBe(1);
    expect(stderr).toBe(`error: cannot read ${join(folder, "absent.yaml")}: no such file or folder\n`);
    expect((await train("--config", file("empty.yaml", ""), "--data", "d", "--out", "o")).code).toBe(0);
  });
});

describe("a resumed run", () => {
  it("keeps its configuration: the same flags or none are fine, other ones are refused", async () => {
    const { asked } = await train("--data", "d", "--out", folder, "--model", "din", "--epochs", "5");
    writeFileSync(join(folder, "config.yaml"), sealedYaml(`${JSON.stringify(asked?.config)}\n`));
    const resume = (...argv: string[]) => train("--data", "d", "--out", folder, "--resume", ...argv);
    expect((await resume()).asked).toMatchObject({ resume: true, config: asked?.config });
    expect((await resume("--model", "din", "--epochs", "5")).asked?.config).toEqual(asked?.config);
    expect((await resume("--threads", "1", "--engine", "reference")).asked).toMatchObject({
      ...{ config: asked?.config, threads: 1, engine: "reference" },
    });
    const { code, stderr } = await resume("--epochs", "6");
    expect(stderr).toBe(
      `error: a run goes on with its own configuration, and that of ${folder} has another 'train.epochs'; ` +
        "leave that out, or train into a new --out without --resume\n",
    );
    expect(code).toBe(2);
    expect((await resume("--model", "base")).code).toBe(2);
    expect((await resume("--set", "model.embedding.size=4")).code).toBe(2);
  });

  it("must be there", async () => {
    const absent = join(folder, "absent");
    const { code, stderr } = await train("--data", "d", "--out", absent, "--resume");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: [^\n]*absent[^\n]*\n$/);
  });
});

it("a run that goes on from another has that one's configuration, and what is said beside it", async () => {
  const monday = join(folder, "monday");
  mkdirSync(monday);
  const stored = { model: { name: "din", embedding: { size: 6 } }, train: { epochs: 5, seed: 4 }, from: "runs/sunday" };
  writeFileSync(join(monday, "config.yaml"), sealedYaml(`${JSON.stringify(stored)}\n`));
  const { asked } = await train("--data", "d", "--out", "o", "--from", monday, "--epochs", "1");
  expect(asked?.config).toMatchObject({ ...stored, train: { epochs: 1, seed: 4 }, from: monday });
  const other = await train("--data", "d", "--out", "o", "--from", monday, "--model", "base");
  expect(other.asked?.config).toMatchObject({ model: { name: "base" }, from: monday });
});
