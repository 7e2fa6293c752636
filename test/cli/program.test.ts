import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failure } from "../../src/errors/failure.ts";
import { note } from "../../src/files/notes.ts";
import { sealedYaml } from "../../src/files/sealed.ts";
import { models } from "../../src/models/registry.ts";
import type { TrainSummary } from "../../src/run/summary.ts";
import type { EvaluateOptions, Evaluation } from "../../src/scoring/evaluate.ts";
import type { PredictRequest } from "../../src/scoring/request.ts";
import type { TrainOptions } from "../../src/training/train.ts";
import { dien } from "./harness.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dien-cli-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const metrics = { auc: 0.75, gauc: Number.NaN, logloss: 0.5 };
const summary: TrainSummary = {
  model: "din",
  seed: 7,
  threads: 2,
  engines: ["simd"],
  parameters: 12345,
  best_epoch: 2,
  valid: metrics,
  test: metrics,
  epochs: [],
  weights_sha256: "00",
};

/** Runs `dien train` on a job that only remembers what it was asked. */
async function train(...argv: string[]) {
  let asked: TrainOptions | undefined;
  const job = async (options: TrainOptions) => {
    asked = options;
    return summary;
  };
  const outcome = await dien(["train", ...argv], { jobs: { train: job } });
  return { ...outcome, asked };
}

describe("help", () => {
  it.each([[["--help"]], [["prepare", "--help"]], [["help", "train"]]])("%j ends well", async (argv) => {
    const { code, stdout, stderr } = await dien(argv);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^Usage: dien/);
  });

  it.each([
    [["demo"]],
    [["init"]],
    [["prepare", "amazon"]],
    [["prepare", "synthetic"]],
    [["inspect"]],
    [["models"]],
    [["train"]],
    [["evaluate"]],
    [["predict"]],
  ])("of %j shows examples that are valid command lines", async (command) => {
    const { stdout } = await dien([...command, "--help"]);
    const examples = [...stdout.matchAll(/^ {2}(?:cat \S+ \| )?dien (.+)$/gm)].map((match) => match[1]);
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      // Every flag of an example is one that the help names.
      for (const [flag] of example.matchAll(/--[a-z-]+/g))
        expect(stdout).toMatch(new RegExp(`^  (-h, )?${flag} `, "m"));
    }
  });

  it("names the models and every key of the configuration", async () => {
    const { stdout } = await dien(["train", "--help"]);
    for (const word of ['model.evolution +"augru"', "train.epochs +3"]) {
      expect(stdout).toMatch(new RegExp(`^  ${word}`, "m"));
    }
    for (const { name, summary } of models.values()) expect(stdout).toContain(`\n  ${name.padEnd(15)}${summary}\n`);
    const ofBase = (await dien(["train", "--model", "base", "--help"])).stdout;
    expect(ofBase).toContain("model.head.layers          [200,80]");
    expect(ofBase).not.toContain("  model.evolution ");
  });

  it("is what stands under an empty command line, which is wrong usage", async () => {
    const { code, stderr } = await dien([]);
    expect(code).toBe(2);
    expect(stderr).toContain("Start here:");
  });

  it("prints the version of the package", async () => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8"));
    expect(await dien(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });
});

describe("wrong usage ends with 2 and one line", () => {
  const given = ["--data", "d", "--out", "o"];
  it.each<[string[], string]>([
    [["tran"], "unknown command 'tran'; did you mean 'train'?"],
    [["prepare", "amazn"], "unknown command 'amazn'; did you mean 'amazon'?"],
    [["train", "--epoch", "3"], "unknown option '--epoch'; did you mean '--epochs'?"],
    [["train", "--see", "3"], "; did you mean '--seed' or '--set'?"],
    [["tr\u001b[31man"], "unknown command 'tr [31man'"],
    [["train", "extra", ...given], "too many arguments"],
    [["train", "--data", "d", "--out", ""], "option '--out <folder>' is empty"],
    [["train", ...given, "--config", ""], "option '--config <file>' is empty"],
    [["predict", "--run", "r", "--input", "i", "--out", ""], "option '--out <file>' is empty"],
    [["prepare", "synthetic", "--out", "o", "--dumps", ""], "option '--dumps <folder>' is empty"],
    [["prepare", "synthetic", "--out", "o", "--log", ""], "option '--log <folder>' is empty"],
    [["prepare", "synthetic"], "option '--out <folder>' is missing; '--log <folder>' may stand in its place"],
    [["prepare", "synthetic", "--log", "l", "--dumps", "d"], "option '--dumps <folder>' needs '--out <folder>'"],
    [
      ["prepare", "synthetic", "--out", "o", "--log-format", "csv"],
      "option '--log-format <format>' needs '--log <folder>'",
    ],
    [
      ["prepare", "synthetic", "--log", "l", "--log-format", "tsv"],
      `option '--log-format <format>': expected one of csv, ndjson, parquet, found "tsv"`,
    ],
    [
      ["prepare", "synthetic", "--out", "o", "--impressions", "2"],
      "option '--impressions <number>': expected a whole number, 3 to 1000, found 2",
    ],
    [["prepare", "synthetic", "--out", "o", "--departments", "2"], "expected a whole number, 3 to 10000, found 2"],
    [["prepare", "synthetic", "--out", "o", "--mean-history", "3.9"], "expected a number, 4 to 1000, found 3.9"],
    [
      ["prepare", "synthetic", "--out", "o", "--items", "31"],
      "option '--items <number>': expected at least 32 for 4 departments, found 31",
    ],
    [["demo", "--out", ""], "option '--out <folder>' is empty"],
    [["train", "--data"], "option '--data <folder>' argument missing"],
    [["init"], "option '--events <source>' is missing"],
    [["train", "--out", "o"], "option '--data <folder>' is missing"],
    [["inspect", "--strict"], "option '--data <folder>' is missing"],
    [["inspect", "--data", "d", "--html", ""], "option '--html <file>' is empty"],
    [["evaluate", "--run", "r"], "option '--data <folder>' is missing"],
    [["evaluate", "--run", "r", "--data", "d", "--against", ""], "option '--against <run>' is empty"],
    [["predict", "--run", "r"], "option '--input <file>' is missing"],
    [["prepare", "amazon", "--reviews", "r"], "option '--meta <file>' is missing"],
    [
      ["train", ...given, "--set", "train.engine=relaxed"],
      "'train.engine' is no setting of a model, but of the machine; use --engine",
    ],
    [["train", ...given, "--set", "train.checkpoint_seconds=1"], "use --checkpoint-seconds"],
    [["experiment", "table2", ...given, "--set", "train.threads=1"], "use --threads"],
    [["train", ...given, "--engine", "gpu"], 'expected one of simd, relaxed, reference, found "gpu"'],
    [["train", ...given, "--threads", "0"], "expected a whole number, 1 to 64, found 0"],
    [["train", ...given, "--epochs", "1.5"], "expected a whole number, 1 to 1000000, found 1.5"],
    [["train", ...given, "--epochs", ""], "option '--epochs <number>' is empty"],
    [["train", ...given, "--seed", "-1"], "expected a whole number, 0 to 2147483647, found -1"],
    [
      ["train", ...given, "--model", "dein"],
      "unknown model 'dein', expected one of base, wide-deep, pnn, din, gru-attention, dien; did you mean 'din'?",
    ],
    [["train", ...given, "--set", "train.epoch=3"], "unknown key 'train.epoch'; did you mean 'train.epochs'?"],
    [["train", ...given, "--set", "batch_size=3"], "unknown key 'batch_size'; did you mean 'train.batch_size'?"],
    [["train", ...given, "--set", "model=din"], "unknown key 'model'"],
    [["train", ...given, "--set", "__proto__.x=1"], "unknown key '__proto__.x'"],
    [["train", ...given, "--set", "train.epochs"], "option '--set': expected KEY=VALUE, found 'train.epochs'"],
    [["train", ...given, "--set", "train.epochs=[1"], "option '--set train.epochs=[1': the value is not YAML"],
    [["train", ...given, "--set", "train.epochs=many"], "train.epochs: "],
    [["train", ...given, "--set", "train.learning_rate=-1"], "train.learning_rate: "],
    [["train", ...given, "--model", "base", "--set", "model.evolution=agru"], "unknown key 'model.evolution'"],
    [["evaluate", "--run", "r", "--data", "d", "--split", "tset"], 'expected one of train, valid, test, found "tset"'],
  ])("%j", async (argv, message) => {
    const { code, stdout, stderr } = await dien(argv);
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });
});

describe("errors", () => {
  const failing = (error: unknown) =>
    dien(["train", "--data", "d", "--out", "o"], { jobs: { train: () => Promise.reject(error) } });

  it("of the user's making end with 1 and one line", async () => {
    const outcome = await failing(failure("file.empty", { path: "d" }));
    expect(outcome).toEqual({ code: 1, stdout: "", stderr: "error: d is empty\n" });
  });

  it("reach the terminal on one line and without control characters", async () => {
    const { stderr } = await failing(failure("file.empty", { path: '"a\u001b[2Jb"\r\nno\u009bfile' }));
    expect(stderr).toBe('error: "a [2Jb" no file is empty\n');
  });

  it("of ours end with 1 and the place where they happened", async () => {
    const { code, stderr } = await failing(new TypeError("x is undefined"));
    expect(code).toBe(1);
    expect(stderr).toBe(
      "error: internal error, please report it: TypeError: x is undefined; repeat it with --verbose for what belongs into the report\n",
    );
  });
});

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

describe("results", () => {
  it("are a table, or with --json one document with null for what is not defined", async () => {
    const plain = await train("--data", "d", "--out", "o");
    expect(plain.stdout).toMatch(/validation +0\.7500 +n\/a +0\.5000/);
    expect(plain.stdout).toContain("best epoch 2, 12,345 parameters, run in o");
    const { stdout } = await train("--data", "d", "--out", "o", "--json");
    expect(stdout.split("\n")).toHaveLength(2);
    expect(JSON.parse(stdout)).toMatchObject({ model: "din", test: { auc: 0.75, gauc: null } });
  });

  it("of evaluate", async () => {
    const evaluateRun = async () => ({ auc: 0.9, gauc: 0.8, logloss: 0.25, ece: 0.0123, samples: 1234, seconds: 0.5 });
    const argv = ["evaluate", "--run", "r", "--data", "d", "--split", "valid"];
    const { code, stdout } = await dien(argv, { jobs: { evaluateRun } });
    expect(code).toBe(0);
    expect(stdout).toMatch(/valid +1,234 +0\.9000 +0\.8000 +0\.2500 +0\.0123 +0\.5 s\n$/);
    const json = await dien([...argv, "--json"], { jobs: { evaluateRun } });
    expect(JSON.parse(json.stdout)).toEqual(await evaluateRun());
  });

  it("of evaluate against another run, and of its calibration", async () => {
    const asked: EvaluateOptions[] = [];
    const difference = { difference: 0.01, deviation: 0.01, low: -0.0096, high: 0.03, p: 0.3173 };
    const evaluation: Evaluation = {
      auc: 0.76,
      gauc: 0.8,
      logloss: 0.25,
      ece: 0.0123,
      samples: 1234,
      seconds: 0.5,
      against: { run: "other", auc: 0.75, ...difference, relaimpr: 0.04 },
      calibration: [
        { count: 617, predicted: 0.25, observed: 0.2 },
        { count: 617, predicted: 0.75, observed: 0.8 },
      ],
      calibration_ratio: 1.02,
    };
    const evaluateRun = async (options: EvaluateOptions) => {
      asked.push(options);
      return evaluation;
    };
    const argv = ["evaluate", "--run", "r", "--data", "d", "--against", "other", "--calibration"];
    const { stdout } = await dien(argv, { jobs: { evaluateRun } });
    expect(asked[0]).toMatchObject({ run: "r", data: "d", split: "test", against: "other", calibration: true });
    expect(stdout).toMatch(/\nother +0\.7500 +\+0\.0100 +-0\.0096 to \+0\.0300 +0\.3173 +\+4\.00 %\n/);
    expect(stdout).toMatch(/\nbin 1 +617 +0\.2500 +0\.2000\nbin 2 +617 +0\.7500 +0\.8000\n/);
    expect(stdout).toContain("clicks predicted for each one observed: 1.0200\n");
    const json = await dien([...argv, "--json"], { jobs: { evaluateRun } });
    expect(JSON.parse(json.stdout)).toEqual(evaluation);
    const config = file("evaluate.yaml", "run: r\ndata: d\nagainst: other\ncalibration: true\n");
    await dien(["evaluate", "--config", config], { jobs: { evaluateRun } });
    expect(asked[2]).toMatchObject({ against: "other", calibration: true });
  });

  it("of prepare amazon, with warnings on stderr", async () => {
    const prepared = {
      users: 22363,
      items: 12101,
      categories: 195,
      train: 36000,
      valid: 4000,
      test: 4726,
      seconds: 75,
      dropped: { duplicateReviews: 12, brokenReviews: 0 },
      warnings: ["r.json, line 3: not JSON"],
    };
    let asked: unknown;
    const prepareAmazon = async (options: unknown) => {
      asked = options;
      return prepared;
    };
    const argv = ["prepare", "amazon", "--reviews", "r.json", "--meta", "m.json", "--out", "o"];
    const { stdout, stderr } = await dien(argv, { jobs: { prepareAmazon } });
    expect(asked).toMatchObject({ protocol: "paper", negatives: "strict", seed: 0, maxHistory: 100 });
    expect(stdout).toMatch(/22,363 +12,101 +195 +36,000 +4,000 +4,726/);
    expect(stdout).toContain("duplicate reviews: 12\n");
    expect(stdout).not.toContain("broken reviews");
    expect(stdout).toContain("dataset in o, 1:15\n");
    expect(stderr).toBe("warning: r.json, line 3: not JSON\n");
    const json = await dien([...argv, "--json", "--protocol", "temporal", "--max-history", "50"], {
      jobs: { prepareAmazon },
    });
    expect(JSON.parse(json.stdout)).toEqual(prepared);
    expect(asked).toMatchObject({ protocol: "temporal", maxHistory: 50 });
  });

  it("writes the log of a shop alone, or beside the dataset", async () => {
    const asked: unknown[] = [];
    const written = { users: 2000, items: 960, events: 72_000, seconds: 2 };
    const writeLog = async (options: unknown) => {
      asked.push(options);
      return written;
    };
    const argv = ["prepare", "synthetic", "--log", "l", "--users", "2000"];
    const { stdout } = await dien(argv, { jobs: { writeLog } });
    expect(stdout).toMatch(/2,000 +960 +72,000\nlog in l, 2\.0 s\n$/);
    const json = await dien([...argv, "--log-format", "parquet", "--json"], { jobs: { writeLog } });
    expect(JSON.parse(json.stdout)).toEqual(written);
    const ceiling = { auc: 0.84, gauc: 0.81, logloss: 0.46, ece: 0.02, samples: 500 };
    const prepareSynthetic = async (options: unknown) => {
      asked.push(options);
      return { users: 2000, items: 960, categories: 32, train: 1, valid: 1, test: 1, seconds: 1, ceiling };
    };
    expect((await dien([...argv, "--out", "o"], { jobs: { prepareSynthetic } })).stdout).toContain("dataset in o");
    expect(asked).toMatchObject([
      { log: "l", users: 2000, seed: 0 },
      { log: "l", logFormat: "parquet" },
      { log: "l", out: "o", users: 2000 },
    ]);
  });
});

describe("demo", () => {
  const shop = { users: 500, items: 60, categories: 8, train: 4000, valid: 500, test: 500, seconds: 1 };
  const ceiling = { auc: 0.84, gauc: 0.81, logloss: 0.46, ece: 0.02, samples: 500 };
  const prepareSynthetic = async () => ({ ...shop, ceiling });

  it("trains base, din and dien on one shop and compares them with the ceiling", async () => {
    const asked: TrainOptions[] = [];
    const job = async (options: TrainOptions) => {
      asked.push(options);
      return { ...summary, test: { auc: 0.6 + asked.length / 100, gauc: 0.6, logloss: 0.6 } };
    };
    const out = join(folder, "demo");
    const argv = ["demo", "--out", out, "--users", "500", "--epochs", "2", "--seed", "9"];
    const world = { jobs: { prepareSynthetic, train: job } };
    const { code, stdout } = await dien(argv, world);
    expect(code).toBe(0);
    expect(asked.map(({ config }) => config.model.name)).toEqual(["base", "din", "dien"]);
    for (const { data, config, resume } of asked) {
      expect({ data, resume }).toEqual({ data: join(out, "data"), resume: false });
      expect(config.train).toMatchObject({ epochs: 2, seed: 9 });
    }
    expect(stdout).toMatch(/base +0\.6100 .*\ndin +0\.6200 .*\ndien +0\.6300 .*\nceiling +0\.8400 +0\.8100 +0\.4600\n/);
    expect(stdout).toContain(`the runs in ${out}`);
    const document = JSON.parse((await dien([...argv, "--json"], world)).stdout);
    expect(document).toMatchObject({
      data: join(out, "data"),
      ceiling,
      runs: [{ model: "base" }, {}, { model: "dien" }],
    });
  });

  it("refuses a folder with something in it before anything is made", async () => {
    const out = join(folder, "used");
    mkdirSync(out);
    expect((await dien(["demo", "--out", out], { jobs: { prepareSynthetic, train: async () => summary } })).code).toBe(
      0,
    );
    writeFileSync(join(out, "notes"), "");
    const { code, stderr } = await dien(["demo", "--out", out]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `error: ${out} exists and is not empty; choose another --out\n`,
    });
    expect((await dien(["demo", "--out", join(out, "notes")])).stderr).toContain("a part of the path is not a folder");
  });

  it("stops with the model that was interrupted", async () => {
    let calls = 0;
    const job = async () => (++calls === 1 ? summary : { interrupted: true as const, epoch: 1, step: 10 });
    const world = { jobs: { prepareSynthetic, train: job } };
    const { code, stdout } = await dien(["demo", "--out", join(folder, "demo"), "--json"], world);
    expect(code).toBe(130);
    expect(calls).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ interrupted: true, runs: [{ model: "base" }] });
  });
});

describe("an interrupted training", () => {
  it("stops when asked, says how to go on, and ends with 130", async () => {
    const controller = new AbortController();
    const job = async ({ signal }: TrainOptions) => {
      expect(signal?.aborted).toBe(false);
      controller.abort();
      expect(signal?.aborted).toBe(true);
      return { interrupted: true as const, epoch: 2, step: 40 };
    };
    const argv = ["train", "--data", "d", "--out", "o", "--json"];
    const outcome = await dien(argv, { jobs: { train: job }, signal: controller.signal });
    expect(outcome.code).toBe(130);
    expect(outcome.stderr).toBe("interrupted in epoch 2; the checkpoint is saved, --resume continues from it\n");
    expect(JSON.parse(outcome.stdout)).toEqual({ interrupted: true, epoch: 2, step: 40 });
  });
});

describe("predict", () => {
  const counts = { candidates: 2000, behaviours: 31, unknown: { candidates: 0, behaviours: 0 } };
  const asked: PredictRequest[] = [];
  /** Scores a request by the length of its history; refuses users called "?" as a model refuses unknown fields. */
  const loadScorer = async () => ({
    score: (requests: readonly PredictRequest[]) =>
      requests.map((request) => {
        asked.push(request);
        if (request.user === "?") throw failure("request.unknown-field", { kind: "user", field: "age", known: "user" });
        return request.history.length / 10;
      }),
    counts,
  });
  const request = (extra = {}) => JSON.stringify({ user: "u", candidate: "é", history: ["a", 2], ...extra });
  const predict = (stdin: string | Buffer[], ...argv: string[]) =>
    dien(["predict", "--run", "r", "--input", "-", ...argv], { jobs: { loadScorer }, stdin });

  it("answers a line for each request, in order, with its id", async () => {
    const { code, stdout } = await predict(
      `${request({ id: 7 })}\n\n${request({ id: "x", history: [] })}\r\n${request()}`,
    );
    expect(code).toBe(0);
    expect(stdout).toBe('{"id":7,"score":0.2}\n{"id":"x","score":0}\n{"score":0.2}\n');
  });

  it("reads lines cut anywhere, within a letter too", async () => {
    const bytes = Buffer.from(`${request({ id: 1 })}\n${request({ id: 2 })}\n`);
    const whole = (await predict([bytes])).stdout;
    expect((await predict([...bytes].map((byte) => Buffer.of(byte)))).stdout).toBe(whole);
    expect(whole).toBe('{"id":1,"score":0.2}\n{"id":2,"score":0.2}\n');
  });

  it("reads and writes files, and counts in the last line with --json", async () => {
    const input = file("requests.jsonl", `${request()}\n${request()}\n`);
    const out = join(folder, "scores.jsonl");
    const { stdout } = await dien(["predict", "--run", "r", "--input", input, "--out", out, "--json"], {
      jobs: { loadScorer },
    });
    expect(JSON.parse(stdout)).toMatchObject({ requests: 2, behaviours: 31, unknown: counts.unknown });
    expect(readFileSync(out, "utf8")).toBe('{"score":0.2}\n{"score":0.2}\n');
  });

  it("gives the model all that a request has, but for its id", async () => {
    const rich = {
      user: { user: "u17", age: 33 },
      candidate: { item: 9, price: 12.5, sale: true, brand: null },
      history: ["i4", 7, null, { item: "i2", time: "2017-11-24T21:05" }, { category: "shoes", time: 1511532000 }],
      context: { scene: "" },
      time: "2017-11-25T20:00:00+08:00",
    };
    await predict(JSON.stringify({ id: 1, ...rich }));
    expect(asked.at(-1)).toMatchObject(rich);
  });

  it("reports how many items were unknown, if any", async () => {
    expect((await predict(request())).stderr).toBe("");
    const unknown = { candidates: 1200, behaviours: 30 };
    const loadOther = async () => ({ ...(await loadScorer()), counts: { ...counts, unknown } });
    const { stdout, stderr } = await dien(["predict", "--run", "r", "--input", "-", "--json"], {
      jobs: { loadScorer: loadOther },
      stdin: request(),
    });
    expect(stderr).toBe("unknown items: 1,200 of 2,000 candidates, 30 of 31 behaviours\n");
    expect(JSON.parse(stdout.trim().split("\n").at(-1)!)).toMatchObject({ unknown });
  });

  it.each<[string | Buffer, string]>([
    ["{", "standard input: line 2: not JSON: "],
    ["[]", "standard input: line 2: expected one JSON object a line, found an array"],
    ["7", "standard input: line 2: the request: expected keys and their values, found 7"],
    [
      '{"candidate": "i", "history": []}',
      "standard input: line 2: user is missing: expected a value, or an object of values by field",
    ],
    ['{"user": "u", "candidate": "i"}', "standard input: line 2: history is missing: expected a list"],
    [
      request({ candidate: ["i"] }),
      "standard input: line 2: candidate: expected a value, or an object of values by field",
    ],
    [
      request({ history: ["a", { item: [] }] }),
      "standard input: line 2: history.1: expected a value, or an object of values",
    ],
    [
      request({ context: { hour: {} } }),
      "standard input: line 2: context.hour: expected a string, a number, true, false or",
    ],
    [request({ time: {} }), "standard input: line 2: time: expected a string, a number, true, false or null"],
    [request({ id: null }), "standard input: line 2: id: expected a string or a number"],
    [request({ user: ["u"] }), "standard input: line 2: user: expected a value, or an object of values by field"],
    [request({ label: 1 }), "standard input: line 2: unknown key 'label'"],
    [Buffer.from([0x22, 0xff, 0x22]), "standard input: line 2: expected text in UTF-8"],
    [request({ user: "?" }), 'standard input: line 2: unknown user field "age": the model knows user'],
  ])("names line and field of %s, and leaves no file", async (line, message) => {
    const out = join(folder, "never.jsonl");
    const { code, stderr } = await predict([Buffer.from(`${request()}\n`), Buffer.from(line)], "--out", out);
    expect(stderr).toContain(`error: ${message}`);
    expect(stderr).toMatch(/^[^\n]+\n$/);
    expect(code).toBe(1);
    expect(readdirSync(folder).filter((name) => name.startsWith("never"))).toEqual([]);
  });

  const bad = `${request({ id: 1 })}\n{"id": 2, "user": "u"}\n{bad\n\n${request({ id: "?", user: "?" })}\n${request({ id: 6 })}`;

  it("answers the lines before the first bad one", async () => {
    const { code, stdout, stderr } = await predict(bad);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '{"id":1,"score":0.2}\n' });
    expect(stderr).toContain("error: standard input: line 2: ");
  });

  it("answers a bad line with its error where bad ones are skipped, in order, and counts them", async () => {
    const { code, stdout, stderr } = await predict(bad, "--skip-bad-rows", "--json");
    const answers = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(code).toBe(0);
    expect(answers.pop()).toMatchObject({ requests: 2, badRows: 3 });
    expect(answers).toEqual([
      { id: 1, score: 0.2 },
      { id: 2, error: expect.stringMatching(/^standard input: line 2: candidate is missing: /) },
      { error: expect.stringMatching(/^standard input: line 3: not JSON: /) },
      { id: "?", error: 'standard input: line 5: unknown user field "age": the model knows user' },
      { id: 6, score: 0.2 },
    ]);
    expect(stderr).toMatch(
      /^bad rows: 3 of 5 requests, the first is standard input: line 2: candidate is missing: .*\n$/,
    );
  });

  it("answers every line, good or bad, in its place, however the input arrives", async () => {
    const line = fc.constantFrom(...bad.split("\n"), request({ history: [] }), "[1]", "null", '"é"');
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 200 }), fc.integer({ min: 1, max: 4000 }), async (lines, size) => {
        const bytes = Buffer.from(lines.join("\n"));
        const chunks: Buffer[] = [];
        for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
        const { stdout } = await predict(chunks, "--skip-bad-rows");
        const alone = async (text: string) => (await predict(text, "--skip-bad-rows")).stdout;
        const known = new Map<string, string>();
        for (const text of new Set(lines)) known.set(text, await alone(text));
        const expected = lines.map((text, i) => known.get(text)!.replace("input: line 1:", `input: line ${i + 1}:`));
        expect(stdout).toBe(expected.join(""));
      }),
      { numRuns: 10 },
    );
  });

  it("says what an array of requests should be", async () => {
    const { stderr } = await predict(`[${request()}, ${request()}]`);
    expect(stderr).toBe("error: standard input: line 1: expected one JSON object a line, found an array\n");
    const long = Array<Buffer>(70).fill(Buffer.alloc(2 ** 20, "1"));
    expect((await predict(long)).stderr).toBe(
      "error: standard input: line 1 is longer than 64 MiB; expected one JSON object a line\n",
    );
  });

  it("names gzip where the input is packed", async () => {
    const { code, stderr } = await predict([gzipSync(`${request()}\n`)]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "error: standard input is packed with gzip: unpack it first\n",
    });
  });

  it("reports that the input is not there", async () => {
    const absent = join(folder, "absent.jsonl");
    const { code, stderr } = await dien(["predict", "--run", "r", "--input", absent], { jobs: { loadScorer } });
    expect({ code, stderr }).toEqual({ code: 1, stderr: `error: cannot read ${absent}: no such file or folder\n` });
  });
});

it("notes of what was put away go to standard error, as long as the command runs", async () => {
  const train = async () => {
    note("r was put away");
    return summary;
  };
  const outcome = await dien(["train", "--data", "d", "--out", "r", "--json"], { jobs: { train } });
  note("nobody listens");
  expect(outcome.stderr).toBe("note: r was put away\n");
});
