import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { failure } from "../../src/errors/failure.ts";
import { note } from "../../src/files/notes.ts";
import { engineSupported } from "../../src/kernels/load.ts";
import { models } from "../../src/models/registry.ts";
import type { EvaluateOptions, Evaluation } from "../../src/scoring/evaluate.ts";
import type { TrainOptions } from "../../src/training/train.ts";
import { temporaryFolder } from "../support/source.ts";
import { dien, summary, train } from "./harness.ts";

const folder = temporaryFolder();

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
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
    [["calibrate"]],
    [["predict"]],
    [["store", "import"]],
    [["store", "export"]],
    [["store", "compact"]],
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

  it("prints the version of the package, and its kernels", async () => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8"));
    const { code, stdout, stderr } = await dien(["--version"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const kernels = engineSupported("native") ? "native, (AVX2|NEON)" : "wasm; no native ones: .+";
    expect(stdout).toMatch(new RegExp(`^${version} \\(kernels: ${kernels}\\)\n$`));
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
    [
      ["calibrate", "--run", "r", "--data", "d", "--rate", "0.5", "--base-rate", "0.2"],
      "option '--base-rate <number>': expected none beside a rate, as one follows from the other, found 0.2",
    ],
    [["predict", "--run", "r"], "option '--input <file>' is missing"],
    [["prepare", "amazon", "--reviews", "r"], "option '--meta <file>' is missing"],
    [
      ["train", ...given, "--set", "train.engine=native"],
      "'train.engine' is no setting of a model, but of the machine; use --engine",
    ],
    [["train", ...given, "--set", "train.checkpoint_seconds=1"], "use --checkpoint-seconds"],
    [["experiment", "table2", ...given, "--set", "train.threads=1"], "use --threads"],
    [["train", ...given, "--engine", "gpu"], 'expected one of wasm, native, reference, found "gpu"'],
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

describe("results", () => {
  it("are a table, or with --json one document with null for what is not defined", async () => {
    const plain = await train("--data", "d", "--out", "o");
    expect(plain.stdout).toMatch(/validation +0\.7500 +n\/a +0\.5000/);
    expect(plain.stdout).toContain("best epoch 2, 12,345 parameters, run in o");
    const mixed = async () => ({ ...summary, test: { ...summary.test, known: { auc: 0.8765, samples: 617 } } });
    const { stdout: apart } = await dien(["train", "--data", "d", "--out", "o"], { jobs: { train: mixed } });
    expect(apart).toMatch(/AUC, known candidates\nvalidation +0\.7500 .*0\.7500\ntest +0\.7500 .*0\.8765\n/);
    const { stdout } = await train("--data", "d", "--out", "o", "--json");
    expect(stdout.split("\n")).toHaveLength(2);
    expect(JSON.parse(stdout)).toMatchObject({ model: "din", test: { auc: 0.75, gauc: null } });
  });

  it("of evaluate", async () => {
    const metrics = { auc: 0.9, gauc: 0.8, logloss: 0.25, ece: 0.0123, samples: 1234, seconds: 0.5 };
    const evaluateRun = async () => ({ ...metrics, engine: "wasm" as const });
    const argv = ["evaluate", "--run", "r", "--data", "d", "--split", "valid"];
    const { code, stdout } = await dien(argv, { jobs: { evaluateRun } });
    expect(code).toBe(0);
    expect(stdout).toMatch(/valid +1,234 +0\.9000 +0\.8000 +0\.2500 +0\.0123 +0\.5 s\n$/);
    const json = await dien([...argv, "--json"], { jobs: { evaluateRun } });
    expect(JSON.parse(json.stdout)).toEqual(await evaluateRun());
    const withNew = async () => ({ ...(await evaluateRun()), known: { auc: 0.8765, samples: 617 } });
    expect((await dien(argv, { jobs: { evaluateRun: withNew } })).stdout).toMatch(
      /\nAUC 0\.8765 on the 617 samples \(50\.0 %\) whose candidate training knows\n$/,
    );
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
      engine: "wasm",
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
    expect(stdout).toContain("duplicate reviews (the same user, item and time; one is kept): 12\n");
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

it("notes of what was put away go to standard error, as long as the command runs", async () => {
  const train = async () => {
    note("r was put away");
    return summary;
  };
  const outcome = await dien(["train", "--data", "d", "--out", "r", "--json"], { jobs: { train } });
  note("nobody listens");
  expect(outcome.stderr).toBe("note: r was put away\n");
});
