/**
 * Random command lines over random files: whatever they are, a command ends, with one line that says what is wrong and an
 * exit code that says so too. `FUZZ_TRIALS=3000 FUZZ_SEED=7 npx vitest run test/cli/fuzz.test.ts` looks further.
 */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { gzipSync } from "node:zlib";
import type { Command } from "commander";
import { resolveConfig, train } from "dien";
import { beforeAll, expect, it } from "vitest";
// Workers need built files, and errors are of one class only where all of it is built.
import { jobs } from "../../dist/cli/jobs.js";
import { createProgram, run } from "../../dist/cli/program.js";
import { Random } from "../../src/tensor/random.ts";
import { writeSmallDataset } from "../support/dataset.ts";
import { temporaryFolder } from "../support/source.ts";

const TRIALS = Number(process.env.FUZZ_TRIALS ?? 90);
const SEED = Number(process.env.FUZZ_SEED ?? 1);
/** Milliseconds after which a command is interrupted, and after which it must have ended. */
const [PATIENCE, LIMIT] = [300, 30_000];

const folder = temporaryFolder();
const at = (...names: string[]) => join(folder, ...names);

/** Files and folders that somebody might name, sound ones and others. */
const sound = {
  dataset: at("dataset"),
  run: at("run"),
  log: at("log.csv"),
  features: at("features.yaml"),
  requests: at("requests.jsonl"),
};
const odd = [
  ...[
    "empty",
    "binary.csv",
    "huge.csv",
    "nul.csv",
    "deep.json",
    "deep.yaml",
    "itself.yaml",
    "binary.gz",
    "log.parquet",
  ],
  ...[
    "folder",
    "folder/x",
    "link-to-itself",
    "dangling",
    "log.csv/x",
    "no such file",
    "what?.csv",
    "*",
    "[",
    "a\nb\u001b[2J",
  ],
  ...["x".repeat(300), "many.yaml", "proto.yaml"],
].map((name) => at(name));
const elsewhere = ["/dev/null", "/dev/full", "/dev/zero", "/", "-", "", " ", "s3://bucket/x.csv", "file:///etc", "**"];
const addresses = [
  "postgres://u:secret@127.0.0.1:1/d?table=t",
  "postgres://",
  "postgresql+psycopg2://u:secret@h/d",
  "~",
];

beforeAll(async () => {
  await writeSmallDataset(sound.dataset, { samples: 60, users: 12 });
  const config = resolveConfig({ model: { name: "base" }, train: { epochs: 1 } });
  await train({ data: sound.dataset, out: sound.run, config, threads: 1 });
  const rows = Array.from({ length: 90 }, (_, i) => `u${i % 9},i${(i * 7) % 11},${1_500_000_000 + i * 3600},${i % 2}`);
  writeFileSync(sound.log, `user,item,time,label\n${rows.join("\n")}\n`);
  writeFileSync(
    sound.features,
    "columns: {user: user, item: item, time: time, label: label}\nfields: {context: [{name: hour, kind: hour}]}\n",
  );
  writeFileSync(sound.requests, '{"user": "user 1", "candidate": "i1", "history": ["i2"]}\n');
  const bytes = Buffer.from(Uint32Array.from({ length: 500 }, (_, i) => (i + 1) * 2_654_435_761).buffer);
  for (const name of ["binary.csv", "binary.gz", "log.parquet"]) writeFileSync(at(name), bytes);
  writeFileSync(at("empty"), "");
  writeFileSync(at("huge.csv"), `user,item,time,label\nu,i,${"9".repeat(400)},1e999\n-1,-1,-1e308,NaN\n`);
  writeFileSync(at("nul.csv"), "us\0er,item,time,label\nu\0,i,1500000000,1\n");
  writeFileSync(at("deep.json"), `${"[".repeat(100_000)}\n{"user":${'{"a":'.repeat(9000)}`);
  writeFileSync(at("deep.yaml"), `model: ${"{a: ".repeat(3000)}`);
  writeFileSync(at("itself.yaml"), "missing: &a [*a]\nset: &b {c: *b}\n");
  writeFileSync(
    at("many.yaml"),
    `a: &a [x,x,x]\n${[..."bcdefghijk"].map((c, i) => `${c}: &${c} [${`*${"abcdefghij"[i]},`.repeat(9)}]`).join("\n")}\n`,
  );
  writeFileSync(
    at("proto.yaml"),
    "__proto__: {json: true}\nconstructor: 1\ntoString: x\nmodel: {__proto__: {name: dien}}\n",
  );
  writeFileSync(at("what?.csv"), "user,item,time,label\n");
  mkdirSync(at("folder"));
  writeFileSync(at("folder/x"), gzipSync("x"));
  symlinkSync("link-to-itself", at("link-to-itself"));
  symlinkSync("nowhere", at("dangling"));
});

const NUMBERS = [
  "0",
  "-1",
  "1",
  "2",
  "0.5",
  "64",
  "1e9",
  "1e308",
  "9007199254740991",
  "9007199254740993",
  "NaN",
  "Infinity",
  "abc",
  "",
  "0x10",
  " 3 ",
  "1,5",
];
const SIZES = ["128MB", "1GB", "0", "9e99GB", "1e9GB", "99999999999GB", "x", "", "-1GB", "127MB"];
const SETTINGS = [
  "model.embedding.size",
  "model.head.layers",
  "train.epochs",
  "train.batch_size",
  "train.shards",
  "train.max_history",
  "train.buffer_mb",
  "train.learning_rate",
  "model.evolution",
  "model.name",
  "train.threads",
  "__proto__.x",
  "constructor",
  "x",
  "",
];
const SETTING_VALUES = [
  "1",
  "0",
  "4",
  "4096",
  "9007199254740991",
  "1e308",
  "[8]",
  "[]",
  "[1e9]",
  "[&a *a]",
  "{",
  "null",
  "true",
  "agru",
  ".inf",
  ".nan",
  "!!binary aGk=",
  "2001-01-01",
  "&a [*a]",
];
const WORDS = [
  "dien",
  "base",
  "din",
  "valid",
  "test",
  "csv",
  "parquet",
  "paper",
  "temporal",
  "strict",
  "wasm",
  "reference",
  "native",
  "pv,buy",
  "user 1",
  "",
  "\u202e",
  "x",
  "constructor",
];

/** Options without which a command does not begin. */
const NEEDED = "--out --data --run --input --events --reviews --meta --dir".split(" ");

const never = new AbortController().signal;
const sink = () => Object.assign(new Writable({ write: (_, __, done) => done() }), { columns: 80 });
const program: Command = createProgram(
  { stdin: Readable.from([]), stdout: sink(), stderr: sink(), jobs, signal: never },
  () => {},
);

/** All commands that do something, with their words. */
function leaves(command: Command, words: readonly string[] = []): { words: readonly string[]; command: Command }[] {
  if (command.commands.length === 0) return [{ words, command }];
  return command.commands.flatMap((child: Command) => leaves(child, [...words, child.name()]));
}

class CommandLine {
  readonly #random: Random;
  readonly #trial: number;

  constructor(trial: number) {
    this.#random = new Random(SEED * 1_000_003 + trial);
    this.#trial = trial;
  }

  /** The words of a random command line. Most of its options are sound, or no command would get far. */
  words(): string[] {
    const { words, command } = this.#one(leaves(program));
    const isLong = ["experiment", "demo"].includes(words[0]);
    const argv = [...words];
    for (const option of command.options) {
      const name = option.long ?? "";
      const isNeeded = NEEDED.includes(name) || (name === "--config" && command.name() === "events");
      if (isLong && ["--seeds", "--trials", "--users", "--epochs"].includes(name)) argv.push(name, "1");
      else if (this.#chance(name === "--out" ? 0.97 : isNeeded ? 0.9 : 0.1)) {
        argv.push(name, ...(option.flags.includes("<") ? this.#valuesOf(option.flags, command.name()) : []));
      }
    }
    // What would be written where the tests run goes to the folder of this test.
    if (!argv.includes("--out") && ["init", "demo"].includes(words[0])) argv.push("--out", this.#fresh());
    if (this.#chance(0.05))
      argv.splice(this.#random.integer(argv.length + 1), 0, this.#one([...WORDS, "--", "--verbos", "-x", "--json=1"]));
    return argv;
  }

  #valuesOf(flags: string, command: string): string[] {
    const several = flags.includes("...") ? 1 + this.#random.integer(2) : 1;
    return Array.from({ length: several }, () => this.#valueOf(flags, command));
  }

  #valueOf(flags: string, command: string): string {
    const [, long, placeholder] = /--([\w-]+) <([^>.]+)/.exec(flags)!;
    if (placeholder === "number") return this.#one(NUMBERS);
    if (placeholder === "size") return this.#one(SIZES);
    if (placeholder === "key=value") return `${this.#one(SETTINGS)}=${this.#one(SETTING_VALUES)}`;
    const isSound = this.#chance(0.75);
    if (long === "out" || long === "html" || long === "dumps" || long === "log") {
      return isSound ? this.#fresh() : this.#one([...odd, "/dev/null", "/dev/full", "", "/proc/x", "/"]);
    }
    if (!isSound) return this.#one([...odd, ...elsewhere, ...addresses]);
    if (long === "config") return command === "events" ? sound.features : this.#one([at("proto.yaml"), at("empty")]);
    if (long === "data") return sound.dataset;
    if (long === "run" || long === "against") return sound.run;
    if (long === "input") return sound.requests;
    if (["files", "source", "file"].includes(placeholder)) return sound.log;
    return this.#one([...WORDS, folder]);
  }

  #fresh(): string {
    return at("out", `${this.#trial}-${this.#random.integer(1000)}`);
  }

  #one<T>(choices: readonly T[]): T {
    return choices[this.#random.integer(choices.length)];
  }

  #chance(probability: number): boolean {
    return this.#random.integer(1000) < 1000 * probability;
  }
}

/** What a command line prints to stderr and ends with; it is interrupted when it takes long. */
async function outcomeOf(argv: readonly string[]): Promise<{ code: number | "never"; stderr: string }> {
  let stderr = "";
  const capture = new Writable({
    write(chunk, _, done) {
      stderr += chunk;
      done();
    },
  });
  const controller = new AbortController();
  const patience = setTimeout(() => controller.abort(), PATIENCE);
  let limit: NodeJS.Timeout | undefined;
  const late = new Promise<"never">((done) => {
    limit = setTimeout(() => done("never"), LIMIT);
  });
  const context = {
    stdin: Readable.from([Buffer.from("{}\nx\n")]),
    stdout: sink(),
    stderr: capture,
    jobs,
    signal: controller.signal,
  };
  const code = await Promise.race([run(argv, context), late]);
  clearTimeout(patience);
  clearTimeout(limit);
  return { code, stderr };
}

/** What is wrong with the end of a command; undefined where it is as it should be. */
function wrongWith(
  argv: readonly string[],
  { code, stderr }: Awaited<ReturnType<typeof outcomeOf>>,
): string | undefined {
  const lines = stderr.split("\n").slice(0, -1);
  const errors = lines.filter((line) => line.startsWith("error: "));
  if (![0, 1, 2, 130].includes(code as number)) return "its exit code";
  if (/internal error|gave up|^ {4}at /m.test(stderr)) return "an error that is not of the catalogue";
  if (stderr.includes("secret")) return "a password";
  if (/[\p{Cc}\u202e]/u.test(stderr.replaceAll("\n", ""))) return "control characters";
  if (code === 0 || code === 130) return errors.length === 0 ? undefined : "an error, and the exit code of none";
  // What these find is their result, and no error.
  if (code === 1 && errors.length === 0 && (argv.includes("--strict") || argv[0] === "verify")) return undefined;
  if (errors.length !== 1) return `${errors.length} lines of errors`;
  return lines.at(-1) === errors[0] ? undefined : "something after the error";
}

it(
  `${TRIALS} random command lines end with one line, or with what they were asked for`,
  async () => {
    const codes = new Map<number | "never", number>();
    const found: string[] = [];
    for (let trial = 0; trial < TRIALS; trial++) {
      const argv = new CommandLine(trial).words();
      const outcome = await outcomeOf(argv);
      codes.set(outcome.code, (codes.get(outcome.code) ?? 0) + 1);
      const wrong = wrongWith(argv, outcome);
      if (wrong !== undefined) {
        const line = argv.map((word) => JSON.stringify(word.replaceAll(folder, "."))).join(" ");
        found.push(`trial ${trial}: ${wrong}: ${line}\n  exit code ${outcome.code}\n  ${outcome.stderr.slice(0, 500)}`);
      }
    }
    if (process.env.FUZZ_TRIALS) console.log(Object.fromEntries(codes));
    expect(found.join("\n")).toBe("");
    // Commands get far enough to do something, too.
    expect((codes.get(0) ?? 0) + (codes.get(130) ?? 0)).toBeGreaterThan(TRIALS / 20);
  },
  LIMIT + TRIALS * 2000,
);
